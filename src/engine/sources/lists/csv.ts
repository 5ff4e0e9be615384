import * as l10n from "@vscode/l10n";
import { CsvError, parse } from "csv-parse/sync";
import { CleanSplitError } from "../../../core/errors";

const DELIMITERS = [",", ";", "\t", "|"] as const;

/** Most letters of a row: a longer one is a quote that was never closed, or no list. */
const MOST_LETTERS = 1024 * 1024;

/** Calls `row` with the cells of every row of a CSV or TSV text, in order. Throws a `CleanSplitError` when it is damaged. */
export function readCsv(text: string, file: string, row: (cells: readonly string[]) => void): void {
  try {
    parse(text, {
      delimiter: /\.tsv$/i.test(file) ? "\t" : delimiterOf(text),
      max_record_size: MOST_LETTERS,
      skip_empty_lines: true,
      trim: true,
      on_record(cells: string[]) {
        row(cells);
        // The parser then keeps nothing.
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CleanSplitError(
      "corrupt",
      l10n.t("{0} is damaged: {1}. Write it again, with quotes around cells.", file, error.message),
    );
  }
}

/** A row of a CSV file, with quotes where they are needed. */
export function csvRow(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",;|\s]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`;
}

/** What separates the cells of the first line. */
function delimiterOf(text: string): string {
  const line = /^[^\r\n]{0,10000}/.exec(text)?.[0] ?? "";
  const counts = DELIMITERS.map((delimiter) => line.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ",";
}
