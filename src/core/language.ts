import * as l10n from "@vscode/l10n";

/*
 * Sentences for people are written in English where they are needed, as `l10n.t("...")`, and looked up in the bundle of the
 * language that the editor shows. Without a bundle, as on the command line, they stay English.
 */

const ENGLISH = "{}";
let used = ENGLISH;

/** Takes the translations of a language, as the text of its bundle; every process, thread and page has its own. */
export function useTranslations(bundle: string): void {
  l10n.config({ contents: bundle });
  used = bundle;
}

/** The translations that are used, as the text of their bundle; `null` for English. */
export function usedTranslations(): string | null {
  return used === ENGLISH ? null : used;
}

/** Id of the element of a page that holds the translations of its language; without it the page speaks English. */
export const TRANSLATIONS = "cleansplit-translations";

/** What `write` says in English, whatever the language: files that are kept and exported read the same everywhere. */
export function inEnglish<T>(write: () => T): T {
  const before = used;
  if (before === ENGLISH) return write();
  useTranslations(ENGLISH);
  try {
    return write();
  } finally {
    useTranslations(before);
  }
}

/** The language that sentences are in, e.g. "en-US" or "es": numbers and times are written as it does. */
export function languageTag(): string {
  return l10n.t({
    message: "en-US",
    comment: ["The language of the translation, as a BCP 47 tag such as es: numbers and times are written as in it."],
  });
}

// Making a format takes a thousand times as long as using it.
const formats = new Map<string, Intl.NumberFormat>();

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const tag = languageTag();
  const key = `${tag} ${options.minimumFractionDigits ?? ""} ${String(options.useGrouping)}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const format = new Intl.NumberFormat(tag, options);
  formats.set(key, format);
  return format;
}

/** A whole number as people write it, e.g. "1,204" in English. */
export function integerText(value: number | bigint): string {
  return numberFormat({ maximumFractionDigits: 0 }).format(value);
}

/**
 * A number with its decimals, e.g. "0.52" in English: with so many places, 0..20, or as many as it has. Thousands are not set
 * apart.
 */
export function decimalText(value: number, digits?: number): string {
  if (digits === undefined) return numberFormat({ maximumFractionDigits: 20, useGrouping: false }).format(value);
  const format = numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
  // Rounded as everywhere else: a format rounds some halves the other way.
  return format.format(Number(value.toFixed(digits)));
}

/** A share of 0..1 in percent, e.g. "87.8 %" in English. */
export function percentText(share: number, digits = 1): string {
  return l10n.t({
    message: "{0} %",
    args: [decimalText(share * 100, digits)],
    comment: ["A number in percent, with the space between them that the language has."],
  });
}

/** The language of dates and lists. In English days come before months, and no comma before "and". */
export function writtenTag(): string {
  const tag = languageTag();
  return tag === "en-US" ? "en-GB" : tag;
}

/** Names in a sentence, e.g. "a", "a and b", "a, b and c"; empty without any. */
export function listText(names: readonly string[]): string {
  return new Intl.ListFormat(writtenTag(), { type: "conjunction" }).format(names);
}
