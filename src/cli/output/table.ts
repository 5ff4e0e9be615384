import { escapeHostile } from "./escape";
import type { Symbols } from "./symbols";
import { line, span, type Line, type Span } from "./text";
import { cutMiddle, displayWidth, wrapText } from "./width";

/** One column of a table. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** What may happen to its cells when the terminal is narrow; without it the column keeps its width. */
  readonly narrow?: "cut" | "wrap";
  /** Title over this column and its neighbours of the same group. */
  readonly group?: string;
}

/** A cell: text in one tone. */
export type Cell = string | Span;

/** A table fits into `width` columns: it cuts, wraps, and at last becomes one record a row. */
export interface TableStyle {
  readonly width: number;
  readonly symbols: Symbols;
}

const INDENT = 2;
const GAP = 2;
/** A narrowed column keeps at least this many columns. */
const NARROWEST = 12;

/** The lines of a table: titles, a rule, rows. A last row whose first cell is "total" is set apart by a rule. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: TableStyle,
): readonly Line[] {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === "string" ? span(cell) : cell)));
  const natural = columns.map(({ title }, index) =>
    Math.max(displayWidth(title), ...cells.map((row) => displayWidth(row[index]?.text ?? ""))),
  );
  const widths = fit(natural, columns, style.width - INDENT - GAP * (columns.length - 1));
  if (widths === undefined) return records(columns, cells, style);
  const full = widths.reduce((sum, width) => sum + width, 0) + GAP * (columns.length - 1);
  const rule = line(" ".repeat(INDENT), span(style.symbols.rule.repeat(full), "faint"));
  const titles = columns.map(({ title }) => span(title, "faint"));
  const body = cells.flatMap((row, index) => {
    const lines = rowLines(row, columns, widths, style);
    return index === cells.length - 1 && index > 0 && row[0]?.text === "total" ? [rule, ...lines] : lines;
  });
  return [...groupLine(columns, widths), ...rowLines(titles, columns, widths, style), rule, ...body];
}

/** The line of group titles, each in the middle of its columns. */
function groupLine(columns: readonly Column[], widths: readonly number[]): readonly Line[] {
  if (columns.every(({ group }) => group === undefined)) return [];
  let text = "";
  let start = INDENT;
  for (let index = 0; index < columns.length;) {
    const group = columns[index]?.group ?? "";
    let width = -GAP;
    while (index < columns.length && (columns[index]?.group ?? "") === group) width += GAP + (widths[index++] ?? 0);
    text = text.padEnd(start + Math.max(0, Math.ceil((width - displayWidth(group)) / 2))) + group;
    start += width + GAP;
  }
  return [line(span(text, "title"))];
}

/** The widths of the columns within `room`; `undefined` when they cannot be made to fit. */
function fit(natural: readonly number[], columns: readonly Column[], room: number): readonly number[] | undefined {
  const widths = [...natural];
  let over = widths.reduce((sum, width) => sum + width, 0) - room;
  while (over > 0) {
    const widest = columns
      .map((column, index) => ({ narrow: column.narrow !== undefined, index, width: widths[index] ?? 0 }))
      .filter(({ narrow, width }) => narrow && width > NARROWEST)
      .sort((a, b) => b.width - a.width)[0];
    if (widest === undefined) return undefined;
    widths[widest.index] = widest.width - 1;
    over -= 1;
  }
  return widths;
}

function rowLines(
  row: readonly Span[],
  columns: readonly Column[],
  widths: readonly number[],
  style: TableStyle,
): readonly Line[] {
  const parts = row.map(({ text }, index) => {
    const width = widths[index] ?? 0;
    return columns[index]?.narrow === "wrap" ? wrapText(text, width) : [cutMiddle(text, width, style.symbols.ellipsis)];
  });
  const height = Math.max(1, ...parts.map((lines) => lines.length));
  return Array.from({ length: height }, (_, y) =>
    line(
      " ".repeat(INDENT),
      ...columns.flatMap((column, index): readonly (string | Span)[] => {
        const text = parts[index]?.[y] ?? "";
        const padding = " ".repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(text)));
        const piece: Span = { text, tone: row[index]?.tone ?? "plain" };
        const gap = index === 0 ? "" : " ".repeat(GAP);
        return column.align === "right" ? [gap, padding, piece] : [gap, piece, padding];
      }),
    ),
  ).map(trimEnd);
}

/** The way out for terminals too narrow for the table: every row as a list of titles and values. */
function records(columns: readonly Column[], rows: readonly (readonly Span[])[], style: TableStyle): readonly Line[] {
  return rows.flatMap((row) =>
    row.flatMap((cell, index) => {
      const { title: own = "", group = "" } = columns[index] ?? {};
      const title = escapeHostile(`${group} ${own}`.trim());
      const indent = " ".repeat(index === 0 ? INDENT : 2 * INDENT);
      const lead = title === "" ? indent : `${indent}${title}: `;
      const [first = "", ...rest] = wrapText(cell.text.trim(), Math.max(NARROWEST, style.width - displayWidth(lead)));
      return [
        line(span(lead, "faint"), { text: first, tone: cell.tone }),
        ...rest.map((text) => line(" ".repeat(displayWidth(lead)), { text, tone: cell.tone })),
      ];
    }),
  );
}

function trimEnd(pieces: Line): Line {
  const kept = [...pieces];
  while (kept.length > 0) {
    const last = kept[kept.length - 1];
    if (last === undefined || last.text.trim() !== "") break;
    kept.pop();
  }
  return kept;
}
