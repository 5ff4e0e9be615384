import * as l10n from "@vscode/l10n";
import { decimalText, integerText, listText, percentText } from "../../../src/protocol/language";

/** A whole number with thousands separators, e.g. "15,364". */
export function number(value: number): string {
  return integerText(value);
}

/** A share of 0..1 in percent. What is small but not zero, or large but not all, never reads as 0 % or 100 %. */
export function percent(share: number, digits = 1): string {
  if (!Number.isFinite(share)) return "–";
  if (share === 0 || share === 1) return percentText(share, 0);
  const least = 10 ** -digits / 100;
  if (share > 0 && share < least) return l10n.t("< {0}", percentText(least, digits));
  if (share < 1 && share > 1 - least) return l10n.t("> {0}", percentText(1 - least, digits));
  return percentText(share, digits);
}

/** A duration as people say it, e.g. "0.8 s", "2 min 5 s". */
export function duration(seconds: number): string {
  if (seconds < 10) return l10n.t("{0} s", decimalText(Math.max(0.1, seconds), 1));
  if (seconds < 60) return l10n.t("{0} s", decimalText(seconds, 0));
  return l10n.t("{0} min {1} s", number(Math.floor(seconds / 60)), Math.round(seconds % 60));
}

/** Names in a sentence: "a", "a and b", "a, b and c". */
export function sentenceList(names: readonly string[]): string {
  return listText(names);
}

/** The sentences of a text. */
export function sentencesOf(text: string): string[] {
  return text.split(/(?<=\.) (?=[\p{Lu}\d])/u).filter((sentence) => sentence !== "");
}

export { visible } from "../../../src/protocol/text";

/** The last part of a path, with whatever `#row` follows. */
export function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) || path;
}
