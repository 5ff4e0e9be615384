import * as l10n from "@vscode/l10n";
import { counted } from "./counts";
import { decimalText, integerText } from "./language";

/** What is being done with a dataset. */
export type Phase =
  "listing" | "reading" | "decoding" | "grouping" | "near" | "preparing" | "predicting" | "writing" | "verifying";

const PHASE_TITLES: Readonly<Record<Phase, () => string>> = {
  listing: () => l10n.t("Listing"),
  reading: () => l10n.t("Reading"),
  decoding: () => l10n.t("Decoding lookalikes"),
  grouping: () => l10n.t("Comparing"),
  near: () => l10n.t("Searching near duplicates"),
  preparing: () => l10n.t("Preparing images"),
  predicting: () => l10n.t("Checking labels"),
  writing: () => l10n.t("Writing"),
  verifying: () => l10n.t("Verifying"),
};

/** A phase as people read it; counts of images follow. */
export function phaseTitle(phase: Phase): string {
  return PHASE_TITLES[phase]();
}

/** How fast work goes on. */
export interface Rate {
  /** Images a second. */
  readonly perSecond: number;
  /** Null while the total is unknown, and while nothing moves. */
  readonly secondsLeft: number | null;
}

/** Seconds after which a measurement counts for 1/e of a new one. */
const MEMORY = 3;
/** Nothing is said in the first second of a phase, in which threads start and files come from the cache. */
const SILENCE = 1;
/** What is said stays for a second, so that it can be read. */
const HOLD = 1;
/** Measurements over less time than this, in seconds, are left to the next one: a burst is no rate. */
const SHORTEST = 0.05;

/**
 * Measures how fast work goes on, from the counts it reports. The rate is the mean of the measured rates, each weighted by
 * the time it was measured over and by exp(-age / 3 s); dividing by the sum of the weights makes it the plain mean at first.
 */
export class RateMeter {
  private step = "";
  private started = 0;
  private measured = 0;
  private done = 0;
  private sum = 0;
  private weight = 0;
  private said: Rate | null = null;
  private saidAt = 0;

  /** Takes in counts at the time `now` in seconds. Another `step`, or fewer images done, is work that starts anew. */
  update(step: string, done: number, total: number, now: number): Rate | null {
    if (step !== this.step || done < this.done) this.restart(step, done, now);
    const passed = now - this.measured;
    if (passed >= SHORTEST) {
      const kept = Math.exp(-passed / MEMORY);
      this.sum = this.sum * kept + ((done - this.done) / passed) * (1 - kept);
      this.weight = this.weight * kept + (1 - kept);
      this.measured = now;
      this.done = done;
    }
    if (now - this.started < SILENCE || this.weight === 0) return null;
    if (this.said === null || now - this.saidAt >= HOLD) {
      const perSecond = this.sum / this.weight;
      this.said = { perSecond, secondsLeft: total > 0 && perSecond > 0 ? (total - done) / perSecond : null };
      this.saidAt = now;
    }
    return this.said;
  }

  private restart(step: string, done: number, now: number): void {
    this.step = step;
    this.done = done;
    this.started = this.measured = now;
    this.sum = this.weight = 0;
    this.said = null;
  }
}

/** How far work is, e.g. "123,456 of 529,114 images · 98,000/s · 4 s left". Empty before the first image. */
export function progressText(done: number, total: number, rate: Rate | null): string {
  if (total === 0 && done === 0) return "";
  const isEnding = total > 0 && done >= total;
  const counts =
    total === 0
      ? l10n.t("{0} found", counted(done, "image"))
      : isEnding
        ? counted(total, "image")
        : l10n.t("{0} of {1}", integerText(done), counted(total, "image"));
  const speed = rate === null || rate.perSecond <= 0 ? [] : [rateText(rate.perSecond)];
  const left = rate === null || rate.secondsLeft === null || isEnding ? [] : [leftText(rate.secondsLeft)];
  return [counts, ...speed, ...left].join(" · ");
}

/** A duration for reading: "8 s", "2 min 5 s". */
export function durationText(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? l10n.t("{0} s", whole) : l10n.t("{0} min {1} s", Math.floor(whole / 60), whole % 60);
}

/** Two digits that matter, as the others would only flicker. */
function rateText(perSecond: number): string {
  const speed = perSecond < 10 ? decimalText(perSecond, 1) : integerText(Number(perSecond.toPrecision(2)));
  return l10n.t({ message: "{0}/s", args: [speed], comment: ["Images a second."] });
}

/** Beyond a minute in steps of ten seconds, beyond an hour in minutes. */
function leftText(seconds: number): string {
  if (seconds < 59.5) return l10n.t("{0} left", durationText(seconds));
  if (seconds < 3595) return l10n.t("{0} left", durationText(Math.round(seconds / 10) * 10));
  const minutes = Math.round(seconds / 60);
  return l10n.t("{0} left", l10n.t("{0} h {1} min", integerText(Math.floor(minutes / 60)), minutes % 60));
}
