import * as l10n from "@vscode/l10n";
import { counted } from "../counts";
import { decimalText, integerText, percentText } from "../language";
import { lowerFirst } from "./experimentText";
import type { Cost, Interval } from "./leakageCost";
import { MODELS } from "./models";

/** Leaked images that differ from each other, below which nothing is said about what they are worth. */
export const FEW_LEAKED = 10;

/**
 * What the leakage costs, in plain words. What an interval does not tell from zero is called so, and where the leaked images
 * are too few nothing is said about them at all.
 */
export function costSentence(cost: Omit<Cost, "sentence">): string {
  return costSentences(cost).join(" ");
}

/** The sentences of {@link costSentence}: what is counted, what difference it makes, and what of it is what. */
export function costSentences(cost: Omit<Cost, "sentence">): readonly string[] {
  const { samples, original, drop, composition, memorising } = cost;
  const model = lowerFirst(MODELS[cost.model].title);
  if (samples.leaked === 0) return [nothingLeaks(cost, model)];
  if (drop === null || original.clean === null || composition === null || memorising === null) {
    return [everythingLeaks(cost, model)];
  }
  const digits = Math.abs(drop.value) < 0.01 ? 2 : 1;
  return [
    leakSentence(cost),
    dropSentence(model, original.test, original.clean, drop, digits),
    ...(samples.leakedGroups < FEW_LEAKED
      ? [l10n.t("They are too few to tell what of it is memorising.")]
      : partSentences(drop, composition, memorising, digits)),
    ...(cost.seeds === 1 && MODELS[cost.model].recipe !== null
      ? [l10n.t("Only one seed was trained, so the intervals leave out how much another one would differ.")]
      : []),
  ];
}

function nothingLeaks({ samples, original }: Omit<Cost, "sentence">, model: string): string {
  return l10n.t({
    message:
      "No test image has a duplicate in train or validation: the {0} that {1} scores on {2} {3} owe nothing to leakage.",
    args: [
      percentText(original.test.value),
      model,
      counted(samples.test, "test image"),
      rangeText(original.test, percentRange),
    ],
    comment: ["{0} a percentage, {1} a model, {2} e.g. 3,493 test images, {3} an interval in parentheses."],
  });
}

function everythingLeaks({ original }: Omit<Cost, "sentence">, model: string): string {
  return l10n.t({
    message:
      "Every test image has a duplicate in train or validation: the {0} that {1} scores {2} say nothing about new images.",
    args: [percentText(original.test.value), model, rangeText(original.test, percentRange)],
    comment: ["{0} a percentage, {1} a model, {2} an interval in parentheses."],
  });
}

function leakSentence({ samples }: Omit<Cost, "sentence">): string {
  const counts = [integerText(samples.leaked), counted(samples.test, "test image")] as const;
  return samples.leaked === 1
    ? l10n.t("The score counts {0} of {1} that has a duplicate in train or validation.", ...counts)
    : l10n.t("The score counts {0} of {1} that have a duplicate in train or validation.", ...counts);
}

function dropSentence(model: string, all: Interval, clean: Interval, drop: Interval, digits: number): string {
  const size = pointsText(Math.abs(drop.value), digits);
  // A rise is told as what it is, a positive number.
  const told = drop.value < 0 ? { value: -drop.value, low: -drop.high, high: -drop.low } : drop;
  const interval = rangeText(told, pointsRange(digits));
  const args = [model, percentText(clean.value), percentText(all.value), size, interval];
  if (sign(drop) === 0) {
    return l10n.t({
      message: "Without them {0} scores {1} instead of {2}; this difference of {3} can be chance {4}.",
      args,
      comment: ["{0} a model, {1} and {2} percentages, {3} e.g. 0.61 points, {4} an interval in parentheses."],
    });
  }
  return drop.value > 0
    ? l10n.t({
        message: "Without them {0} scores {1} instead of {2}: a drop of {3} {4}.",
        args,
        comment: ["{0} a model, {1} and {2} percentages, {3} e.g. 0.61 points, {4} an interval in parentheses."],
      })
    : l10n.t({
        message: "Without them {0} scores {1} instead of {2}: a rise of {3} {4}.",
        args,
        comment: ["{0} a model, {1} and {2} percentages, {3} e.g. 0.61 points, {4} an interval in parentheses."],
      });
}

function partSentences(drop: Interval, composition: Interval, memorising: Interval, digits: number): string[] {
  // What is shown adds up: the parts are rounded so that they sum to the rounded drop.
  const scale = 10 ** digits * 100;
  const part = Math.round(memorising.value * scale) / scale;
  const rest = Math.round(drop.value * scale) / scale - part;
  const args = [
    pointsText(rest, digits),
    rangeText(composition, pointsRange(digits)),
    compositionWords(composition),
    pointsText(drop.value, digits),
  ];
  return [
    drop.value < 0
      ? l10n.t({
          message: "Counting them adds {3}: {0} are composition {1}: {2}.",
          args,
          comment: [
            "{0} e.g. 0.61 points, {1} an interval in parentheses, {2} what it means, {3} e.g. −0.30 points.",
            "Composition: that the leaked images are easier or harder than others; the opposite of memorising.",
          ],
        })
      : l10n.t({
          message: "Of that {0} are composition {1}: {2}.",
          args,
          comment: [
            "{0} e.g. 0.61 points, {1} an interval in parentheses, {2} what it means.",
            "Composition: that the leaked images are easier or harder than others; the opposite of memorising.",
          ],
        }),
    memorisingSentence(memorising, pointsText(part, digits), rangeText(memorising, pointsRange(digits))),
  ];
}

function compositionWords(composition: Interval): string {
  switch (sign(composition)) {
    case 1:
      return l10n.t("models that never saw these images find them easier, too");
    case -1:
      return l10n.t("models that never saw these images find them harder, too");
    default:
      return l10n.t("whether these images are easier than others cannot be told");
  }
}

function memorisingSentence(memorising: Interval, size: string, interval: string): string {
  switch (sign(memorising)) {
    case 1:
      return l10n.t("{0} are memorising {1}: the model does better on them because it has seen them.", size, interval);
    case -1:
      return l10n.t(
        "{0} are memorising {1}: the model does worse on them although it has seen them, as their labels may differ.",
        size,
        interval,
      );
    default:
      return l10n.t("{0} are memorising {1}, which cannot be told from none.", size, interval);
  }
}

/** 1 or -1 for what lies wholly above or below zero, 0 for what cannot be told from it. */
function sign({ low, high }: Interval): 1 | 0 | -1 {
  if (low > 0) return 1;
  return high < 0 ? -1 : 0;
}

function rangeText(interval: Interval, words: (interval: Interval) => string): string {
  return l10n.t("(95 % interval {0})", words(interval));
}

function percentRange({ low, high }: Interval): string {
  return l10n.t("{0} to {1}", decimalText(low * 100, 1), percentText(high));
}

function pointsText(share: number, digits: number): string {
  return l10n.t({
    message: "{0} points",
    args: [pointsNumber(share, digits)],
    comment: ["Percentage points."],
  });
}

function pointsRange(digits: number): (interval: Interval) => string {
  return ({ low, high }) => l10n.t("{0} to {1}", pointsNumber(low, digits), pointsNumber(high, digits));
}

/** Percentage points with a true minus; never "-0". */
function pointsNumber(share: number, digits: number): string {
  const size = Math.abs(share) * 100;
  return share < 0 && Number(size.toFixed(digits)) !== 0 ? `−${decimalText(size, digits)}` : decimalText(size, digits);
}
