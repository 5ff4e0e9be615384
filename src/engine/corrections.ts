import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import path from "node:path";
import type { Assignment, DatasetRequest } from "../core/dataset/dataset";
import { CleanSplitError, messageOf } from "../core/errors";
import { isBelow, isPartOf } from "./recognition/inputs";

/** Folder of what people decided about the datasets beside it and below; it is made to be committed. */
export const CORRECTIONS_FOLDER = ".cleansplit";

const FILE = "dataset.json";
const VERSION = 1;

/** A file of decisions is written by hand or by CleanSplit; one of more bytes is something else. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The file as it lies on disk; fields of others in it are kept. */
interface Content {
  readonly version: number;
  /** Names of splits by path from the folder that holds {@link CORRECTIONS_FOLDER}; `null` leaves a part out. */
  readonly splits: Readonly<Record<string, string | null>>;
}

/**
 * Corrections of the parts of some inputs, from the file nearest to each input: in its own folder or in one above it.
 * Throws a `CleanSplitError` when a file is damaged.
 */
export function readCorrections(inputs: readonly string[]): Assignment[] {
  const homes = new Set(inputs.flatMap((input) => homeOf(input) ?? []));
  return [...homes].flatMap((home) => {
    const file = path.join(home, CORRECTIONS_FOLDER, FILE);
    return Object.entries(readContent(file)?.splits ?? {}).flatMap(([name, split]) => {
      const place = path.join(home, ...name.split("/"));
      const own = inputs.some((input) => homeOf(input) === home && isPartOf(place, input));
      return own ? [{ path: place, split, file }] : [];
    });
  });
}

/**
 * Keeps `assignments` as all that is corrected of some inputs, beside what the files say about others. Where no folder
 * above an input has corrections yet, `newHome` says which one gets them. Answers the files that changed.
 */
export function writeCorrections(
  inputs: readonly string[],
  assignments: readonly Assignment[],
  newHome: (input: string) => string,
): string[] {
  const homes = new Map(inputs.map((input) => [input, homeOf(input) ?? newHome(input)]));
  return [...new Set(homes.values())].flatMap((home) => {
    const own = inputs.filter((input) => homes.get(input) === home);
    const isOwn = (place: string): boolean => own.some((input) => isPartOf(place, input));
    const file = path.join(home, CORRECTIONS_FOLDER, FILE);
    const before = readContent(file);
    const others = Object.entries(before?.splits ?? {}).filter(([name]) => !isOwn(path.join(home, ...name.split("/"))));
    const corrected = assignments
      .filter((assignment) => isOwn(assignment.path))
      .map(({ path: place, split }) => [nameBelow(home, place), split] as const);
    const splits = Object.fromEntries([...others, ...corrected].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    if (before === null && corrected.length === 0) return [];
    writeContent(file, { ...before, version: VERSION, splits });
    return [file];
  });
}

/** A request with what its datasets' files say added. What the request says itself goes before it. */
export function withCorrections(request: DatasetRequest): DatasetRequest {
  const kept = readCorrections(request.inputs).filter(
    (correction) => !request.assignments.some((assignment) => isBelow(correction.path, assignment.path)),
  );
  return kept.length === 0 ? request : { ...request, assignments: [...kept, ...request.assignments] };
}

/** The nearest folder at or above an input that holds corrections; `null` when there is none. */
function homeOf(input: string): string | null {
  for (let folder = input; ; folder = path.dirname(folder)) {
    if (isFolder(path.join(folder, CORRECTIONS_FOLDER))) return folder;
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

function nameBelow(home: string, place: string): string {
  return path.relative(home, place).split(path.sep).join("/") || ".";
}

function readContent(file: string): Content | null {
  if (!existsSync(file)) return null;
  const damaged = (what: string): CleanSplitError =>
    new CleanSplitError("corrupt", `${file} cannot be used: ${what}. Repair it or delete it; it was not changed.`);
  let value: unknown;
  try {
    if (statSync(file).size > MOST_BYTES) throw new RangeError(`it has more than ${MOST_BYTES} bytes`);
    value = JSON.parse(readFileSync(file, "utf8").replace(/^\ufeff/, ""));
  } catch (error) {
    throw damaged(messageOf(error));
  }
  if (!isRecord(value)) throw damaged('expected an object with "version" and "splits"');
  const { version, splits } = value;
  if (typeof version === "number" && version > VERSION) {
    throw damaged(`it has version ${version}, and this CleanSplit knows ${VERSION}; a newer one reads it`);
  }
  if (version !== VERSION) throw damaged(`expected "version": ${VERSION}`);
  if (!isRecord(splits)) throw damaged('expected "splits", an object of paths and names of splits');
  for (const [name, split] of Object.entries(splits)) {
    if (path.isAbsolute(name) || path.win32.isAbsolute(name) || name.split("/").includes("..")) {
      throw damaged(`${JSON.stringify(name)} leads out of the folder that holds ${CORRECTIONS_FOLDER}`);
    }
    if (split !== null && !isSplitName(split)) {
      throw damaged(`${JSON.stringify(name)} needs the name of a split, or null to leave it out`);
    }
  }
  return { ...value, version, splits: splits as Content["splits"] };
}

/** Sorted and one entry a line, so that two people's corrections merge. */
function writeContent(file: string, content: Content): void {
  const temporary = `${file}.${randomUUID().slice(0, 8)}`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(temporary, `${JSON.stringify(content, null, 2)}\n`, { flag: "wx" });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CleanSplitError("forbidden", `${file} cannot be written: ${messageOf(error)}.`);
  }
}

function isSplitName(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "" && value.length <= 255 && !/[\u0000-\u001f]/.test(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
