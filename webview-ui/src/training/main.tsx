import { render } from "preact";
import type { TrainingHost } from "../../../src/protocol/training";
import { connect } from "../shared/connection";
import { speakLanguage } from "../shared/language";
import "../shared/base.css";
import { TrainingApp } from "./TrainingApp";
import "./training.css";

speakLanguage();
const root = document.getElementById("root");
if (root !== null) render(<TrainingApp connection={connect<TrainingHost>()} />, root);
