import * as vscode from "vscode";

/** The output channel "CleanSplit"; its level is set by the command "Developer: Set Log Level". */
export function createLog(): vscode.LogOutputChannel {
  return vscode.window.createOutputChannel("CleanSplit", { log: true });
}
