import * as l10n from "@vscode/l10n";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { areSplits, holdsBoxes, MOST_LABELS, recogniseColumns, type ListColumns } from "../../../core/dataset/lists";
import { roleWithin } from "../../../core/dataset/splits";
import { CleanSplitError, messageOf } from "../../../core/errors";
import { isImageFileName } from "../../decode/formats";
import { packNames, type PackedNames } from "../names";
import { readCsv } from "./csv";
import { readJson, readJsonLines } from "./json";
import { MOST_BYTES, MOST_ROWS, tooMany } from "./limits";
import { decodeText } from "./text";

/** A file that lists images with their labels and splits, as columns; row i of it is row i of each. */
export interface ImageList {
  /** What each row calls its image; not looked up yet. */
  readonly paths: PackedNames;
  /** Index into `labels`, -1 for a row without a label. */
  readonly labelOf: Int32Array;
  readonly labels: readonly string[];
  /** Index into `splits`, -1 for a row without a split. */
  readonly splitOf: Int32Array;
  readonly splits: readonly string[];
  /** Where paths, labels and splits come from, e.g. `column "label"`; `null` for what the list does not say. */
  readonly from: { readonly path: string; readonly label: string | null; readonly split: string | null };
  /** Whether the name of the list says the only split. */
  readonly isSplitByName: boolean;
  readonly notes: readonly string[];
}

/**
 * Reads a CSV, TSV, JSON or JSON Lines file that lists images. Throws a `CleanSplitError` when it is no such list, is
 * damaged or too large; nothing that it names is opened.
 */
export function readImageList(file: string): ImageList {
  const text = decodeText(readBytes(file));
  if (text === null) {
    throw new CleanSplitError("corrupt", l10n.t("{0} is no text in UTF-8 or UTF-16. Save it as UTF-8.", file));
  }
  return parseImageList(text, file);
}

/** The list that a text holds; `file` says its format and is named in errors. */
export function parseImageList(text: string, file: string): ImageList {
  const isTable = /\.(?:csv|tsv)$/i.test(file);
  // Fields of records always have names; only a table may lack its header.
  const rows = new Rows(file, isTable ? isImageFileName : () => false);
  if (isTable) readCsv(text, file, (cells) => rows.add(cells));
  else addRecords(/\.json$/i.test(file) ? readJson(text, file) : readJsonLines(text, file), rows);
  return rows.finish();
}

function readBytes(file: string): Uint8Array {
  try {
    const descriptor = openSync(file, "r");
    try {
      const { size } = fstatSync(descriptor);
      if (size <= MOST_BYTES) return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new CleanSplitError("not-found", l10n.t("{0} cannot be read: {1}.", file, messageOf(error)));
  }
  throw new CleanSplitError(
    "unsupported",
    l10n.t(
      "{0} has more than {1} MB, too much for a list of images. Split it, e.g. into train.csv and test.csv.",
      file,
      MOST_BYTES / 1024 / 1024,
    ),
  );
}

/** Records as rows of a table whose columns are all fields that are text or numbers. */
function addRecords(records: readonly object[], rows: Rows): void {
  const known = new Set<string>();
  for (const record of records) {
    for (const name of Object.keys(record)) known.add(name);
    if (known.size > MOST_FIELDS)
      throw rows.notAList(l10n.t("its objects have more than {0} different fields", MOST_FIELDS));
  }
  const names = [...known];
  if (names.length > 0) rows.add(names);
  for (const record of records) {
    const fields = new Map<string, unknown>(Object.entries(record));
    rows.add(names.map((name) => cellOf(fields.get(name))));
  }
}

const MOST_FIELDS = 200;

function cellOf(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? `${value}` : "";
}

/** Numbers for texts, in the order in which they first occur. */
class Texts {
  readonly names: string[] = [];
  readonly of: number[] = [];
  private readonly known = new Map<string, number>();

  add(text: string): void {
    this.of.push(text === "" ? -1 : this.number(text));
  }

  private number(text: string): number {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    this.known.set(text, this.names.length);
    return this.names.push(text) - 1;
  }
}

/** The rows of a list while it is read. */
class Rows {
  private names: readonly string[] = [];
  private columns: ListColumns | null = null;
  private readonly paths: string[] = [];
  private readonly labels = new Texts();
  private readonly splits = new Texts();

  constructor(
    private readonly file: string,
    private readonly isImage: (cell: string) => boolean,
  ) {}

  add(cells: readonly string[]): void {
    if (this.columns === null) {
      this.columns = recogniseColumns(cells, this.isImage);
      if (this.columns === null)
        throw this.notAList(l10n.t("no column is named path, file, image or id ({0})", shown(cells)));
      this.names = cells;
      if (this.columns.hasHeader) return;
    }
    const { path: place, label, split } = this.columns;
    if (this.paths.push(cells[place] ?? "") > MOST_ROWS) throw tooMany(this.file);
    this.labels.add(label === null ? "" : (cells[label] ?? "").trim());
    this.splits.add(split === null ? "" : (cells[split] ?? "").trim());
    if (this.labels.names.length > MOST_LABELS) {
      throw this.notAList(
        l10n.t("its {0} has over {1} values, which are no classes", this.columnName(label), MOST_LABELS),
      );
    }
  }

  finish(): ImageList {
    const { columns, paths, labels, splits } = this;
    if (columns === null || paths.length === 0) throw this.notAList(l10n.t("it has no rows"));
    const notes: string[] = [];
    const name = path.basename(this.file);
    const hasSplits = columns.split !== null && areSplits(splits.names);
    if (columns.split !== null && !hasSplits) {
      notes.push(
        l10n.t(
          "The {0} of {1} gives no splits: its values are {2}, and none is named train, validation or test.",
          this.columnName(columns.split),
          name,
          shown(splits.names) || l10n.t({ message: "none", comment: ["A column of a table has no values."] }),
        ),
      );
    }
    const named = hasSplits ? null : roleWithin(name.replace(/\.[^.]*$/, ""));
    if (columns.label === null && !hasSplits && named === null) {
      const boxes = holdsBoxes(this.names);
      throw this.notAList(
        boxes
          ? l10n.t("it holds boxes of objects, which give no class to a whole image")
          : l10n.t("no column is named label or class, or split ({0})", shown(this.names)),
      );
    }
    return {
      paths: packNames(paths),
      labelOf: Int32Array.from(labels.of),
      labels: labels.names,
      splitOf: hasSplits ? Int32Array.from(splits.of) : new Int32Array(paths.length).fill(named === null ? -1 : 0),
      splits: hasSplits ? splits.names : named === null ? [] : [named.word],
      from: {
        path: this.columnName(columns.path),
        label: columns.label === null ? null : this.columnName(columns.label),
        split: hasSplits
          ? this.columnName(columns.split)
          : named === null
            ? null
            : l10n.t({ message: "its name", comment: ["The name of a list of images."] }),
      },
      isSplitByName: named !== null,
      notes,
    };
  }

  notAList(why: string): CleanSplitError {
    return new CleanSplitError("unsupported", l10n.t("{0} is not used as a list of images: {1}.", this.file, why));
  }

  private columnName(column: number | null): string {
    if (column === null) return "";
    return this.columns?.hasHeader === true
      ? l10n.t('column "{0}"', this.names[column] ?? "")
      : l10n.t("column {0}", column + 1);
  }
}

/** The first of some names. */
function shown(names: readonly string[]): string {
  const first = names.slice(0, 5).map((name) => (name.length > 40 ? `${name.slice(0, 40)}…` : name));
  return first.join(", ") + (names.length > first.length ? " …" : "");
}
