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
 * Finds the rows of the files of one folder. An inspection reads files in the order of their names, many jobs at a time, so
 * what it writes are long runs; what later inspections write lies over them, and goes before them.
 */
export class Runs<B extends { readonly names: TextColumn }> {
  /** In the order in which they were written. */
  private readonly written: Run<B>[] = [];
  /** In the order of their names; null when some lie over others. */
  private sorted: readonly Run<B>[] | null | undefined;

  /** Adds what was written later than all before. */
  add(run: Run<B>): void {
    this.written.push(run);
    this.sorted = undefined;
  }

  /** The row of a file; what follows `last`, the one found before, is looked at first. */
  find(names: Uint8Array, from: number, to: number, last: Place<B> | null): Place<B> | null {
    this.sorted ??= inOrder(this.written);
    const { sorted } = this;
    if (sorted === null) {
      for (let i = this.written.length - 1; i >= 0; i--) {
        const place = searchRun(this.written[i], names, from, to);
        if (place !== null) return place;
      }
      return null;
    }
    if (last !== null && last.at + 1 < last.to && compareName(last.batch.names, last.at + 1, names, from, to) === 0) {
      return { ...last, at: last.at + 1 };
    }
    let [low, high] = [0, sorted.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const run = sorted[middle];
      if (run !== undefined && compareName(run.batch.names, run.from, names, from, to) <= 0) low = middle;
      else high = middle - 1;
    }
    return searchRun(sorted[low], names, from, to);
  }
}

/** The runs in the order of their names; null when one begins before another one ends. */
function inOrder<B extends { readonly names: TextColumn }>(written: readonly Run<B>[]): readonly Run<B>[] | null {
  const sorted = [...written].sort((a, b) => compareRows(a.batch.names, a.from, b.batch.names, b.from));
  const overlaps = sorted.some((run, index) => {
    const next = sorted[index + 1];
    return next !== undefined && compareRows(run.batch.names, run.to - 1, next.batch.names, next.from) >= 0;
  });
  return overlaps ? null : sorted;
}

function searchRun<B extends { readonly names: TextColumn }>(
  run: Run<B> | undefined,
  names: Uint8Array,
  from: number,
  to: number,
): Place<B> | null {
  if (run === undefined) return null;
  const { batch } = run;
  let [low, high] = [run.from, run.to - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compareName(batch.names, middle, names, from, to);
    if (order === 0) return { batch, at: middle, to: run.to };
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return null;
}

/** Whether the name of a row comes after that of the row before it. */
export function isAscending(names: TextColumn, row: number): boolean {
  return compareRows(names, row - 1, names, row) < 0;
}

function compareRows(a: TextColumn, row: number, b: TextColumn, other: number): number {
  return compareName(a, row, b.bytes, b.ends[other] ?? 0, b.ends[other + 1] ?? 0);
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
