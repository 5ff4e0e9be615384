import path from "node:path";
import { findAxes, farthest } from "../../core/near/axes";
import type { Measure } from "../../core/near/near";
import { forEachLimited } from "../limited";
import type { Pool } from "../pool/pool";
import { memoryMaker } from "./glyphKernel";
import { readLooks } from "./looks";
import { GlyphPairs } from "./glyphPairs";
import { MAX_PAIRS, type FoundPairs, type NearTask } from "./search";
import { createSpace, viewsOf, type Space } from "./glyphSpace";
import { writeBoxes } from "./glyphTree";

/** Pictures of which the axes are found. */
const PROBED = 2048;

/** Pictures whose coordinates a job computes. */
const PICTURES = 8192;

/** A node of the tree of up to so many leaves is ordered in one job: some 65,000 pictures. */
const WHOLE_LEVEL = 10;

/** Leaves whose pairs a job searches. */
const LEAVES = 8;

/** Reading the pictures is about this share of the work. */
const READING = 0.3;

/**
 * Searches all pairs of pictures whose RMS grey difference (see `core/near/rms.ts`) at `size` is at most the reach.
 *
 * Exact: pictures are left out only where a bound from below says that they are apart. Coordinates of pictures (see
 * `core/near/axes.ts`) are never farther apart than the pictures themselves, boxes around the coordinates of many pictures
 * never farther than any two in them, and sums of squares only grow. So whole nodes of a k-d tree are left out at once, then
 * pictures against leaves, then pairs by their coordinates, and few are compared by their pixels. Of half a million pictures
 * up to 16 that takes a third of the time in which they are read and searched, so no set needs a shorter reach to be quick.
 */
export async function searchGlyphs(
  { dataset, samples, pool, signal, progress }: NearTask,
  measure: Measure,
  size: { readonly width: number; readonly height: number },
): Promise<FoundPairs> {
  const { length } = samples;
  const found = new GlyphPairs(measure.reach, size.width * size.height, MAX_PAIRS);
  const slots = pool.size * 2;
  const space = createSpace(size, length, slots, memoryMaker(path.join(pool.folder, "glyphs.wasm")));
  const views = viewsOf(space);
  let read = 0;
  const advance = (pictures: number): void => progress(Math.floor(READING * (read += pictures)));
  await readLooks(dataset, samples, size, pool, { signal, advance }, views.looks);
  const axes = findAxes(someLooks(views.looks, length), size.width, size.height);
  await forEachLimited(stretches(length, PICTURES), slots, async ({ from, to }) => {
    await pool.run("glyphCoordinates", { space, axes, from, to }, signal);
  });
  await buildTree(space, pool, signal);
  writeBoxes(views, space);

  const free = Array.from({ length: slots }, (_, slot) => slot);
  let leavesDone = 0;
  await forEachLimited(stretches(space.leafCount, LEAVES), slots, async ({ from: first, to }) => {
    const slot = free.pop() ?? 0;
    for (let [leaf, from] = [first, first]; leaf < to && found.mostSquares >= 0;) {
      const limits = { farthest: farthest(found.reach), mostSquares: found.mostSquares };
      const part = await pool.run("glyphPairs", { space, leaf, from, to, limits, slot }, signal);
      found.add(part.pairs);
      leavesDone += part.leaf - leaf;
      // A leaf is compared with those behind it: what is left shrinks with the square.
      const left = 1 - leavesDone / space.leafCount;
      progress(Math.floor(length * (READING + (1 - READING) * (1 - left * left))));
      leaf = part.leaf;
      from = part.from;
    }
    free.push(slot);
  });
  const pairs = await found.finish(samples);
  signal.throwIfAborted();
  return { pairs, reach: found.reach, limited: found.limitedText(measure) };
}

/** Pictures spread over all of them, as a copy. */
function someLooks(looks: Uint8Array, count: number): Uint8Array {
  const size = looks.length / Math.max(1, count);
  const probed = Math.min(count, PROBED);
  const some = new Uint8Array(probed * size);
  for (let i = 0; i < probed; i++) {
    const at = Math.floor((i * count) / probed) * size;
    some.set(looks.subarray(at, at + size), i * size);
  }
  return some;
}

/** Orders the pictures: large nodes are halved, smaller ones ordered whole, each in a job. */
async function buildTree(space: Space, pool: Pool, signal: AbortSignal): Promise<void> {
  const build = async (firstLeaf: number, level: number): Promise<void> => {
    if (firstLeaf >= space.leafCount) return;
    const whole = level <= WHOLE_LEVEL;
    await pool.run("glyphTree", { space, firstLeaf, level, whole }, signal);
    if (whole) return;
    await Promise.all([build(firstLeaf, level - 1), build(firstLeaf + 2 ** (level - 1), level - 1)]);
  };
  await build(0, space.depth);
}

function* stretches(count: number, size: number): Generator<{ readonly from: number; readonly to: number }> {
  for (let from = 0; from < count; from += size) yield { from, to: Math.min(count, from + size) };
}
