import * as l10n from "@vscode/l10n";
import { integerText } from "./language";

/** What can be counted: its forms for one and for many, as whole phrases, since languages order them differently. */
const FORMS = {
  image: [(n: string) => l10n.t("{0} image", n), (n: string) => l10n.t("{0} images", n)],
  "test image": [(n: string) => l10n.t("{0} test image", n), (n: string) => l10n.t("{0} test images", n)],
  "labelled image": [(n: string) => l10n.t("{0} labelled image", n), (n: string) => l10n.t("{0} labelled images", n)],
  "unreadable image": [
    (n: string) => l10n.t("{0} unreadable image", n),
    (n: string) => l10n.t("{0} unreadable images", n),
  ],
  "leaking image": [(n: string) => l10n.t("{0} leaking image", n), (n: string) => l10n.t("{0} leaking images", n)],
  "equal image": [(n: string) => l10n.t("{0} equal image", n), (n: string) => l10n.t("{0} equal images", n)],
  "similar image": [(n: string) => l10n.t("{0} similar image", n), (n: string) => l10n.t("{0} similar images", n)],
  "other image": [(n: string) => l10n.t("{0} other image", n), (n: string) => l10n.t("{0} other images", n)],
  group: [(n: string) => l10n.t("{0} group", n), (n: string) => l10n.t("{0} groups", n)],
  file: [(n: string) => l10n.t("{0} file", n), (n: string) => l10n.t("{0} files", n)],
  "more file": [(n: string) => l10n.t("{0} more file", n), (n: string) => l10n.t("{0} more files", n)],
  pair: [(n: string) => l10n.t("{0} pair", n), (n: string) => l10n.t("{0} pairs", n)],
  "judged pair": [(n: string) => l10n.t("{0} judged pair", n), (n: string) => l10n.t("{0} judged pairs", n)],
  row: [(n: string) => l10n.t("{0} row", n), (n: string) => l10n.t("{0} rows", n)],
  label: [(n: string) => l10n.t("{0} label", n), (n: string) => l10n.t("{0} labels", n)],
  class: [(n: string) => l10n.t("{0} class", n), (n: string) => l10n.t("{0} classes", n)],
  split: [(n: string) => l10n.t("{0} split", n), (n: string) => l10n.t("{0} splits", n)],
  seed: [(n: string) => l10n.t("{0} seed", n), (n: string) => l10n.t("{0} seeds", n)],
  run: [(n: string) => l10n.t("{0} run", n), (n: string) => l10n.t("{0} runs", n)],
  epoch: [(n: string) => l10n.t("{0} epoch", n), (n: string) => l10n.t("{0} epochs", n)],
  direction: [(n: string) => l10n.t("{0} direction", n), (n: string) => l10n.t("{0} directions", n)],
  problem: [(n: string) => l10n.t("{0} problem", n), (n: string) => l10n.t("{0} problems", n)],
  "more image": [(n: string) => l10n.t("{0} more image", n), (n: string) => l10n.t("{0} more images", n)],
  "more unusable image": [
    (n: string) => l10n.t("{0} more unusable image", n),
    (n: string) => l10n.t("{0} more unusable images", n),
  ],
  "more ignored entry": [
    (n: string) => l10n.t("{0} more ignored entry", n),
    (n: string) => l10n.t("{0} more ignored entries", n),
  ],
  "more split": [(n: string) => l10n.t("{0} more split", n), (n: string) => l10n.t("{0} more splits", n)],
  "more class": [(n: string) => l10n.t("{0} more class", n), (n: string) => l10n.t("{0} more classes", n)],
  "more part": [(n: string) => l10n.t("{0} more part", n), (n: string) => l10n.t("{0} more parts", n)],
  "more pair": [(n: string) => l10n.t("{0} more pair", n), (n: string) => l10n.t("{0} more pairs", n)],
  "more experiment": [
    (n: string) => l10n.t("{0} more experiment", n),
    (n: string) => l10n.t("{0} more experiments", n),
  ],
  duplicate: [(n: string) => l10n.t("{0} duplicate", n), (n: string) => l10n.t("{0} duplicates", n)],
  dataset: [(n: string) => l10n.t("{0} dataset", n), (n: string) => l10n.t("{0} datasets", n)],
  picture: [(n: string) => l10n.t("{0} picture", n), (n: string) => l10n.t("{0} pictures", n)],
  sample: [(n: string) => l10n.t("{0} sample", n), (n: string) => l10n.t("{0} samples", n)],
  byte: [(n: string) => l10n.t("{0} byte", n), (n: string) => l10n.t("{0} bytes", n)],
  "different image": [
    (n: string) => l10n.t("{0} different image", n),
    (n: string) => l10n.t("{0} different images", n),
  ],
  "different picture": [
    (n: string) => l10n.t("{0} different picture", n),
    (n: string) => l10n.t("{0} different pictures", n),
  ],
  "different size": [(n: string) => l10n.t("{0} different size", n), (n: string) => l10n.t("{0} different sizes", n)],
  "array row": [(n: string) => l10n.t("{0} array row", n), (n: string) => l10n.t("{0} array rows", n)],
  decision: [(n: string) => l10n.t("{0} decision", n), (n: string) => l10n.t("{0} decisions", n)],
  "ignored entry": [(n: string) => l10n.t("{0} ignored entry", n), (n: string) => l10n.t("{0} ignored entries", n)],
} as const satisfies Readonly<Record<string, readonly [one: (n: string) => string, many: (n: string) => string]>>;

/** The name of something that can be counted. */
export type Noun = keyof typeof FORMS;

/** A count with what it counts, e.g. "1 image", "2 images". */
export function counted(count: number, noun: Noun): string {
  const [one, many] = FORMS[noun];
  return count === 1 ? one(integerText(count)) : many(integerText(count));
}
