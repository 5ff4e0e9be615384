import { closeSync, fstatSync, openSync } from "node:fs";
import { CleanSplitError, messageOf } from "../../core/errors";
import { blockMeans, lumaOf } from "../../core/fingerprint/signature";
import type { Picture } from "../../core/picture";
import { decodeImage, tryDecodeFast } from "../decode/decode";
import type { Kernels } from "../kernels/kernels";
import { readerOf } from "../sources/names";
import { readRows } from "../sources/rows";
import { MAX_BATCHED_BYTES, MAX_MILLISECONDS, readAll } from "./fingerprintFiles";
import type { JobParameter, LookedFiles } from "./jobs";

/** The size looks are scaled to. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Grey levels of image files of one folder, in order, until the time of a job is over. Rejects with a `CleanSplitError` when
 * a file cannot be read: all could when they were inspected.
 */
export async function lookFiles(
  { folder, names, into, ...size }: JobParameter<"lookFiles">,
  kernels: Kernels,
): Promise<LookedFiles> {
  const nameAt = readerOf(names);
  const started = performance.now();
  const bytesOfLook = size.width * size.height;
  let readingTime = 0;
  let done = 0;
  /** Files before this one are looked at; those from here to `done` are in the batch. */
  let looked = 0;
  const fileOf = (index: number): string => `${folder}/${nameAt(index)}`;
  const finish = async (): Promise<void> => {
    if (looked === done) return;
    const { looks, covered } = kernels.looks(size.width, size.height);
    into.set(looks, looked * bytesOfLook);
    const others = Array.from({ length: done - looked }, (_, row) => row)
      .filter((row) => covered[row] === 0)
      .map((row) => ({ index: looked + row, bytes: kernels.bytesOf(row).slice() }));
    looked = done;
    for (const { index, bytes } of others) into.set(await look(fileOf(index), bytes, size), index * bytesOfLook);
  };
  while (done < names.ends.length && (done === 0 || performance.now() - started < MAX_MILLISECONDS)) {
    const before = performance.now();
    const { bytes, isBatched } = readFile(fileOf(done), kernels);
    readingTime += performance.now() - before;
    if (isBatched) {
      done++;
      if (kernels.add(bytes.length)) await finish();
      continue;
    }
    await finish();
    into.set(await look(fileOf(done), bytes, size), done * bytesOfLook);
    looked = ++done;
  }
  await finish();
  return { done, time: performance.now() - started, readingTime };
}

/** Grey levels of rows of an array: of those that are `picked`, counted from row `from`. */
export function lookRows({ format, from, picked, into, ...size }: JobParameter<"lookRows">): null {
  const rows = readRows(format, from, (picked.at(-1) ?? -1) + 1);
  picked.forEach((row, index) => {
    const picture = rows[row]?.picture;
    if (picture !== undefined) into.set(scaled(picture, size), index * size.width * size.height);
  });
  return null;
}

function readFile(file: string, kernels: Kernels): { readonly bytes: Uint8Array; readonly isBatched: boolean } {
  try {
    const descriptor = openSync(file, "r");
    try {
      const { size } = fstatSync(descriptor);
      const isBatched = size <= MAX_BATCHED_BYTES;
      return { bytes: readAll(descriptor, isBatched ? kernels.room(size) : new Uint8Array(size)), isBatched };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw changed(file, error);
  }
}

async function look(file: string, bytes: Uint8Array, size: Size): Promise<Uint8Array> {
  try {
    return scaled(tryDecodeFast(bytes) ?? (await decodeImage(bytes)), size);
  } catch (error) {
    throw changed(file, error);
  }
}

function scaled(picture: Picture, { width, height }: Size): Uint8Array {
  const luma = lumaOf(picture);
  const isAsItIs = picture.width === width && picture.height === height;
  return isAsItIs ? luma : blockMeans(luma, picture.width, picture.height, width, height);
}

/** The failure of a job because of a file that could be read when it was inspected. */
export function changed(file: string, error: unknown): CleanSplitError {
  return new CleanSplitError(
    "changed",
    `${file} changed since the inspection: ${messageOf(error)}. Inspect the dataset again.`,
  );
}
