import { render } from "preact";
import type { ReportHost } from "../../../src/protocol/report";
import { connect } from "../shared/connection";
import { speakLanguage } from "../shared/language";
import "../shared/base.css";
import { ReportApp } from "./ReportApp";
import "./report.css";

speakLanguage();
const root = document.getElementById("root");
if (root !== null) render(<ReportApp connection={connect<ReportHost>()} />, root);
