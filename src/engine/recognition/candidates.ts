import type { Dirent } from "node:fs";
import { access, opendir } from "node:fs/promises";
import path from "node:path";
import { findCandidates, isDataFileName, type Candidate, type SeenFolder } from "../../core/dataset/candidates";
import { isContainerName } from "../../core/dataset/folders";
import { roleWithin } from "../../core/dataset/splits";
import { isImageFileName } from "../decode/formats";

/*
 * Looks for datasets by the names of folders and files: no file is opened, no link is followed, and a walk has an end however
 * large or strange the tree is.
 */

/** A dataset's folder lies at most this deep; its classes lie at most three folders deeper (`images/train/cat`). */
const DEPTH = 3;
const DEPTH_BELOW = 3;

/** Bounds of one walk. Reading 800 folders takes about 0.1 s. */
const MAX_FOLDERS = 800;
const MAX_ENTRIES = 6000;

/** Bounds for one folder: one of a million files tells as much by its first names. */
const ENTRIES_EACH = 250;
const FOLDERS_EACH = 40;

/** A folder whose first names are all those of images is read no further. */
const ENOUGH_IMAGES = 16;

/** Folders of programs, and of what they make. Hidden ones are left out, too. */
const SKIPPED: ReadonlySet<string> = new Set([
  ...["node_modules", "bower_components", "__pycache__", "__MACOSX", "site-packages", "venv", "env", "vendor"],
  ...["dist", "build", "target", "coverage"],
]);

/** What file managers leave among images. */
const LEFTOVERS: ReadonlySet<string> = new Set(["Thumbs.db", "desktop.ini"]);

/** What CleanSplit wrote: a sanitized copy, or a folder of images that were moved out of a dataset. */
const OWN_FILES: ReadonlySet<string> = new Set([
  "cleansplit-certificate.json",
  "cleansplit-manifest.json",
  "cleansplit-quarantine.json",
]);

/** Names of folders to look into first, as a walk may end before it saw everything. */
const PROMISING = /data|samples|mnist|cifar/i;

interface Place {
  /** Path below the root with `/` between names. */
  readonly path: string;
  readonly depth: number;
}

/**
 * What looks like a dataset in a folder, with absolute paths. Answers what it found so far when `signal` aborts; a folder that
 * cannot be read is as if it were empty.
 */
export async function walkForCandidates(root: string, signal: AbortSignal): Promise<Candidate[]> {
  const seen: SeenFolder[] = [];
  const first: Place[] = [{ path: "", depth: 0 }];
  const later: Place[] = [];
  let entries = 0;
  // Nearest folders first, but for those whose names promise something.
  for (let place = first.shift(); place !== undefined; place = first.shift() ?? later.shift()) {
    if (signal.aborted || seen.length >= MAX_FOLDERS || entries >= MAX_ENTRIES) break;
    const { folder, folders, count, isOwn } = await look(root, place.path);
    entries += count;
    if (isOwn) continue;
    seen.push(folder);
    if (place.depth >= DEPTH + DEPTH_BELOW) continue;
    for (const name of folders.sort().slice(0, FOLDERS_EACH)) {
      const below = { path: place.path === "" ? name : `${place.path}/${name}`, depth: place.depth + 1 };
      (isPromising(below.path) ? first : later).push(below);
    }
  }
  const found = findCandidates(seen, DEPTH).map((candidate) => absolute(root, candidate));
  const isOwn = await Promise.all(found.map(({ folder }) => holdsOwnFile(folder)));
  return found.filter((_, index) => isOwn[index] !== true);
}

function absolute(root: string, { folder, inputs, ...candidate }: Candidate): Candidate {
  return { ...candidate, folder: path.join(root, folder), inputs: inputs.map((input) => path.join(root, input)) };
}

interface Look {
  readonly folder: SeenFolder;
  readonly folders: string[];
  readonly count: number;
  readonly isOwn: boolean;
}

async function look(root: string, below: string): Promise<Look> {
  const [dataFiles, folders]: [string[], string[]] = [[], []];
  let [count, images, others] = [0, 0, 0];
  let isOwn = false;
  for await (const entry of entriesOf(path.join(root, below))) {
    count += 1;
    const { name } = entry;
    if (entry.isDirectory()) {
      if (!name.startsWith(".") && !SKIPPED.has(name)) folders.push(name);
    } else if (OWN_FILES.has(name)) isOwn = true;
    else if (!name.startsWith(".") && !LEFTOVERS.has(name)) {
      if (isImageFileName(name)) images += 1;
      else if (isDataFileName(name)) dataFiles.push(name);
      else others += 1;
    }
    if (isOwn || count >= ENTRIES_EACH || (images >= ENOUGH_IMAGES && images === count)) break;
  }
  return { folder: { path: below, images, dataFiles, others }, folders, count, isOwn };
}

async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(folder, { bufferSize: 32 });
  } catch {
    // Nothing of what cannot be read, or vanished meanwhile, is a dataset.
  }
}

function isPromising(below: string): boolean {
  return below.split("/").some((name) => PROMISING.test(name) || isContainerName(name) || roleWithin(name) !== null);
}

/** A folder that was read only in part may be a copy, too. */
async function holdsOwnFile(folder: string): Promise<boolean> {
  const checks = [...OWN_FILES].map((name) =>
    access(path.join(folder, name)).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(checks)).includes(true);
}
