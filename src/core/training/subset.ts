import { mix32, Random, shuffle, splitmix32 } from "./random";
import type { TrainingSize } from "./experiment";

/** A sort key holds 26 random bits above 27 bits of position: together the 53 bits that a double holds exactly. */
const POSITIONS = 2 ** 27;
const KEY_SHIFT = 6;
/** Keeps the choice of samples independent of the order they are trained in, which is drawn from the same seed. */
const STREAM = 0x5b5e7;

/**
 * Chooses `size` of `candidates` with equally many of every class. Classes with too few samples give all they have and
 * the others fill up; where the size is no multiple of the classes, some have one more.
 *
 * The choice is the start of one fixed sequence for a seed, so the 50 are within the 100. Which samples of a class come
 * first depends on the sample's row and the seed alone, so a sanitized dataset yields the same samples as the original
 * one as far as they are still there, and a comparison of the two is not blurred by drawing twice.
 *
 * @param labels class of every row, 0..classes-1; rows with another label are never chosen
 * @param candidates rows to choose from, at most 2^27, each once
 * @param size samples to choose; "all", or more than there are, chooses all, in the order of `candidates`
 * @param seed any integer
 * @returns the rows, a new array
 */
export function balancedSubset(
  labels: Int32Array,
  candidates: Uint32Array,
  size: TrainingSize,
  classes: number,
  seed: number,
): Uint32Array {
  const usable = candidates.filter((row) => isLabel(labels[row], classes));
  if (size === "all" || size >= usable.length) return usable;

  const perClass = Array.from({ length: classes }, (): number[] => []);
  for (const row of inRandomOrder(usable, seed)) perClass[labels[row] ?? 0]?.push(row);
  const chosen = new Uint32Array(size);
  const classOrder = Uint32Array.from(perClass.keys());
  shuffle(classOrder, new Random(seed ^ STREAM));
  let count = 0;
  for (let round = 0; count < size; round++) {
    for (const label of classOrder) {
      const row = perClass[label]?.[round];
      if (row !== undefined && count < size) chosen[count++] = row;
    }
  }
  return chosen;
}

function isLabel(label: number | undefined, classes: number): boolean {
  return label !== undefined && label >= 0 && label < classes;
}

/** The rows ordered by a random key that depends on the row and the seed alone. */
function inRandomOrder(rows: Uint32Array, seed: number): Uint32Array {
  const start = mix32(seed ^ STREAM);
  const keys = new Float64Array(rows.length);
  rows.forEach((row, position) => {
    keys[position] = (splitmix32(start, row) >>> KEY_SHIFT) * POSITIONS + position;
  });
  keys.sort();
  return Uint32Array.from(keys, (key) => rows[key % POSITIONS] ?? 0);
}
