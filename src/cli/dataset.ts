import { access, constants, stat } from "node:fs/promises";
import path from "node:path";
import type { Assignment, DatasetRequest, LabelAssignment } from "../core/dataset/dataset";
import { isInside } from "../engine/sources/listing";
import { UsageError, type Arguments } from "./arguments";

/** The dataset that the paths and `--split` options name. */
export function datasetRequest(args: Arguments, cwd: string): DatasetRequest {
  const assignments = args.all("split").map((text): Assignment => {
    const equals = text.indexOf("=");
    const name = text.slice(0, Math.max(0, equals)).trim();
    const place = text.slice(equals + 1);
    if (name === "" || place === "") {
      throw new UsageError(`--split needs NAME=PATH, e.g. --split test=data/test, not "${text}".`);
    }
    return { path: path.resolve(cwd, place), split: name };
  });
  const labels = args.all("labels").map((text) => labelsOption(text, cwd));
  const inputs = args.positionals.map((place) => path.resolve(cwd, place));
  // A split that lies elsewhere is part of the dataset too: --split train=A --split test=B needs no further path.
  for (const named of [...assignments.map((assignment) => assignment.path), ...labels.map(({ images }) => images)]) {
    const place = fileOf(named);
    if (!inputs.some((input) => isInside(path.relative(input, place)))) inputs.push(place);
  }
  if (inputs.length === 0)
    throw new UsageError("Name the folder, the archive, the list of images or the array file of the dataset.");
  return { inputs: [...new Set(inputs)], assignments, ...(labels.length === 0 ? {} : { labels }) };
}

/** `KEY=ARRAYS.npz#images`: the array KEY of the same file; of a file that is one array, the file KEY beside it. */
function labelsOption(text: string, cwd: string): LabelAssignment {
  const equals = text.indexOf("=");
  const key = text.slice(0, Math.max(0, equals)).trim();
  const place = text.slice(equals + 1);
  if (key === "" || place === "") {
    throw new UsageError(`--labels needs KEY=ARRAY, e.g. --labels y=data.npz#X, not "${text}".`);
  }
  const images = path.resolve(cwd, place);
  const file = fileOf(images);
  return { images, labels: file === images ? path.join(path.dirname(file), key) : `${file}#${key}` };
}

/** The one folder that a command takes, as an absolute path; `example` shows how it is named. */
export function onlyFolder(args: Arguments, cwd: string, example: string): string {
  const [folder, ...others] = args.positionals;
  if (folder === undefined) throw new UsageError(`Name the folder, e.g. ${example}`);
  if (others.length > 0) throw new UsageError(`Name one folder only, e.g. ${example}`);
  return path.resolve(cwd, folder);
}

/** The file of a path that names one array of it by `#key`. */
function fileOf(place: string): string {
  const hash = path.basename(place).indexOf("#");
  return hash > 0 ? path.join(path.dirname(place), path.basename(place).slice(0, hash)) : place;
}

/** The arguments that name the same dataset again, ready to be pasted into a shell. */
export function datasetArguments(args: Arguments, platform: string): string {
  const parts = [
    ...args.positionals,
    ...args.all("split").flatMap((split) => ["--split", split]),
    ...args.all("labels").flatMap((labels) => ["--labels", labels]),
    ...(args.has("no-corrections") ? ["--no-corrections"] : []),
  ];
  return parts.map((part) => quote(part, platform)).join(" ");
}

/** A new folder for the sanitized set, as a person would name it: beside the dataset, or here when that is not writable. */
export async function suggestOut(args: Arguments, cwd: string, platform: string): Promise<string> {
  const first = args.positionals[0] ?? args.all("split")[0]?.replace(/^[^=]*=/, "") ?? ".";
  const source = fileOf(path.resolve(cwd, first));
  const isFolder = await stat(source).then(
    (entry) => entry.isDirectory(),
    () => true,
  );
  const name = `${(isFolder ? path.basename(source) : path.parse(source.replace(/\.gz$/i, "")).name) || "dataset"}-sanitized`;
  const beside = path.dirname(source);
  const canWrite = await access(beside, constants.W_OK).then(
    () => true,
    () => false,
  );
  const parent = canWrite || isInside(path.relative(source, cwd)) ? beside : cwd;
  let target = path.join(parent, name);
  for (let copy = 2; copy < 100 && (await exists(target)); copy++) target = path.join(parent, `${name}-${copy}`);
  const relative = path.relative(cwd, target);
  return quote(path.isAbsolute(first) && canWrite ? target : relative, platform);
}

async function exists(place: string): Promise<boolean> {
  return access(place).then(
    () => true,
    () => false,
  );
}

/** A word as a shell takes it: unchanged when plain, else quoted. */
export function quote(word: string, platform: string): string {
  if (/^[\w@%+=:,./~#-]+$/u.test(word) && !word.startsWith("~") && !word.startsWith("#")) return word;
  if (platform === "win32") return /^[\w@%+=:,./\\#-]+$/u.test(word) ? word : `"${word}"`;
  if (/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(word)) return ansiQuote(word);
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Quotes of bash and zsh that spell every byte which is not printable ASCII. */
function ansiQuote(word: string): string {
  const bytes = [...Buffer.from(word, "utf8")].map((byte) => {
    const character = String.fromCharCode(byte);
    if (character === "'" || character === "\\") return `\\${character}`;
    return byte >= 0x20 && byte < 0x7f ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `$'${bytes.join("")}'`;
}
