import * as l10n from "@vscode/l10n";
import { roleWithin } from "../../../core/dataset/splits";
import { CleanSplitError, messageOf } from "../../../core/errors";
import { MOST_ROWS, tooMany } from "./limits";

/** Most levels of a list: real ones have four, and reading thousands takes memory without end. */
const MOST_LEVELS = 16;

/** Most objects and arrays: a record and one list in it for every row. */
const MOST_CONTAINERS = 2 * MOST_ROWS;

/**
 * The records of a JSON text. It may be an array of objects, `{"train": [{...}]}`, `{"train": ["a.png"]}`,
 * `{"cat": ["a.png"]}` or `{"a.png": "cat"}`; the names of what these leave unnamed are `path`, `label` and `split`.
 * Throws a `CleanSplitError` for anything else.
 */
export function readJson(text: string, file: string): object[] {
  checkSize(text, file);
  const value = parseJson(text, file);
  if (Array.isArray(value)) return value.map((item: unknown) => recordOf(item, file));
  if (!isObject(value)) throw unsupported(file);
  const fields: [string, unknown][] = Object.entries(value);
  const isCoco = fields.some(([key]) => key === "annotations") && fields.some(([key]) => key === "images");
  if (isCoco) {
    throw new CleanSplitError(
      "unsupported",
      l10n.t("{0} holds annotations of objects in images (COCO), which give no class to a whole image.", file),
    );
  }
  if (fields.every(([, item]) => isScalar(item))) {
    return fields.map(([path, label]) => ({ path, label }));
  }
  if (!fields.every(([, items]) => Array.isArray(items))) throw unsupported(file);
  const name = fields.every(([key]) => roleWithin(key) !== null) ? "split" : "label";
  return fields.flatMap(([key, items]) =>
    (items as unknown[]).map((item) => ({ [name]: key, ...recordOf(item, file) })),
  );
}

/** The records of a text with one JSON object a line. */
export function readJsonLines(text: string, file: string): object[] {
  const records: object[] = [];
  let line = 0;
  for (const [part] of text.matchAll(/[^\n]+|\n/g)) {
    if (part === "\n") line += 1;
    else if (part.trim() !== "") {
      checkSize(part, file);
      records.push(recordOf(parseJson(part, file, line + 1), file));
      if (records.length > MOST_ROWS) throw tooMany(file);
    }
  }
  return records;
}

function parseJson(text: string, file: string, line: number | null = null): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CleanSplitError(
      "corrupt",
      line === null
        ? l10n.t("{0} is damaged: {1}. Write it again.", file, messageOf(error))
        : l10n.t("{0} is damaged in line {1}: {2}. Write it again.", file, line, messageOf(error)),
    );
  }
}

/** Refuses what would take memory without end, before it is parsed. */
function checkSize(text: string, file: string): void {
  let [levels, containers, inString] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const letter = text.charCodeAt(at);
    if (inString) {
      if (letter === BACKSLASH) at += 1;
      else if (letter === QUOTE) inString = false;
    } else if (letter === QUOTE) inString = true;
    else if (letter === OPEN_BRACE || letter === OPEN_BRACKET) {
      levels += 1;
      containers += 1;
      if (levels > MOST_LEVELS || containers > MOST_CONTAINERS) {
        throw new CleanSplitError(
          "unsupported",
          l10n.t("{0} is too large or too deep for a list of images: expected at most {1} levels.", file, MOST_LEVELS),
        );
      }
    } else if (letter === CLOSE_BRACE || letter === CLOSE_BRACKET) levels -= 1;
  }
}

const [QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

function recordOf(value: unknown, file: string): object {
  if (typeof value === "string") return { path: value };
  if (!isObject(value)) throw unsupported(file);
  return value;
}

function unsupported(file: string): CleanSplitError {
  return new CleanSplitError(
    "unsupported",
    l10n.t('{0} is no list of images: expected objects with a path and a label or split, or {"path": "label"}.', file),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
