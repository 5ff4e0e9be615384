/*
 * File names, labels and error messages come from the dataset, and a dataset may come from anywhere. A name with an
 * escape sequence in it could move the cursor, recolour the screen or forge a verdict, one with a bidirectional override
 * could swap what is read. Both are printed in the notation of JavaScript strings instead.
 */

/** Control characters (C0, DEL, C1), line separators, bidirectional controls, invisible annotations, lone surrogates. */
const HOSTILE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The text with every character that could act on a terminal made visible, e.g. `\x1b[2J`. */
export function escapeHostile(text: string): string {
  return text.replace(HOSTILE, (character) => SHORT[character] ?? codeOf(character));
}

function codeOf(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : unicodeEscape(code);
}

function unicodeEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

/** JSON that is safe to print: the characters that `JSON.stringify` leaves alone and a terminal may act on are escaped. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(HOSTILE, (character) =>
    // Line breaks are the layout of the JSON text itself: within strings they are escaped already.
    character === "\n" ? character : unicodeEscape(character.charCodeAt(0)),
  );
}
