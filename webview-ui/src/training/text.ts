import type { Interval, TestSet, TrainingSize } from "../../../src/protocol/training";
import { number, percent } from "../shared/format";

/** What the four sets of test images are called, and what they are. */
export const SET_TEXTS: Readonly<Record<TestSet, { readonly label: string; readonly title: string }>> = {
  original: { label: "All test images", title: "Every labelled image of the test split" },
  sanitized: { label: "Sanitized test split", title: "The test images that stay in the sanitized data" },
  clean: { label: "Clean part", title: "Test images that have no duplicate in train or validation" },
  leaked: { label: "Leaked part", title: "Test images that also occur in train or validation" },
};

/** How a size reads by itself. */
export function sizeLabel(size: TrainingSize): string {
  return size === "all" ? "All" : number(size);
}

/** Both ends of the interval of an accuracy, e.g. "81.3 to 82.9 %". */
export function percentRange({ low, high }: Pick<Interval, "low" | "high">): string {
  return `${(low * 100).toFixed(1)} to ${percent(high)}`;
}

/** Both ends of the interval of a difference, in percentage points, e.g. "−0.1 to +0.7". */
export function pointsRange({ low, high, value }: Interval, digits = digitsOf(value)): string {
  return `${signed(low, digits)} to ${signed(high, digits)}`;
}

/** A difference in percentage points with its sign, e.g. "+1.3". */
export function signed(difference: number, digits = digitsOf(difference)): string {
  const text = Math.abs(difference * 100).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${difference < 0 ? "−" : "+"}${text}`;
}

/** Decimal places that a difference needs: less than a point says nothing with one. */
export function digitsOf(difference: number): number {
  return Math.abs(difference) < 0.01 ? 2 : 1;
}

/** With a capital, for the beginning of a line. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The sentences of a text. */
export function sentencesOf(text: string): string[] {
  return text.split(/(?<=\.) (?=[\p{Lu}\d])/u).filter((sentence) => sentence !== "");
}

/** A time that is left, rounded so that it can be read while it changes. */
export function leftText(seconds: number): string {
  if (seconds < 5) return "a few seconds left";
  if (seconds < 60) return `${Math.ceil(seconds / 5) * 5} s left`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}
