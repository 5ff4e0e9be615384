import * as l10n from "@vscode/l10n";
import { decimalText } from "../../../src/protocol/language";
import type { Interval, TestSet, TrainingData, TrainingSize } from "../../../src/protocol/training";
import { number, percent } from "../shared/format";

/** What a set of test images is called, and what it is. */
export interface SetText {
  readonly label: string;
  readonly title: string;
}

const SET_TEXTS: Readonly<Record<TestSet, () => SetText>> = {
  original: () => ({ label: l10n.t("All test images"), title: l10n.t("Every labelled image of the test split") }),
  sanitized: () => ({
    label: l10n.t("Sanitized test split"),
    title: l10n.t("The test images that stay in the sanitized data"),
  }),
  clean: () => ({
    label: l10n.t("Clean part"),
    title: l10n.t("Test images that have no duplicate in train or validation"),
  }),
  leaked: () => ({
    label: l10n.t("Leaked part"),
    title: l10n.t("Test images that also occur in train or validation"),
  }),
};

/** What one of the four sets of test images is called, and what it is. */
export function setText(set: TestSet): SetText {
  return SET_TEXTS[set]();
}

/** What data are called, by themselves. */
export function dataLabel(data: TrainingData): string {
  return data === "original"
    ? l10n.t({
        message: "Original",
        comment: ["The data that a model is trained on, by itself or at the beginning of a line."],
      })
    : l10n.t({
        message: "Sanitized",
        comment: ["The data that a model is trained on, by itself or at the beginning of a line."],
      });
}

/** What the leaked test images add to a score, and of what that consists. */
export type CostPart = "drop" | "memorising" | "composition";

const PART_NAMES: Readonly<Record<CostPart, () => string>> = {
  drop: () => l10n.t({ message: "Together", comment: ["Memorising and composition together."] }),
  memorising: () => l10n.t("Memorising"),
  composition: () => l10n.t({ message: "Composition", comment: ["That leaked images are easier than others."] }),
};

/** What a part of the cost is called, by itself. */
export function partName(part: CostPart): string {
  return PART_NAMES[part]();
}

/** How a size reads by itself. */
export function sizeLabel(size: TrainingSize): string {
  if (size !== "all") return number(size);
  return l10n.t({ message: "All", comment: ["All images, beside numbers of images."] });
}

/** Both ends of the interval of an accuracy, e.g. "81.3 to 82.9 %". */
export function percentRange({ low, high }: Pick<Interval, "low" | "high">): string {
  return l10n.t("{0} to {1}", decimalText(low * 100, 1), percent(high));
}

/** Both ends of the interval of a difference, in percentage points, e.g. "−0.1 to +0.7". */
export function pointsRange({ low, high, value }: Interval, digits = digitsOf(value)): string {
  return l10n.t("{0} to {1}", signed(low, digits), signed(high, digits));
}

/** A difference in percentage points with its sign, e.g. "+1.3". */
export function signed(difference: number, digits = digitsOf(difference)): string {
  const size = Math.abs(difference * 100);
  const text = decimalText(size, digits);
  if (Number(size.toFixed(digits)) === 0) return text;
  return `${difference < 0 ? "−" : "+"}${text}`;
}

/** Decimal places that a difference needs: less than a point says nothing with one. */
export function digitsOf(difference: number): number {
  return Math.abs(difference) < 0.01 ? 2 : 1;
}

/** An image of one class that a model says is of another one. */
export function takenFor(label: string, predicted: string): string {
  return l10n.t({ message: "{0} taken for {1}", args: [label, predicted], comment: ["Names of classes."] });
}

/** What is said beside an interval that includes zero. */
export function mayBeNothing(): string {
  return l10n.t({ message: "may be nothing", comment: ["A difference that cannot be told from zero."] });
}

/** With a capital, for the beginning of a line. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A time that is left, rounded so that it can be read while it changes. */
export function leftText(seconds: number): string {
  if (seconds < 5) return l10n.t("a few seconds left");
  if (seconds < 60) return l10n.t("{0} left", l10n.t("{0} s", Math.ceil(seconds / 5) * 5));
  const minutes = Math.ceil(seconds / 60);
  const text =
    minutes < 60 ? l10n.t("{0} min", minutes) : l10n.t("{0} h {1} min", number(Math.floor(minutes / 60)), minutes % 60);
  return l10n.t("{0} left", text);
}
