import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, workerData } from "node:worker_threads";
import type sharpLibrary from "sharp";
import type { Sharp, SharpInput, SharpOptions } from "sharp";

type Library = typeof sharpLibrary;

const requireHere = createRequire(__filename);
let library: Library | undefined;

/** sharp, loaded with the first picture that needs it: most small PNGs do not, and loading takes longer than a thousand of them. */
export function sharp(input: SharpInput, options?: SharpOptions): Sharp {
  library ??= load();
  return library(input, options);
}

function load(): Library {
  const loaded = requireHere("sharp") as Library;
  // Worker threads provide the parallelism, and no picture is decoded twice.
  loaded.cache(false);
  loaded.concurrency(1);
  return loaded;
}

/*
 * The library keeps one text of errors for all threads of the process: while others decode, what went wrong with a file may
 * read like what went wrong with another one, or like nothing. So files are decoded together, and one that fails once more
 * alone, when its text is its own.
 */

/** What threads of a process share, for `workerData`: how many decode together, and 1 while one is alone or wants to be. */
export const librarySharing: Int32Array = isMainThread
  ? new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
  : ((workerData as { readonly librarySharing?: Int32Array } | null)?.librarySharing ?? new Int32Array(2));

const [TOGETHER, ALONE] = [0, 1];

/** Milliseconds between two looks at whether others are done; only damaged files are waited for. */
const LOOK_AGAIN = 1;

/** Uses the library while other threads may. */
export async function together<T>(use: () => Promise<T>): Promise<T> {
  for (;;) {
    while (Atomics.load(librarySharing, ALONE) !== 0) await sleep(LOOK_AGAIN);
    Atomics.add(librarySharing, TOGETHER, 1);
    if (Atomics.load(librarySharing, ALONE) === 0) break;
    Atomics.sub(librarySharing, TOGETHER, 1);
  }
  try {
    return await use();
  } finally {
    Atomics.sub(librarySharing, TOGETHER, 1);
  }
}

/** Uses the library while no other thread does. */
export async function alone<T>(use: () => Promise<T>): Promise<T> {
  while (Atomics.compareExchange(librarySharing, ALONE, 0, 1) !== 0) await sleep(LOOK_AGAIN);
  try {
    while (Atomics.load(librarySharing, TOGETHER) > 0) await sleep(LOOK_AGAIN);
    return await use();
  } finally {
    Atomics.store(librarySharing, ALONE, 0);
  }
}

/** A thread ended without leaving: those that wait for it go on. At worst two texts of errors mix. */
export function forgetUsers(): void {
  Atomics.store(librarySharing, TOGETHER, 0);
  Atomics.store(librarySharing, ALONE, 0);
}
