import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError, messageOf } from "../core/errors";
import { isPartOf } from "./recognition/inputs";

/*
 * What people decided about datasets is kept in files of one folder at or above the dataset, its home. They are made to be
 * committed, are written by hand too, and are read by the editor and the command line alike.
 */

/** Folder of what people decided about the datasets beside it and below. */
export const HOME_FOLDER = ".cleansplit";

/** The nearest folder at or above an input that holds a {@link HOME_FOLDER}; `null` when there is none. */
export function homeOf(input: string): string | null {
  for (let folder = input; ; folder = path.dirname(folder)) {
    if (isFolder(path.join(folder, HOME_FOLDER))) return folder;
    if (folder === path.dirname(folder)) return null;
  }
}

/** False also for what cannot be looked at, such as a place below a file. */
function isFolder(place: string): boolean {
  try {
    return statSync(place).isDirectory();
  } catch {
    return false;
  }
}

/** Where a file of an input without a home is kept: in the wanted folder if it is at or above it, else it would not be found. */
export function homeFor(input: string, wanted: string | undefined): string {
  return wanted !== undefined && isPartOf(input, wanted) ? wanted : path.dirname(input);
}

/** The file of a home that has this name. */
export function fileOfHome(home: string, name: string): string {
  return path.join(home, HOME_FOLDER, name);
}

/** A place as files of its home name it: its path from there, with `/`. */
export function nameBelow(home: string, place: string): string {
  const below = home.endsWith(path.sep) ? home : home + path.sep;
  // Relating paths in general takes ten times as long, and there may be many.
  const name = place.startsWith(below) ? place.slice(below.length) : path.relative(home, place);
  return (path.sep === "/" ? name : name.split(path.sep).join("/")) || ".";
}

/** The error of a file that cannot be used. */
export function damaged(file: string, what: string): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    l10n.t("{0} cannot be used: {1}. Repair it or delete it; it was not changed.", file, what),
  );
}

/**
 * What a file holds and its text; `null` when there is none. Throws when it is no JSON object or has more bytes; `fields` are
 * those that it should have.
 */
export function readKept(
  file: string,
  mostBytes: number,
  fields: readonly [string, string],
): { readonly value: Readonly<Record<string, unknown>>; readonly text: string } | null {
  if (!existsSync(file)) return null;
  let text = "";
  let value: unknown;
  try {
    if (statSync(file).size > mostBytes) throw new RangeError(l10n.t("it has more than {0} bytes", mostBytes));
    text = readFileSync(file, "utf8").replace(/^\ufeff/, "");
    value = JSON.parse(text);
  } catch (error) {
    const mark = /^(?:<{7}|\|{7}|={7}|>{7})(?: .*)?$/m.exec(text);
    if (mark === null) throw damaged(file, messageOf(error));
    const line = text.slice(0, mark.index).split("\n").length;
    throw damaged(
      file,
      l10n.t(
        "line {0} is the mark of a merge that is not finished; keep the lines of both sides and remove the marks",
        line,
      ),
    );
  }
  if (!isRecord(value)) throw damaged(file, l10n.t('expected an object with "{0}"', fields.join('" and "')));
  return { value, text };
}

/** Tells one state of a file from others: what is written anew has another one. `null` when none can be looked at. */
export function stampOf(file: string): string | null {
  try {
    const { ino, size, mtimeNs } = statSync(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return null;
  }
}

/** Writes a file whole or not at all; answers its {@link stampOf}. `text` is made when it is written, and may throw. */
export function writeKept(file: string, text: () => string): string | null {
  const temporary = `${file}.${randomUUID().slice(0, 8)}`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(temporary, text(), { flag: "wx" });
    // Before it has its name, nobody else writes it.
    const stamp = stampOf(temporary);
    renameSync(temporary, file);
    return stamp;
  } catch (error) {
    // Where no folder could be made there is nothing to remove.
    if (existsSync(temporary)) rmSync(temporary, { force: true });
    throw new CleanSplitError("forbidden", l10n.t("{0} cannot be written: {1}.", file, messageOf(error)));
  }
}

/** A file that is to be written, with its text. */
export interface PreparedFile {
  readonly file: string;
  readonly text: string;
}

/** Writes several files or none: what was written is put back when a later one cannot be. Answers the stamp of each. */
export function writeAllKept(files: readonly PreparedFile[]): (string | null)[] {
  const before = files.length < 2 ? [] : files.map(({ file }) => (existsSync(file) ? readFileSync(file) : null));
  const stamps: (string | null)[] = [];
  try {
    for (const { file, text } of files) stamps.push(writeKept(file, () => text));
    return stamps;
  } catch (error) {
    stamps.forEach((_, index) => {
      const [file, bytes] = [files[index]?.file ?? "", before[index] ?? null];
      if (bytes === null) rmSync(file, { force: true });
      else writeFileSync(file, bytes);
    });
    throw error;
  }
}

/** Whether a value is an object with names. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
