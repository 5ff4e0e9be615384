import type { Terminal } from "../output/terminal";
import { BLANK, line, lineWidth, paragraph, span, type Line, type Tone } from "../output/text";
import type { TableStyle } from "../output/table";

/** How a terminal wants tables. */
export function styleOf(terminal: Terminal): TableStyle {
  return { width: terminal.width, symbols: terminal.symbols };
}

/** A section: an empty line, a title, and what it says at once. */
export function section(title: string, note: string, style: TableStyle): readonly Line[] {
  const lead = line(span(title, "title"), note === "" ? "" : "  ");
  return [BLANK, ...(note === "" ? [lead] : paragraph(lead, note, style.width, "faint"))];
}

/** A sentence under a table. */
export function note(text: string, style: TableStyle, tone: Tone = "faint"): readonly Line[] {
  return paragraph(line("  "), text, style.width, tone);
}

/** A sentence in a list. */
export function bullet(
  text: string,
  style: TableStyle,
  tone: Tone = "plain",
  mark = style.symbols.bullet,
): readonly Line[] {
  return paragraph(line("  ", span(mark, tone === "plain" ? "faint" : tone), " "), text, style.width);
}

/** A command to run, with what it is for; never wrapped, so it can be copied. */
export function commandLines(command: string, says: string, style: TableStyle): readonly Line[] {
  const text = span(command, "accent");
  if (says === "") return [line("  ", text)];
  const behind = line("  ", text, "  ", span(`# ${says}`, "faint"));
  return lineWidth(behind) <= style.width
    ? [behind]
    : [...paragraph(line("  "), `# ${says}`, style.width, "faint"), line("  ", text)];
}

/** A share of a whole: "3.6 %"; "<0.1 %" for little that is not nothing, and never 100 % for less than all. */
export function percentText(part: number, whole: number): string {
  if (whole === 0) return "";
  const percent = (part / whole) * 100;
  if (part > 0 && percent < 0.1) return "<0.1 %";
  if (part < whole && percent > 99.9) return ">99.9 %";
  return `${percent.toFixed(1)} %`;
}

/** Takes the first `most` of a list and says how many more there are. */
export function firstOf<T>(items: readonly T[], most: number): { readonly shown: readonly T[]; readonly more: number } {
  // "and 1 more" takes the line that the one itself would take.
  const shown = items.length <= most + 1 ? items : items.slice(0, most);
  return { shown, more: items.length - shown.length };
}
