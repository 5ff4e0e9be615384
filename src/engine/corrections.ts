import path from "node:path";
import * as l10n from "@vscode/l10n";
import type { Assignment, DatasetRequest, LabelAssignment } from "../core/dataset/dataset";
import { damaged, fileOfHome, HOME_FOLDER, homeOf, isRecord, nameBelow, readKept, writeKept } from "./home";
import { isBelow, isPartOf } from "./recognition/inputs";

const FILE = "dataset.json";
const VERSION = 1;

/** A file of corrections is written by hand or by CleanSplit; one of more bytes is something else. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The file as it lies on disk; fields of others in it are kept. */
interface Content {
  readonly version: number;
  /** Names of splits by path from the folder that holds {@link HOME_FOLDER}; `null` leaves a part out. */
  readonly splits: Readonly<Record<string, string | null>>;
  /** Which array holds the labels of an image array: both are paths like those of splits; `null` when it has none. */
  readonly labels?: Readonly<Record<string, string | null>>;
}

/**
 * Corrections of the parts of some inputs, from the file nearest to each input: in its own folder or in one above it.
 * Throws a `CleanSplitError` when a file is damaged.
 */
export function readCorrections(inputs: readonly string[]): Assignment[] {
  const homes = new Set(inputs.flatMap((input) => homeOf(input) ?? []));
  return [...homes].flatMap((home) => {
    const file = fileOfHome(home, FILE);
    return Object.entries(readContent(file)?.splits ?? {}).flatMap(([name, split]) => {
      const place = path.join(home, ...name.split("/"));
      const own = inputs.some((input) => homeOf(input) === home && isPartOf(place, input));
      return own ? [{ path: place, split, file }] : [];
    });
  });
}

/** Which arrays of some inputs hold labels, by the same files. Throws a `CleanSplitError` when a file is damaged. */
export function readLabels(inputs: readonly string[]): LabelAssignment[] {
  const homes = new Set(inputs.flatMap((input) => homeOf(input) ?? []));
  return [...homes].flatMap((home) => {
    const file = fileOfHome(home, FILE);
    const placeOf = (name: string): string => path.join(home, ...name.split("/"));
    return Object.entries(readContent(file)?.labels ?? {}).flatMap(([name, labels]) => {
      const images = placeOf(name);
      const own = inputs.some((input) => homeOf(input) === home && isPartOf(images, input));
      return own ? [{ images, labels: labels === null ? null : placeOf(labels), file }] : [];
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
    const file = fileOfHome(home, FILE);
    const before = readContent(file);
    const others = Object.entries(before?.splits ?? {}).filter(([name]) => !isOwn(path.join(home, ...name.split("/"))));
    const corrected = assignments
      .filter((assignment) => isOwn(assignment.path))
      .map(({ path: place, split }) => [nameBelow(home, place), split] as const);
    const splits = Object.fromEntries([...others, ...corrected].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    if (before === null && corrected.length === 0) return [];
    // Sorted and one entry a line, so that two people's corrections merge.
    writeKept(file, () => `${JSON.stringify({ ...beside(before), version: VERSION, splits }, null, 2)}\n`);
    return [file];
  });
}

/** A request with what its datasets' files say added. What the request says itself goes before it. */
export function withCorrections(request: DatasetRequest): DatasetRequest {
  const kept = readCorrections(request.inputs).filter(
    (correction) => !request.assignments.some((assignment) => isBelow(correction.path, assignment.path)),
  );
  const said = new Set(request.labels?.map(({ images }) => images));
  const labels = readLabels(request.inputs).filter(({ images }) => !said.has(images));
  return {
    ...request,
    assignments: kept.length === 0 ? request.assignments : [...kept, ...request.assignments],
    ...(labels.length === 0 ? {} : { labels: [...labels, ...(request.labels ?? [])] }),
  };
}

/** What stays of a file when its splits change; what it does not say, it is not made to say. */
function beside(content: Content | null): Partial<Content> {
  if (content === null) return {};
  const { labels = {}, ...others } = content;
  return Object.keys(labels).length === 0 ? others : { ...others, labels };
}

function readContent(file: string): Content | null {
  const read = readKept(file, MOST_BYTES, ["version", "splits"]);
  if (read === null) return null;
  const { version, splits, labels = {} } = read.value;
  if (typeof version === "number" && version > VERSION) {
    throw damaged(
      file,
      l10n.t("it has version {0}, and this CleanSplit knows {1}; a newer one reads it", version, VERSION),
    );
  }
  if (version !== VERSION) throw damaged(file, l10n.t('expected "version": {0}', VERSION));
  if (!isRecord(splits)) throw damaged(file, l10n.t('expected "splits", an object of paths and names of splits'));
  if (!isRecord(labels))
    throw damaged(file, l10n.t('expected "labels", an object of paths of image arrays and of their labels'));
  for (const [name, split] of Object.entries(splits)) {
    checkPlace(file, name);
    if (split !== null && !isSplitName(split)) {
      throw damaged(file, l10n.t("{0} needs the name of a split, or null to leave it out", JSON.stringify(name)));
    }
  }
  for (const [name, place] of Object.entries(labels)) {
    checkPlace(file, name);
    if (place === null) continue;
    if (typeof place !== "string")
      throw damaged(file, l10n.t("{0} needs the path of its labels, or null", JSON.stringify(name)));
    checkPlace(file, place);
  }
  return {
    ...read.value,
    version,
    splits: splits as Content["splits"],
    labels: labels as Record<string, string | null>,
  };
}

function checkPlace(file: string, name: string): void {
  if (path.isAbsolute(name) || path.win32.isAbsolute(name) || name.split("/").includes("..")) {
    throw damaged(file, l10n.t("{0} leads out of the folder that holds {1}", JSON.stringify(name), HOME_FOLDER));
  }
}

function isSplitName(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "" && value.length <= 255 && !/[\u0000-\u001f]/.test(value);
}
