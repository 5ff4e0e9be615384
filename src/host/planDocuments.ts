import * as vscode from "vscode";

/** What a plan file says of itself near its beginning. */
const PLAN_SCHEMA = /"schema"\s*:\s*"cleansplit\/plan@\d+"/;

/** Where the schema is looked for, in characters. */
const HEAD = 1000;

/** Larger files are kept out of editors: VS Code does not hand documents of more than 50 MB to extensions. */
export const MAX_EDITED_CHARACTERS = 20_000_000;

/** Whether a text says that it is a plan. */
export function isPlanText(text: string): boolean {
  return PLAN_SCHEMA.test(text.slice(0, HEAD));
}

/** The inputs of the dataset that a plan file is of; `null` when the text says none, which `readPlan` tells in words. */
export function planInputs(text: string): readonly string[] | null {
  try {
    const { inputs } = JSON.parse(text) as { readonly inputs?: unknown };
    return Array.isArray(inputs) && inputs.every((input) => typeof input === "string") ? inputs : null;
  } catch {
    return null;
  }
}

/** Keeps the context key `cleansplit.isPlanFile`: whether the active editor holds a plan, which then can be written. */
export function trackPlanFile(): vscode.Disposable {
  let known = false;
  const update = (): void => {
    const document = vscode.window.activeTextEditor?.document;
    const head = document?.getText(new vscode.Range(0, 0, HEAD_LINES, 0)) ?? "";
    const isPlan = document?.languageId === "json" && isPlanText(head);
    if (isPlan === known) return;
    known = isPlan;
    void vscode.commands.executeCommand("setContext", "cleansplit.isPlanFile", isPlan);
  };
  update();
  return vscode.window.onDidChangeActiveTextEditor(update);
}

const HEAD_LINES = 20;
