import path from "node:path";
import { recogniseFolders } from "../../core/dataset/folders";
import { CleanSplitError } from "../../core/errors";
import type { Run } from "../engine";
import type { Pool } from "../pool/pool";
import { isIdxName } from "../sources/idxNames";
import { compareNames, type ListedFolder } from "../sources/listing";
import { joinPath, type SourceFolder } from "../sources/sources";
import { recogniseArrayFiles, stem } from "./arrays";
import { assignmentFor, isBelow, type Input } from "./inputs";
import type { Recognition, Stretch } from "./recognition";

/** Finds the samples of a folder: its images as one source, and the arrays of the array files in it. */
export async function recogniseFolder(input: Input, found: Recognition, pool: Pool, run: Run<number>): Promise<void> {
  const listed = await listTree(input.path, pool, run);
  for (const folder of listed) {
    found.ignored.push(...folder.ignored.map((entry) => ({ ...entry, path: `${input.prefix}${entry.path}` })));
  }
  found.ignored.sort((a, b) => compareNames(a.path, b.path));
  recogniseImages(input, listed, found);
  for (const set of arraySets(listed)) {
    await recogniseArrayFiles(
      {
        input,
        files: set.files.map((name) => path.join(input.path, set.folder, name)),
        ids: set.files.map((name) => `${input.prefix}${joinPath(set.folder, name)}`),
        name: set.files.length === 1 ? stem(set.files[0] ?? "") : set.folder || path.basename(input.path),
        output: `${input.prefix}${joinPath(set.folder, "")}`,
      },
      found,
      pool,
      run.signal,
    ).catch((error: unknown) => {
      if (!(error instanceof CleanSplitError)) throw error;
      // A folder may hold pickles that are no dataset; a set of IDX files that is damaged is one that is.
      if (set.isIdx) throw error;
      found.ignored.push({
        path: `${input.prefix}${joinPath(set.folder, set.files.join(", "))}`,
        reason: error.message,
      });
    });
  }
}

/** Lists a folder and all below it, as many at once as there are workers; in the order of their paths. */
async function listTree(root: string, pool: Pool, run: Run<number>): Promise<ListedFolder[]> {
  const listed: ListedFolder[] = [];
  let images = 0;
  const visit = async (folder: string): Promise<void> => {
    const one = await pool.run("list", { root, folder }, run.signal);
    listed.push(one);
    images += one.images.ends.length;
    run.progress(images);
    await Promise.all(one.folders.map(visit));
  };
  await visit("");
  return listed.sort((a, b) => compareNames(a.path, b.path));
}

function recogniseImages(input: Input, listed: readonly ListedFolder[], found: Recognition): void {
  const annotated = new Set(listed.filter((folder) => folder.annotations > 0).map((folder) => folder.path));
  // Where YOLO looks for annotations: images/train has labels/train. Others keep them beside the images.
  const annotationsOf = (folder: ListedFolder): { readonly annotations?: string } => {
    const beside = folder.path.replace(/(^|.*\/)images(?=\/|$)/i, "$1labels");
    if (beside !== folder.path && annotated.has(beside)) return { annotations: beside };
    return folder.annotations > 0 && folder.annotations * 2 >= folder.images.ends.length ? { annotations: "" } : {};
  };
  const withImages = listed.filter((folder) => folder.images.ends.length > 0);
  const meanings = recogniseFolders(
    withImages.map((folder) => ({ path: folder.path, images: folder.images.ends.length, ...annotationsOf(folder) })),
    path.basename(input.path),
  );
  const folders: SourceFolder[] = [];
  const stretches: Stretch[] = [];
  let size = 0;
  withImages.forEach((folder, index) => {
    const meaning = meanings[index];
    if (meaning === undefined) return;
    const count = folder.images.ends.length;
    const absolute = path.join(input.path, folder.path);
    const unit = path.join(input.path, meaning.unit);
    const split = found.place(input, absolute, unit, count, meaning);
    if (split === null) return;
    folders.push({ path: folder.path, names: folder.images, start: size });
    stretches.push({ count, split, label: labelBelowAssignment(found, absolute, unit) ?? meaning.label });
    size += count;
  });
  if (size === 0) return;
  const source = { kind: "folder", root: input.path, prefix: input.prefix, folders, size } as const;
  found.parts.push({ source, name: path.basename(input.path), stretches, labels: null });
}

/** Below an assignment that lies deeper than the recognised split, the rest of the path names the class. */
function labelBelowAssignment(found: Recognition, absolute: string, unit: string): string | null {
  const assigned = assignmentFor(absolute, found.assignments)?.path;
  if (assigned === undefined || assigned === unit || !isBelow(assigned, unit)) return null;
  return path.relative(assigned, absolute).split(path.sep).join("/") || null;
}

interface ArraySet {
  readonly folder: string;
  readonly files: readonly string[];
  readonly isIdx: boolean;
}

/** Array files that are read together: the IDX files of one folder, and every other file alone. */
function arraySets(listed: readonly ListedFolder[]): ArraySet[] {
  return listed.flatMap(({ path: folder, arrays }) => {
    const idx = arrays.filter(isIdxName);
    const others = arrays.filter((name) => !isIdxName(name)).map((name) => ({ folder, files: [name], isIdx: false }));
    return idx.length === 0 ? others : [...others, { folder, files: idx, isIdx: true }];
  });
}
