import { number, plural } from "../leakage/verdict";
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
  const { samples, original, drop, composition, memorising } = cost;
  const model = lowerFirst(MODELS[cost.model].title);
  if (samples.leaked === 0) {
    return (
      `No test image has a duplicate in train or validation: the ${percent(original.test.value)} that ${model} scores on ` +
      `${plural(samples.test, "test image")} ${range(original.test, percentRange)} owe nothing to leakage.`
    );
  }
  if (drop === null || original.clean === null || composition === null || memorising === null) {
    return (
      `Every test image has a duplicate in train or validation: the ${percent(original.test.value)} that ${model} scores ` +
      `${range(original.test, percentRange)} say nothing about new images.`
    );
  }
  const digits = Math.abs(drop.value) < 0.01 ? 2 : 1;
  const sentences = [
    `The score counts ${number(samples.leaked)} of ${plural(samples.test, "test image")} that ` +
      `${samples.leaked === 1 ? "has" : "have"} a duplicate in train or validation.`,
    dropSentence(model, original.test, original.clean, drop, digits),
    ...(samples.leakedGroups < FEW_LEAKED
      ? ["They are too few to tell what of it is memorising."]
      : partSentences(drop, composition, memorising, digits)),
    ...(cost.seeds === 1 && MODELS[cost.model].recipe !== null
      ? ["Only one seed was trained, so the intervals leave out how much another one would differ."]
      : []),
  ];
  return sentences.join(" ");
}

function dropSentence(model: string, all: Interval, clean: Interval, drop: Interval, digits: number): string {
  const scores = `Without them ${model} scores ${percent(clean.value)} instead of ${percent(all.value)}`;
  const size = points(Math.abs(drop.value), digits);
  // A rise is told as what it is, a positive number.
  const told = drop.value < 0 ? { value: -drop.value, low: -drop.high, high: -drop.low } : drop;
  const interval = range(told, pointsRange(digits));
  if (sign(drop) === 0) return `${scores}; this difference of ${size} can be chance ${interval}.`;
  return `${scores}: ${drop.value > 0 ? "a drop" : "a rise"} of ${size} ${interval}.`;
}

function partSentences(drop: Interval, composition: Interval, memorising: Interval, digits: number): string[] {
  // What is shown adds up: the parts are rounded so that they sum to the rounded drop.
  const scale = 10 ** digits * 100;
  const part = Math.round(memorising.value * scale) / scale;
  const rest = Math.round(drop.value * scale) / scale - part;
  const begin = drop.value < 0 ? `Counting them adds ${points(drop.value, digits)}:` : "Of that";
  return [
    `${begin} ${points(rest, digits)} are composition ${range(composition, pointsRange(digits))}: ${compositionWords(composition)}.`,
    `${points(part, digits)} are memorising ${range(memorising, pointsRange(digits))}${memorisingWords(memorising)}.`,
  ];
}

function compositionWords(composition: Interval): string {
  switch (sign(composition)) {
    case 1:
      return "models that never saw these images find them easier, too";
    case -1:
      return "models that never saw these images find them harder, too";
    default:
      return "whether these images are easier than others cannot be told";
  }
}

function memorisingWords(memorising: Interval): string {
  switch (sign(memorising)) {
    case 1:
      return ": the model does better on them because it has seen them";
    case -1:
      return ": the model does worse on them although it has seen them, as their labels may differ";
    default:
      return ", which cannot be told from none";
  }
}

/** 1 or -1 for what lies wholly above or below zero, 0 for what cannot be told from it. */
function sign({ low, high }: Interval): 1 | 0 | -1 {
  if (low > 0) return 1;
  return high < 0 ? -1 : 0;
}

function range(interval: Interval, words: (interval: Interval) => string): string {
  return `(95 % interval ${words(interval)})`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function percentRange({ low, high }: Interval): string {
  return `${(low * 100).toFixed(1)} to ${percent(high)}`;
}

function points(share: number, digits: number): string {
  return `${signed(share, digits)} points`;
}

function pointsRange(digits: number): (interval: Interval) => string {
  return ({ low, high }) => `${signed(low, digits)} to ${signed(high, digits)}`;
}

/** Percentage points with a true minus; never "-0". */
function signed(share: number, digits: number): string {
  const text = (Math.abs(share) * 100).toFixed(digits);
  return share < 0 && Number(text) !== 0 ? `−${text}` : text;
}
