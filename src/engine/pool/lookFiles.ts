import { closeSync, fstatSync, openSync } from "node:fs";
import * as l10n from "@vscode/l10n";
import { CleanSplitError, messageOf } from "../../core/errors";
import { blockMeans, lumaOf } from "../../core/fingerprint/signature";
import type { Picture } from "../../core/picture";
import { decodeImage, tryDecodeFast } from "../decode/decode";
import type { Kernels } from "../kernels/kernels";
import { readAll } from "../readAll";
import { readerOf } from "../sources/names";
import { readRows } from "../sources/rows";
import { MAX_MILLISECONDS } from "./fingerprintFiles";
import { MAX_BATCHED_BYTES } from "./fingerprintJob";
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
  const fileOf = (index: number): string => `${folder}/${nameAt(index)}`;
  const looks = new LookJob(into, size, kernels, fileOf);
  let readingTime = 0;
  let done = 0;
  while (done < names.ends.length && (done === 0 || performance.now() - started < MAX_MILLISECONDS)) {
    const before = performance.now();
    const bytes = readFile(fileOf(done), looks);
    readingTime += performance.now() - before;
    await looks.take(bytes);
    done += 1;
  }
  await looks.finish();
  return { done, time: performance.now() - started, readingTime };
}

/** Grey levels of encoded images one after the other, wherever their bytes come from. */
export class LookJob {
  /** Images before this one are looked at; those from here to `taken` are in the batch. */
  private looked = 0;
  private taken = 0;
  /** Whether the last room is that of the kernels. */
  private isBatched = false;

  /** `nameOf` names an image that cannot be decoded. */
  constructor(
    private readonly into: Uint8Array,
    private readonly size: Size,
    private readonly kernels: Kernels,
    private readonly nameOf: (index: number) => string,
  ) {}

  /** Where to write the bytes of the next image, `size` of them, to be given to {@link take}. */
  room(size: number): Uint8Array {
    this.isBatched = size <= MAX_BATCHED_BYTES;
    return this.isBatched ? this.kernels.room(size) : new Uint8Array(size);
  }

  /** Takes the bytes at the beginning of the last room as the next image. */
  async take(bytes: Uint8Array): Promise<void> {
    if (this.isBatched) {
      this.taken += 1;
      if (this.kernels.add(bytes.length)) await this.finish();
      return;
    }
    await this.finish();
    await this.look(this.taken, bytes);
    this.looked = this.taken += 1;
  }

  /** Takes a picture as the next image. */
  async takePicture(picture: Picture): Promise<void> {
    await this.finish();
    this.write(this.taken, scaled(picture, this.size));
    this.looked = this.taken += 1;
  }

  /** Runs the batch. */
  async finish(): Promise<void> {
    const { looked, taken, kernels, size } = this;
    if (looked === taken) return;
    const { looks, covered } = kernels.looks(size.width, size.height);
    this.write(looked, looks);
    const others = Array.from({ length: taken - looked }, (_, row) => row)
      .filter((row) => covered[row] === 0)
      .map((row) => ({ index: looked + row, bytes: kernels.bytesOf(row).slice() }));
    this.looked = taken;
    for (const { index, bytes } of others) await this.look(index, bytes);
  }

  private async look(index: number, bytes: Uint8Array): Promise<void> {
    try {
      this.write(index, scaled(tryDecodeFast(bytes) ?? (await decodeImage(bytes)), this.size));
    } catch (error) {
      throw changed(this.nameOf(index), error);
    }
  }

  private write(index: number, looks: Uint8Array): void {
    this.into.set(looks, index * this.size.width * this.size.height);
  }
}

/** Grey levels of rows of an array: of those that are `picked`, counted from row `from`. */
export async function lookRows({ format, from, picked, into, ...size }: JobParameter<"lookRows">): Promise<null> {
  const rows = await readRows(format, from, (picked.at(-1) ?? -1) + 1);
  picked.forEach((row, index) => {
    const picture = rows[row]?.picture;
    if (picture !== undefined) into.set(scaled(picture, size), index * size.width * size.height);
  });
  return null;
}

function readFile(file: string, looks: LookJob): Uint8Array {
  try {
    const descriptor = openSync(file, "r");
    try {
      return readAll(descriptor, looks.room(fstatSync(descriptor).size));
    } finally {
      closeSync(descriptor);
    }
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
    l10n.t("{0} changed since the inspection: {1}. Inspect the dataset again.", file, messageOf(error)),
  );
}
