import { escapeHostile } from "./escape";
import { displayWidth, wrapText } from "./width";

/** What a piece of text means; the terminal chooses the colour. */
export type Tone =
  | "plain"
  | "title"
  | "faint"
  | "good"
  | "warning"
  | "bad"
  | "accent"
  | "second"
  | "badge-good"
  | "badge-warning"
  | "badge-bad";

/** A piece of text in one tone. Its text never holds a control character: only rendering writes those. */
export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** One line on the terminal. */
export type Line = readonly Span[];

/** The empty line. */
export const BLANK: Line = [];

/** A piece of text, made safe to print. */
export function span(text: string, tone: Tone = "plain"): Span {
  return { text: escapeHostile(text), tone };
}

/** A line of pieces; plain strings are made safe to print. */
export function line(...pieces: readonly (string | Span)[]): Line {
  return pieces.map((piece) => (typeof piece === "string" ? span(piece) : piece));
}

/** Columns a line takes. */
export function lineWidth(pieces: Line): number {
  return pieces.reduce((sum, piece) => sum + displayWidth(piece.text), 0);
}

/** A sentence wrapped to the width: the first line starts with `lead`, the others are indented by its width. */
export function paragraph(lead: Line, text: string, width: number, tone: Tone = "plain"): readonly Line[] {
  const indent = lineWidth(lead);
  // Very narrow terminals get long lines rather than a column of letters.
  const room = Math.max(16, width - indent);
  return wrapText(escapeHostile(text), room).map((part, index) =>
    index === 0 ? [...lead, span(part, tone)] : line(" ".repeat(indent), span(part, tone)),
  );
}

const CODES: Readonly<Record<Exclude<Tone, "plain">, readonly [string, string]>> = {
  title: ["1", "22"],
  faint: ["2", "22"],
  good: ["32", "39"],
  warning: ["33", "39"],
  bad: ["31", "39"],
  accent: ["36", "39"],
  second: ["35", "39"],
  "badge-good": ["1;30;42", "0"],
  "badge-warning": ["1;30;43", "0"],
  "badge-bad": ["1;97;41", "0"],
};

/** The line as it is written, with colours or without, no space at its end. */
export function renderLine(pieces: Line, color: boolean): string {
  if (!color)
    return pieces
      .map((piece) => piece.text)
      .join("")
      .trimEnd();
  return merged(pieces)
    .map(({ text, tone }) => {
      if (tone === "plain" || text === "") return text;
      const [on, off] = CODES[tone];
      return `\u001b[${on}m${text}\u001b[${off}m`;
    })
    .join("")
    .trimEnd();
}

/** Neighbours of one tone in one piece: a chart is made of single characters. */
function merged(pieces: Line): Line {
  const result: Span[] = [];
  for (const piece of pieces) {
    const last = result[result.length - 1];
    if (last?.tone === piece.tone) result[result.length - 1] = { ...last, text: last.text + piece.text };
    else result.push(piece);
  }
  return result;
}
