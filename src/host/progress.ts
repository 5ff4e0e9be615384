import * as vscode from "vscode";
import { number } from "../core/leakage/verdict";
import type { Progress } from "../engine/engine";
import type { ProgressView } from "../protocol/report";

/** Least time between two updates of anything on screen. */
export const PROGRESS_INTERVAL_MS = 100;

/** Engine progress in words. */
export function progressView({ phase, done, total }: Progress): ProgressView {
  return { title: phaseTitle(phase), done, total };
}

/** Progress as one line, e.g. "Reading images: 1,200 of 21,000". */
export function progressText({ title, done, total }: ProgressView): string {
  if (total > 0) return vscode.l10n.t("{0}: {1} of {2}", title, number(done), number(total));
  return done > 0 ? vscode.l10n.t("{0}: {1}", title, number(done)) : `${title}…`;
}

/** Lets a value through at most every {@link PROGRESS_INTERVAL_MS}; what comes in between is dropped. */
export function throttled<T>(deliver: (value: T) => void): (value: T) => void {
  let last = -Infinity;
  return (value) => {
    const now = performance.now();
    if (now - last < PROGRESS_INTERVAL_MS) return;
    last = now;
    deliver(value);
  };
}

function phaseTitle(phase: Progress["phase"]): string {
  switch (phase) {
    case "listing":
      return vscode.l10n.t("Listing files");
    case "reading":
      return vscode.l10n.t("Reading images");
    case "grouping":
      return vscode.l10n.t("Comparing images");
    case "writing":
      return vscode.l10n.t("Writing images");
    case "verifying":
      return vscode.l10n.t("Checking what was written");
  }
}
