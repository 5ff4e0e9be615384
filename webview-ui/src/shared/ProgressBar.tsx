import "@vscode-elements/elements/dist/vscode-progress-bar/index.js";
import { createElement, type JSX } from "preact";

interface Props {
  readonly label: string;
  readonly done: number;
  /** 0 while it is unknown. */
  readonly total: number;
}

/** VS Code's progress bar; it runs back and forth while the total is unknown. */
export function ProgressBar({ label, done, total }: Props): JSX.Element {
  const attributes = { "aria-label": label, max: Math.max(1, total), value: done, indeterminate: total <= 0 };
  return createElement("vscode-progress-bar", attributes);
}
