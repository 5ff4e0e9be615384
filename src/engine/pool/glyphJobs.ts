import path from "node:path";
import { coordinatesOf } from "../../core/near/axes";
import { glyphKernel } from "../near/glyphKernel";
import { LEAF, PAIR_WORDS, pairsOf, ROOM, viewsOf } from "../near/glyphSpace";
import { orderNode, splitNode } from "../near/glyphTree";
import type { FoundGlyphs, JobParameter } from "./jobs";

/** A job ends after about this long, so that cancelling, progress and sharing work between threads never wait for it. */
const MAX_MILLISECONDS = 60;

/** Writes coordinates of the pictures of a space, and numbers them in their order. */
export function glyphCoordinates({ space, axes, from, to }: JobParameter<"glyphCoordinates">): null {
  const { looks, coordinates, order } = viewsOf(space);
  coordinatesOf(axes, looks, from, to, coordinates);
  for (let picture = from; picture < to; picture++) order[picture] = picture;
  return null;
}

/** Orders the pictures of a node of the tree, into its halves or into all of its leaves. */
export function glyphTree({ space, firstLeaf, level, whole }: JobParameter<"glyphTree">): null {
  const views = viewsOf(space);
  if (whole) orderNode(views, space, firstLeaf, level);
  else splitNode(views, space, firstLeaf, level);
  return null;
}

/** Searches pairs until the leaves are done, there is no room for more, or the time of a job is over. */
export function glyphPairs({ space, leaf, from, to, limits, slot }: JobParameter<"glyphPairs">): FoundGlyphs {
  const kernel = glyphKernel(space, path.join(__dirname, "glyphs.wasm"));
  const started = performance.now();
  let [end, isFull] = [0, false];
  while (leaf < to && !isFull && performance.now() - started < MAX_MILLISECONDS) {
    const found = kernel.searchLeaf(leaf, from, limits, slot, end);
    end = found.end;
    from = found.next;
    isFull = ROOM - end < LEAF * LEAF;
    if (from < space.leafCount) continue;
    leaf++;
    from = leaf;
  }
  return { pairs: pairsOf(space, slot).slice(0, PAIR_WORDS * end), leaf, from };
}
