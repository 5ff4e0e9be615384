import type { Score } from "../../../core/training/experiment";
import type { Classifier, FeatureTable, Parameter } from "../classifier";
import type { KernelMemory } from "./memory";
import { RowReader } from "./rowReader";
import { checkLabels, checkRows, dimOf, voteLogits } from "./shared";

/** Rows whose outlines lie together, and bytes of two cells of them: see `src/kernels/training/neighbours.ts`. */
const GROUP = 8;
const STEP = 32;
const PAIR_BYTES = 4;
/** Side of a cell of small pictures, and cells whose squares cannot exceed 31 bits. */
const LEAST_SIDE = 4;
const MOST_CELLS = 2048;
/** Rows that all queries are compared with before the next ones: their outlines stay in the first cache. */
const BLOCK = 256;
/** Rows asked about at a time. */
const QUERIES = 512;

/** What is known of the cells of an outline. */
interface Cells {
  readonly side: number;
  readonly count: number;
  /** Pairs of cells, the last one filled up. */
  readonly pairs: number;
}

function cellsOf({ height, width, channels }: FeatureTable): Cells {
  const countOf = (side: number): number => Math.ceil(height / side) * Math.ceil(width / side) * channels;
  let side = LEAST_SIDE;
  while (countOf(side) > MOST_CELLS) side++;
  const count = countOf(side);
  return { side, count, pairs: Math.ceil(count / 2) };
}

/**
 * Bytes of memory that nearest neighbours take beside the pixels, about.
 *
 * @param rows that are searched
 * @param areCopied whether their pixels lie elsewhere
 */
export function neighbourBytes(table: FeatureTable, rows: number, areCopied: boolean): number {
  const row = cellsOf(table).pairs * PAIR_BYTES + Uint32Array.BYTES_PER_ELEMENT + (areCopied ? dimOf(table) : 0);
  return (rows + QUERIES) * row;
}

/** Nearest neighbours in WebAssembly; finds those that `ReferenceNeighbours` finds. */
export class WasmNeighbours implements Classifier {
  private readonly dim: number;
  private readonly cells: Cells;
  private readonly count: number;
  /** Addresses of blocks. */
  private readonly owned: number[] = [];
  private readonly readers: RowReader[] = [];
  private readonly list: number;
  private readonly outlines: number;
  private readonly queries: RowReader;
  private readonly queryOutlines: number;
  private readonly distances: BigUint64Array;
  private readonly positions: Uint32Array;

  private readonly train: Uint32Array;

  /**
   * @param train rows that are searched; of equally near ones that with the smaller number counts first
   * @param neighbours that vote, or all rows where there are fewer
   * @throws CleanSplitError "refused" when there is not enough memory
   */
  constructor(
    private readonly memory: KernelMemory,
    private readonly table: FeatureTable,
    train: Uint32Array,
    neighbours: number,
  ) {
    checkLabels(train, table);
    this.train = train.toSorted();
    this.dim = dimOf(table);
    this.cells = cellsOf(table);
    this.count = Math.min(neighbours, train.length);
    try {
      const { pairs } = this.cells;
      this.outlines = this.allocate(Math.ceil(train.length / GROUP) * pairs * STEP);
      this.queryOutlines = this.allocate(QUERIES * pairs * PAIR_BYTES);
      const found = QUERIES * this.count;
      const [distances, positions] = [this.allocate(8 * found), this.allocate(4 * found)];
      const rows = this.reader(train.length);
      rows.take(this.train);
      this.list = rows.address;
      this.queries = this.reader(QUERIES);
      this.distances = new BigUint64Array(memory.buffer, distances, found);
      this.positions = new Uint32Array(memory.buffer, positions, found);
    } catch (error) {
      this.dispose();
      throw error;
    }
    const addresses = new Uint32Array(memory.buffer, this.list, train.length);
    addresses.forEach((row, i) => {
      const group = this.outlines + Math.floor(i / GROUP) * this.cells.pairs * STEP;
      this.outline(row, group + (i % GROUP) * PAIR_BYTES, STEP);
    });
  }

  step(): Score {
    throw new Error("Nearest neighbours are not trained in steps.");
  }

  predict(rows: Uint32Array): Float32Array {
    checkRows(rows, this.table);
    const { classes, labels } = this.table;
    const logits = new Float32Array(rows.length * classes);
    for (let from = 0; from < rows.length; from += QUERIES) {
      const part = rows.subarray(from, from + QUERIES);
      if (this.count > 0) this.search(part);
      for (let i = 0; i < part.length; i++) {
        const found = this.positions.subarray(i * this.count, (i + 1) * this.count);
        const votes = Array.from(found, (position) => labels[this.train[position] ?? 0] ?? 0);
        logits.set(voteLogits(votes, classes), (from + i) * classes);
      }
    }
    return logits;
  }

  parameters(): readonly Parameter[] {
    return [];
  }

  dispose(): void {
    for (const reader of this.readers.splice(0)) reader.dispose();
    for (const at of this.owned.splice(0)) this.memory.release(at);
  }

  /** Finds the neighbours of at most {@link QUERIES} rows. */
  private search(rows: Uint32Array): void {
    const { pairs, count, side } = this.cells;
    this.queries.take(rows);
    const addresses = new Uint32Array(this.memory.buffer, this.queries.address, rows.length);
    const outlineAt = (i: number): number => this.queryOutlines + i * pairs * PAIR_BYTES;
    addresses.forEach((row, i) => this.outline(row, outlineAt(i), PAIR_BYTES));
    this.distances.fill(2n ** 64n - 1n);
    const { exports } = this.memory;
    const { list, outlines, dim, train, count: neighbours } = this;
    const [distances, positions] = [this.distances.byteOffset, this.positions.byteOffset];
    for (let from = 0; from < train.length; from += BLOCK) {
      const to = Math.min(train.length, from + BLOCK);
      for (let i = 0; i < rows.length; i++) {
        const [distancesAt, positionsAt] = [distances + 8 * neighbours * i, positions + 4 * neighbours * i];
        exports.search(
          addresses[i] ?? 0,
          outlineAt(i),
          list,
          outlines,
          from,
          to,
          dim,
          count,
          side * side,
          neighbours,
          distancesAt,
          positionsAt,
        );
      }
    }
  }

  private outline(row: number, to: number, pitch: number): void {
    const { height, width, channels } = this.table;
    this.memory.exports.outline(row, height, width, channels, this.cells.side, to, pitch);
  }

  private allocate(bytes: number): number {
    const at = this.memory.allocate(bytes);
    this.owned.push(at);
    return at;
  }

  private reader(most: number): RowReader {
    const reader = new RowReader(this.memory, this.table, this.dim, most);
    this.readers.push(reader);
    return reader;
  }
}
