import type { TextColumn } from "./indexFile";

/** Rows `from` up to before `to` of a batch, which are about one folder and in the order of their names. */
export interface Run<B extends { readonly names: TextColumn }> {
  readonly batch: B;
  readonly from: number;
  readonly to: number;
}

/** A row of a batch, in a run that ends before `to`. */
export interface Place<B> {
  readonly batch: B;
  readonly at: number;
  readonly to: number;
}

/**
 * The rows of one folder in one file of the index, which has no file of the folder twice. An inspection reads files in the
 * order of their names, some jobs at a time, so that what it writes are a few long runs, and what is asked next mostly
 * follows what was asked last.
 */
export class Runs<B extends { readonly names: TextColumn }> {
  private readonly runs: Run<B>[] = [];
  private last: Place<B> | null = null;

  add(run: Run<B>): void {
    this.runs.push(run);
  }

  /** The row of a file; null when it has none. */
  find(names: Uint8Array, from: number, to: number): Place<B> | null {
    const { last } = this;
    if (last !== null && last.at + 1 < last.to && compareName(last.batch.names, last.at + 1, names, from, to) === 0) {
      return (this.last = { ...last, at: last.at + 1 });
    }
    for (const run of this.runs) {
      const at = search(run, names, from, to);
      if (at >= 0) return (this.last = { batch: run.batch, at, to: run.to });
    }
    return null;
  }
}

/** The row of a name in a run, or -1. */
function search<B extends { readonly names: TextColumn }>(
  run: Run<B>,
  names: Uint8Array,
  from: number,
  to: number,
): number {
  const known = run.batch.names;
  let [low, high] = [run.from, run.to - 1];
  if (compareName(known, low, names, from, to) > 0 || compareName(known, high, names, from, to) < 0) return -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compareName(known, middle, names, from, to);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Whether the name of a row comes after that of the row before it. */
export function isAscending(names: TextColumn, row: number): boolean {
  return compareName(names, row - 1, names.bytes, names.ends[row] ?? 0, names.ends[row + 1] ?? 0) < 0;
}

/** Order of the name of a row and another one, byte by byte. */
function compareName({ bytes, ends }: TextColumn, row: number, other: Uint8Array, from: number, to: number): number {
  const start = ends[row] ?? 0;
  const length = (ends[row + 1] ?? 0) - start;
  const shorter = Math.min(length, to - from);
  for (let i = 0; i < shorter; i++) {
    const difference = (bytes[start + i] ?? 0) - (other[from + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return length - (to - from);
}
