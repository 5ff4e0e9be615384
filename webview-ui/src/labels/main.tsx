import { render } from "preact";
import type { LabelsHost } from "../../../src/protocol/labels";
import { connect } from "../shared/connection";
import { speakLanguage } from "../shared/language";
import "../shared/base.css";
import { LabelsApp } from "./LabelsApp";
import "./labels.css";

speakLanguage();
const root = document.getElementById("root");
if (root !== null) render(<LabelsApp connection={connect<LabelsHost>()} />, root);
