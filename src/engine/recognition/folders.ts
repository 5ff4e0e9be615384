import * as l10n from "@vscode/l10n";
import path from "node:path";
import { recogniseFolders } from "../../core/dataset/folders";
import { languageTag } from "../../core/language";
import type { Run } from "../engine";
import type { Listings } from "../index/listings";
import type { Pool } from "../pool/pool";
import { isIdxName, isNpyName } from "../sources/arrayNames";
import { compareNames, type ListedFolder } from "../sources/listing";
import type { Unpacked } from "../sources/packed/unpacked";
import { joinPath } from "../sources/sources";
import { recogniseArrayFiles } from "./arrays";
import { stem } from "./copiedArrays";
import { FoundImages } from "./foundImages";
import { rootOf, type Input } from "./inputs";
import { recogniseLists, type ListedImages } from "./lists";
import { recognisePackedFiles, stemOf } from "./packed";
import type { Recognition } from "./recognition";

/**
 * Finds the samples of a folder: its images as one source, and the arrays of the array files in it. Of an input that is a
 * list of images only what the list names.
 */
export async function recogniseFolder(
  input: Input,
  found: Recognition,
  pool: Pool,
  run: Run<number>,
  listings: Listings,
  unpacked: Unpacked,
): Promise<void> {
  const root = rootOf(input);
  const listed = await listTree(root, pool, run, listings);
  const only = input.isList ? path.basename(input.path) : null;
  const lists = await recogniseLists(root, input.prefix, only, listed, found, pool, run.signal);
  recogniseImages(input, listed, lists, found);
  if (only !== null) return;
  for (const folder of listed) {
    found.ignored.push(...folder.ignored.map((entry) => ({ ...entry, path: `${input.prefix}${entry.path}` })));
  }
  found.ignored.sort((a, b) => compareNames(a.path, b.path));
  const files = packedFiles(input, listed, found);
  const name = path.basename(root);
  await recognisePackedFiles({ input, root, files, name }, found, pool, run.signal, unpacked);
  for (const set of arraySets(listed)) {
    await recogniseArrayFiles(
      {
        input,
        files: set.files.map((name) => path.join(input.path, set.folder, name)),
        ids: set.files.map((name) => `${input.prefix}${joinPath(set.folder, name)}`),
        name: set.files.length === 1 ? stem(set.files[0] ?? "") : set.folder || path.basename(input.path),
        output: `${input.prefix}${joinPath(set.folder, "")}`,
        // A folder may hold pickles that are no dataset; a set of IDX files that is damaged is one that is.
        mayIgnore: !set.isIdx,
      },
      found,
      pool,
      run.signal,
    );
  }
}

/** The packed files of a folder; one with a folder of its name beside it is what that folder was unpacked from. */
function packedFiles(input: Input, listed: readonly ListedFolder[], found: Recognition): string[] {
  const folders = new Set(listed.map((folder) => folder.path.toLowerCase()));
  return listed.flatMap(({ path: folder, packed }) =>
    packed.flatMap((name) => {
      const below = joinPath(folder, name);
      if (!folders.has(joinPath(folder, stemOf(name)).toLowerCase())) return [below];
      const reason = l10n.t("the folder of its name beside it is read instead; inspect it alone to see what it holds");
      found.ignored.push({ path: `${input.prefix}${below}`, reason });
      return [];
    }),
  );
}

/** Lists a folder and all below it, as many at once as there are workers; in the order of their paths. */
async function listTree(root: string, pool: Pool, run: Run<number>, listings: Listings): Promise<ListedFolder[]> {
  const listed: ListedFolder[] = [];
  let images = 0;
  const visit = async (folder: string): Promise<void> => {
    const last = listings.find(folder);
    const known = last !== null && isInLanguage(last.listed) ? last : null;
    const listing = await pool.run("list", { root, folder, known: known?.stamp ?? null }, run.signal);
    const one = listing.listed ?? known?.listed;
    if (one === undefined) throw new Error(`${folder} was not listed.`);
    listings.keep(one, listing.stamp);
    listed.push(one);
    images += one.images.ends.length;
    run.progress(images);
    await Promise.all(one.folders.map(visit));
  };
  await visit("");
  listings.save();
  return listed.sort((a, b) => compareNames(a.path, b.path));
}

/** Whether what a folder held is told in the language that is spoken now. */
function isInLanguage({ ignored, language }: ListedFolder): boolean {
  return ignored.length === 0 || language === languageTag();
}

function recogniseImages(
  input: Input,
  listed: readonly ListedFolder[],
  lists: ListedImages | null,
  found: Recognition,
): void {
  const root = rootOf(input);
  const annotated = new Set(listed.filter((folder) => folder.annotations > 0).map((folder) => folder.path));
  const withImages = listed.filter((folder) => folder.images.ends.length > 0);
  const meanings = recogniseFolders(
    withImages.map((folder) => ({
      path: folder.path,
      images: folder.images.ends.length,
      ...annotationsOf(folder, annotated),
    })),
    path.basename(root),
  );
  const images = new FoundImages(input, lists, found);
  withImages.forEach((folder, index) => {
    const meaning = meanings[index];
    if (meaning !== undefined) images.add(folder, meaning);
  });
  const part = images.finish(path.basename(input.path));
  if (part !== null) found.parts.push(part);
}

/** Where YOLO looks for annotations: images/train has labels/train. Others keep them beside the images. */
function annotationsOf(folder: ListedFolder, annotated: ReadonlySet<string>): { readonly annotations?: string } {
  const beside = folder.path.replace(/(^|.*\/)images(?=\/|$)/i, "$1labels");
  if (beside !== folder.path && annotated.has(beside)) return { annotations: beside };
  return folder.annotations > 0 && folder.annotations * 2 >= folder.images.ends.length ? { annotations: "" } : {};
}

interface ArraySet {
  readonly folder: string;
  readonly files: readonly string[];
  readonly isIdx: boolean;
}

/** Array files that are read together: the IDX files of one folder, its .npy files, and every other file alone. */
function arraySets(listed: readonly ListedFolder[]): ArraySet[] {
  return listed.flatMap(({ path: folder, arrays }) => {
    const idx = arrays.filter(isIdxName);
    const npy = arrays.filter(isNpyName);
    const others = arrays.filter((name) => !isIdxName(name) && !isNpyName(name));
    return [
      ...others.map((name) => ({ folder, files: [name], isIdx: false })),
      ...(npy.length === 0 ? [] : [{ folder, files: npy, isIdx: false }]),
      ...(idx.length === 0 ? [] : [{ folder, files: idx, isIdx: true }]),
    ];
  });
}
