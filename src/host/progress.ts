import * as vscode from "vscode";
import { phaseTitle, progressText, type Rate } from "../core/progress";
import type { Progress } from "../engine/engine";
import type { ProgressView } from "../protocol/report";

/** Least time between two updates of anything on screen. */
const PROGRESS_INTERVAL_MS = 100;

/** Engine progress in words. */
export function progressView({ phase, done, total }: Progress, rate: Rate | null): ProgressView {
  return { title: phaseTitle(phase), text: progressText(done, total, rate), done, total };
}

/** Progress as one line, e.g. "Reading 1,200 of 21,000 images · 9,800/s · 2 s left". */
export function progressLine({ title, text }: ProgressView): string {
  return text === "" ? `${title}…` : `${title} ${text}`;
}

/** Where an inspection was paused, e.g. "Paused at 1,200 of 21,000 images". */
export function pausedLine({ text }: ProgressView): string {
  return text === "" ? vscode.l10n.t("Paused") : vscode.l10n.t("Paused at {0}", text);
}

/** Delivers values at most once in `interval` milliseconds; of those that come in between, the last one when it has passed. */
export function throttled<T>(deliver: (value: T) => void, interval = PROGRESS_INTERVAL_MS): (value: T) => void {
  let last = -Infinity;
  let latest: { readonly value: T } | null = null;
  const flush = (): void => {
    if (latest === null) return;
    const { value } = latest;
    latest = null;
    last = performance.now();
    deliver(value);
  };
  return (value) => {
    const isWaiting = latest !== null;
    latest = { value };
    const wait = last + interval - performance.now();
    if (isWaiting) return;
    // Timers can be a little early.
    if (wait > 0) setTimeout(flush, wait + 1);
    else flush();
  };
}
