import { link, lstat, mkdir, open, readFile, realpath, rename, rm, stat, unlink } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError, messageOf } from "../../core/errors";
import type { QuarantineResult, UndoResult } from "../../core/sanitize/plan";
import type { Progress, Run } from "../engine";
import { isImageFileName } from "../decode/formats";
import { isRecord } from "../home";
import type { Pool } from "../pool/pool";
import { imagePath, type FolderSource } from "../sources/sources";
import { codeOf, flushFolder, writeError } from "./durable";
import type { Plan } from "./outputs";
import { differingTwins } from "./twins";
import { removeEmptyFolders } from "./writtenFiles";

/** Name of the record in a quarantine folder: what is moved from where. It is written before the first file moves. */
export const QUARANTINE = "cleansplit-quarantine.json";

const SCHEMA = "cleansplit/quarantine@1";

/** About two million files. */
const MOST_BYTES = 400 * 2 ** 20;

/** Quarantines of one dataset that may lie beside each other. */
const MOST_FOLDERS = 100;

/** What the record says. It names no place outside: dataset and quarantine lie side by side, wherever that is. */
interface QuarantineRecord {
  readonly schema: typeof SCHEMA;
  /** ISO 8601, in UTC. */
  readonly created: string;
  /** Name of the dataset folder. */
  readonly dataset: string;
  /** Paths of the images, with `/` between names: the same below the dataset and below the quarantine. */
  readonly files: readonly string[];
}

/**
 * Moves the image files that leave under a plan into a new folder beside their dataset, `<dataset>-quarantine`, in the same
 * layout. A record of all moves is written first, so that whatever happens meanwhile can be put back; when a move fails, those
 * before it are put back at once. Rejects with a `CleanSplitError` for datasets that are not folders of images.
 */
export async function quarantine(plan: Plan, pool: Pool, run: Run<Progress>): Promise<QuarantineResult> {
  const source = movableSource(plan);
  const files = leavingPaths(source, plan.decision.stays);
  if (files.length === 0) {
    throw new CleanSplitError("refused", l10n.t("No image leaves under this plan, so there is nothing to move."));
  }
  const forged = await differingTwins(plan.inspection, plan.decision, pool, run.signal);
  if (forged.length > 0) {
    throw new CleanSplitError(
      "changed",
      l10n.t("The images are not as they were when this plan was made. Inspect the dataset again."),
    );
  }
  run.signal.throwIfAborted();
  const root = await realpath(source.root);
  const folder = await makeFolder(root);
  const created = new Date().toISOString();
  try {
    await writeRecord(folder, { schema: SCHEMA, created, dataset: path.basename(root), files });
    await moveAll(root, folder, files, run);
  } catch (error) {
    const { kept } = await putBack(folder, root, files, {
      signal: new AbortController().signal,
      progress: () => undefined,
    });
    const failure = run.signal.aborted && error instanceof Error ? error : writeError(folder, error);
    if (kept.length === 0 || !(failure instanceof CleanSplitError)) throw failure;
    throw new CleanSplitError(
      failure.reason,
      l10n.t("{0} Put back what was moved: cleansplit restore {1}", failure.message, folder),
    );
  }
  return { folder, files: files.length };
}

/**
 * Puts back what `quarantine` moved into a folder, also when it was interrupted, and removes the folder as far as it is empty.
 * Where another file is by now nothing is put; such files stay in the quarantine and are named.
 */
export async function restore(folder: string, run: Run<Progress>): Promise<UndoResult> {
  const place = path.resolve(folder);
  const { dataset, files } = await readRecord(place);
  const root = path.join(path.dirname(place), dataset);
  if ((await stat(root).catch(() => null))?.isDirectory() !== true) {
    throw new CleanSplitError(
      "not-found",
      l10n.t(
        "{0} is not there, so nothing can be put back into it. Move the dataset, or this folder, so that both lie side by side.",
        root,
      ),
    );
  }
  return { folder: place, ...(await putBack(place, root, files, run)) };
}

/** The folder of images of a plan that can be carried out by moving files out of it. */
function movableSource({ inspection: { dataset }, decision }: Plan): FolderSource {
  const unsupported = (text: string): CleanSplitError => new CleanSplitError("unsupported", text);
  const [source, ...others] = dataset.sources;
  for (const one of dataset.sources) {
    if (one.kind !== "folder") {
      throw unsupported(
        l10n.t(
          "{0} holds its images within one file, so they cannot be moved away. Write a sanitized copy instead.",
          one.kind === "packed" ? one.file : one.format.file,
        ),
      );
    }
  }
  if (source?.kind !== "folder" || others.length > 0) {
    throw unsupported(
      l10n.t("Images are moved out of one dataset folder at a time. Name one folder, or write a sanitized copy."),
    );
  }
  const { splitOf } = dataset.table;
  if (decision.splitOf.some((split, sample) => decision.stays[sample] === 1 && split !== splitOf[sample])) {
    throw unsupported(
      l10n.t(
        "This plan moves images to other splits, which only a copy can do. Write a sanitized copy, or plan to protect a split.",
      ),
    );
  }
  return source;
}

/** Paths of the images that leave; the samples of an only source are numbered as its images are. */
function leavingPaths(source: FolderSource, stays: Uint8Array): string[] {
  const paths: string[] = [];
  for (let position = 0; position < source.size; position++) {
    if (stays[position] === 0) paths.push(imagePath(source, position));
  }
  return paths;
}

/** A new folder beside a dataset; there may be some of earlier times. */
async function makeFolder(root: string): Promise<string> {
  for (let index = 1; index <= MOST_FOLDERS; index++) {
    const folder = `${root}-quarantine${index === 1 ? "" : `-${index}`}`;
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw writeError(folder, error);
    }
  }
  throw new CleanSplitError(
    "refused",
    l10n.t("{0} has {1} quarantines already. Restore or remove some.", root, MOST_FOLDERS),
  );
}

async function writeRecord(folder: string, record: QuarantineRecord): Promise<void> {
  const handle = await open(path.join(folder, QUARANTINE), "wx");
  try {
    const { files, ...head } = record;
    const lines = files.map((file) => `\n    ${JSON.stringify(file)}`).join(",");
    const text = JSON.stringify(head, null, 2);
    await handle.writeFile(`${text.slice(0, text.lastIndexOf("\n}"))},\n  "files": [${lines}\n  ]\n}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await flushFolder(folder);
  await flushFolder(path.dirname(folder));
}

async function moveAll(root: string, folder: string, files: readonly string[], run: Run<Progress>): Promise<void> {
  const made = new Set<string>();
  for (const [index, file] of files.entries()) {
    run.signal.throwIfAborted();
    const [source, target] = [path.join(root, file), path.join(folder, file)];
    const parent = path.dirname(target);
    if (!made.has(parent)) await mkdir(parent, { recursive: true });
    made.add(parent);
    await rename(source, target).catch((error: unknown) => {
      throw moveError(source, error);
    });
    run.progress({ phase: "writing", done: index + 1, total: files.length });
  }
}

function moveError(file: string, error: unknown): Error {
  if (codeOf(error) === "ENOENT") {
    return new CleanSplitError("changed", l10n.t("{0} is no longer there. Inspect the dataset again.", file));
  }
  if (codeOf(error) === "EXDEV") {
    return new CleanSplitError(
      "unsupported",
      l10n.t(
        "{0} lies on another disk than the folder beside the dataset, so it cannot be moved there. Write a sanitized copy.",
        file,
      ),
    );
  }
  return writeError(file, error);
}

/** Moves back every file that is in the quarantine, and removes what is empty then. */
async function putBack(
  folder: string,
  root: string,
  files: readonly string[],
  run: Run<Progress>,
): Promise<Pick<UndoResult, "files" | "kept">> {
  const kept: string[] = [];
  const places = new PlainFolders();
  let moved = 0;
  for (const [index, file] of files.entries()) {
    run.signal.throwIfAborted();
    const parent = path.dirname(file);
    const source = path.join(folder, file);
    const isThere = await places.isPlain(folder, parent);
    if (isThere) await mkdir(path.join(root, parent), { recursive: true });
    const outcome = !isThere
      ? "absent"
      : (await places.isPlain(root, parent))
        ? await moveBack(source, path.join(root, file))
        : "taken";
    if (outcome === "taken") kept.push(source);
    if (outcome === "moved") moved += 1;
    run.progress({ phase: "writing", done: index + 1, total: files.length });
  }
  if (kept.length === 0) await rm(path.join(folder, QUARANTINE), { force: true });
  await removeEmptyFolders(folder, files);
  return { files: moved, kept };
}

/** Folders that were looked at: whether they lie where their path says, and no link on the way leads elsewhere. */
class PlainFolders {
  private readonly known = new Map<string, boolean>();

  async isPlain(root: string, below: string): Promise<boolean> {
    const folder = path.join(root, below);
    const known = this.known.get(folder);
    if (known !== undefined) return known;
    const [realRoot, real] = await Promise.all([realpath(root), realpath(folder).catch(() => "")]);
    const isPlain = real === path.join(realRoot, below);
    // One that is missing may come.
    if (real !== "") this.known.set(folder, isPlain);
    return isPlain;
  }
}

/** Moves a file where it was, never over another one. */
async function moveBack(source: string, target: string): Promise<"moved" | "taken" | "absent"> {
  const stats = await lstat(source).catch(() => null);
  if (stats === null) return "absent";
  const there = await lstat(target).catch(() => null);
  if (there !== null && there.ino === stats.ino && there.dev === stats.dev) {
    // It was stopped between the two steps below.
    await unlink(source);
    return "moved";
  }
  if (there !== null) return "taken";
  if (stats.isFile()) {
    try {
      // Unlike a renaming it fails when a file comes there just now.
      await link(source, target);
      await unlink(source);
      return "moved";
    } catch (error) {
      if (codeOf(error) === "EEXIST") return "taken";
      if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(codeOf(error)))
        throw writeError(target, error);
    }
  }
  await rename(source, target).catch((error: unknown) => {
    throw writeError(target, error);
  });
  return "moved";
}

async function readRecord(folder: string): Promise<QuarantineRecord> {
  const file = path.join(folder, QUARANTINE);
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) throw new RangeError(l10n.t("it has more than {0} bytes", MOST_BYTES));
    return parseRecord(await readFile(file, "utf8"), path.basename(folder));
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") {
      throw new CleanSplitError(
        "not-found",
        l10n.t('{0} holds no {1}: expected a folder that "cleansplit quarantine" made.', folder, QUARANTINE),
      );
    }
    throw new CleanSplitError("corrupt", l10n.t("{0} cannot be used: {1}. Nothing was moved.", file, messageOf(error)));
  }
}

/** Checks all of it: a record that came from elsewhere must move nothing but images, and those only side by side. */
function parseRecord(text: string, name: string): QuarantineRecord {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value) || value["schema"] !== SCHEMA) throw new TypeError(l10n.t("expected the schema {0}", SCHEMA));
  const { dataset, files } = value;
  if (typeof dataset !== "string" || !name.startsWith(`${dataset}-quarantine`) || dataset === "") {
    throw new TypeError(l10n.t("expected a folder called {0}-quarantine, beside the dataset", String(dataset)));
  }
  if (!Array.isArray(files)) throw new TypeError(l10n.t("it lacks the files"));
  const wrong = files.findIndex((file) => typeof file !== "string" || !isImageBelow(file));
  if (wrong >= 0) throw new TypeError(l10n.t("file {0} in it is no image below the dataset", wrong + 1));
  return value as unknown as QuarantineRecord;
}

function isImageBelow(file: string): boolean {
  const parts = file.split("/");
  const isBelow = parts.every((part) => part !== "" && part !== "." && part !== "..") && !path.isAbsolute(file);
  return isBelow && path.normalize(file).split(path.sep).length === parts.length && isImageFileName(parts.at(-1) ?? "");
}
