import type { PhotoKernel } from "../kernels/photos";
import type { FoundPhotoPairs, JobParameter } from "./jobs";

/** A job ends after the photo with which it takes longer than this, in milliseconds. */
const ENOUGH_TIME = 80;

/** Compares photos as long as the time of a job allows, and answers what it found so far. */
export function findPhotoPairs(
  { photos, first, to, second, seconds, nearby }: JobParameter<"photos">,
  kernel: PhotoKernel,
): FoundPhotoPairs {
  const began = performance.now();
  kernel.take(photos, second, seconds);
  const found: Record<"first" | "second" | "scores" | "transforms" | "shifts", number[]> = {
    first: [],
    second: [],
    scores: [],
    transforms: [],
    shifts: [],
  };
  let next = first;
  do {
    const near = kernel.compare(photos, next, Math.max(0, next + 1 - second), nearby);
    for (let i = 0; i < near.count; i++) {
      found.first.push(next);
      found.second.push(second + (near.rows[i] ?? 0));
      found.scores.push(near.scores[i] ?? 0);
      found.transforms.push(near.transforms[i] ?? 0);
      found.shifts.push(near.shifts[2 * i] ?? 0, near.shifts[2 * i + 1] ?? 0);
    }
    next++;
  } while (next < to && performance.now() - began < ENOUGH_TIME);
  return {
    next,
    first: Uint32Array.from(found.first),
    second: Uint32Array.from(found.second),
    scores: Float32Array.from(found.scores),
    transforms: Uint8Array.from(found.transforms),
    shifts: Int8Array.from(found.shifts),
  };
}
