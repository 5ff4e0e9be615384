import type { FeatureTable } from "../classifier";
import type { KernelMemory } from "./memory";

/** Tells the kernels where rows of a table are. Pixels that do not lie in their memory are copied there first. */
export class RowReader {
  private readonly list: Uint32Array;
  private readonly pixelsAt: number | undefined;
  /** Copies of rows; 0 when none are needed. */
  private readonly copies: number;

  /**
   * @param most rows that are asked for at a time
   * @throws CleanSplitError "refused" when there is not enough memory
   */
  constructor(
    private readonly memory: KernelMemory,
    private readonly table: FeatureTable,
    private readonly dim: number,
    most: number,
  ) {
    const list = memory.allocate(most * Uint32Array.BYTES_PER_ELEMENT);
    this.pixelsAt = memory.addressOf(table.pixels);
    try {
      this.copies = this.pixelsAt === undefined ? memory.allocate(most * dim) : 0;
    } catch (error) {
      memory.release(list);
      throw error;
    }
    this.list = new Uint32Array(memory.buffer, list, most);
  }

  /** The address of the list of addresses. */
  get address(): number {
    return this.list.byteOffset;
  }

  /** Puts the addresses of these rows into the list. */
  take(rows: Uint32Array): void {
    const { list, dim, pixelsAt, copies } = this;
    if (pixelsAt === undefined) this.copy(rows);
    for (let i = 0; i < rows.length; i++) {
      list[i] = pixelsAt === undefined ? copies + i * dim : pixelsAt + (rows[i] ?? 0) * dim;
    }
  }

  dispose(): void {
    this.memory.release(this.list.byteOffset);
    if (this.copies !== 0) this.memory.release(this.copies);
  }

  private copy(rows: Uint32Array): void {
    const { pixels } = this.table;
    const { dim } = this;
    const copies = new Uint8Array(this.memory.buffer, this.copies, rows.length * dim);
    rows.forEach((row, i) => copies.set(pixels.subarray(row * dim, (row + 1) * dim), i * dim));
  }
}
