import { codeAt, signed, type HuffmanTable } from "./huffman";
import { inverseTransform } from "./idct";

/** What stops a scan: something that is wrong, or that only the library decides about. */
export type Fault = "other" | "cut off" | "invalid code" | "ends early" | "wrong restart";

/** Zeros behind a segment: more than the codes of one block can take. */
const ZEROS_BEHIND = 304;

/** Coefficients of 8-bit pictures are between -1024 and 1023 but for rounding; others wrap around in the library. */
const LARGEST = 2048;

/** Place in a block of coefficient k. */
const ZIGZAG = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21],
  ...[28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61],
  ...[54, 47, 55, 62, 63],
);

/** One component of a frame. */
export interface Component {
  readonly index: number;
  readonly id: number;
  /** Blocks of a unit, 1, 2 or 4. */
  readonly across: number;
  readonly down: number;
  /** Number of its quantisation table, 0..3. */
  readonly quantisation: number;
  /** Blocks that show something, and with those that fill the last unit. */
  columns: number;
  rows: number;
  paddedColumns: number;
  paddedRows: number;
  /** Of a progressive file: padded rows of blocks of 64 in zigzag order. */
  coefficients: Int16Array;
  /** The lowest bit that is known of each coefficient, or -1. */
  readonly progress: Int8Array;
  dcTable: HuffmanTable | undefined;
  acTable: HuffmanTable | undefined;
  /** The last mean of a block before quantisation. */
  mean: number;
  /** Undefined before its first scan. */
  factors: Factors | undefined;
}

/** What the coefficients of a component are multiplied with. */
interface Factors {
  /** The step of quantisation of coefficient k. */
  readonly steps: Int32Array;
  /** Four for the share of coefficient k in the hash of its block, at `4 * k`. */
  readonly hash: Int32Array;
}

/** Mixes 32 bits (the finalizer of A. Appleby's MurmurHash3). */
export function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

export function makeFactors(steps: Uint16Array): Factors {
  const hash = Int32Array.from({ length: 256 }, (_, at) =>
    Math.imul(mix(Math.imul(at + 1, 0x9e3779b9)) | 1, steps[at >> 2] ?? 0),
  );
  return { steps: Int32Array.from(steps), hash };
}

/** The compressed data of a file: bits to coefficients, and from them the hash of all blocks and the levels of luma. */
export class Scan {
  /** The sums of the hashes of all blocks, four words. */
  readonly totals = new Int32Array(4);
  /** Whether a coefficient is out of range, or a code is none. */
  isOdd = false;
  /** The marker behind the segment that was read last and where it is; 0 at the end of the file. */
  marker = 0;
  markerStart = 0;
  private markerEnd = 0;
  private nextRestart = 0;
  private segmentStart = 0;
  /** The segment without stuffing, zeros behind it, and its length in bits. */
  private readonly data: Uint8Array;
  private available = 0;
  /** Which bit is next. */
  private used = 0;
  /** Blocks from here on that have no more coefficients in the band of a scan. */
  private emptyBlocks = 0;
  private readonly block = new Int16Array(64);

  constructor(private readonly bytes: Uint8Array) {
    this.data = new Uint8Array(bytes.length + ZEROS_BEHIND);
  }

  begin(from: number, components: readonly Component[]): void {
    this.nextRestart = 0;
    this.beginSegment(from, components);
  }

  private beginSegment(start: number, components: readonly Component[]): void {
    const { bytes, data } = this;
    this.segmentStart = start;
    this.emptyBlocks = 0;
    for (const component of components) component.mean = 0;
    this.marker = 0;
    let from = start;
    let to = 0;
    while (from < bytes.length) {
      const byte = bytes[from] ?? 0;
      if (byte !== 0xff) {
        data[to++] = byte;
        from++;
        continue;
      }
      let behind = from + 1;
      while (bytes[behind] === 0xff) behind++;
      if (behind >= bytes.length) break;
      this.marker = bytes[behind] ?? 0;
      this.markerStart = from;
      this.markerEnd = behind + 1;
      if (this.marker !== 0) break;
      data[to++] = 0xff;
      from = this.markerEnd;
    }
    this.available = 8 * to;
    data.fill(0, to, to + ZEROS_BEHIND);
    this.used = 0;
  }

  /** Where a restart marker must be. */
  restart(components: readonly Component[]): Fault | undefined {
    const ended = this.endSegment();
    if (ended !== undefined) return ended;
    if (this.marker === 0) return "cut off";
    if (this.marker !== 0xd0 + this.nextRestart) return "wrong restart";
    this.nextRestart = (this.nextRestart + 1) & 7;
    this.beginSegment(this.markerEnd, components);
    return undefined;
  }

  /** Whether nothing but padding is left. */
  endSegment(): Fault | undefined {
    return this.available - this.used >= 8 ? "other" : undefined;
  }

  /** Which byte of the file holds the next bit of the segment. */
  position(): number {
    const { bytes } = this;
    let at = this.segmentStart;
    for (let left = Math.min(this.used, this.available) >> 3; left > 0 && at < bytes.length; left--) {
      if (bytes[at++] !== 0xff) continue;
      while (bytes[at] === 0xff) at++;
      at++;
    }
    return Math.min(at, bytes.length);
  }

  /** What to say after codes were read: that they need more bits than there are, or else what is `said`. */
  private fault(said: Fault | undefined): Fault | undefined {
    if (this.used <= this.available) return said;
    return this.marker === 0 ? "cut off" : "ends early";
  }

  private peek(): number {
    const { data, used } = this;
    const at = used >> 3;
    const bits = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
    return (bits >> (8 - (used & 7))) & 0xffff;
  }

  /** `size` bits, 1..16. */
  private take(size: number): number {
    const bits = this.peek() >> (16 - size);
    this.used += size;
    return bits;
  }

  /** The symbol of the next code; -1 when there is none. */
  private takeSymbol(table: HuffmanTable | undefined): number {
    const code = table === undefined ? 0 : codeAt(table, this.peek());
    if (code === 0) return -1;
    this.used += code >> 8;
    return code & 255;
  }

  /** The library takes 17 bits that are no code for symbol 0 and does not always say so: it must decide about the file. */
  private takeAnySymbol(table: HuffmanTable | undefined): number {
    const symbol = this.takeSymbol(table);
    if (symbol >= 0) return symbol;
    this.used += 17;
    this.isOdd = true;
    return 0;
  }

  /**
   * Block (x, y) of a component of a sequential file. Where it shows something it takes part in the hash; that of component
   * 0 writes its levels to `levels`.
   */
  readBlock(
    component: Component,
    x: number,
    y: number,
    levels: Uint8Array,
    to: number,
    stride: number,
  ): Fault | undefined {
    const { block } = this;
    const { factors, index } = component;
    if (factors === undefined) return "other";
    const { steps, hash } = factors;
    const dcSize = this.takeAnySymbol(component.dcTable);
    if (dcSize > 0) component.mean = (component.mean + signed(this.take(dcSize), dcSize)) | 0;
    const mean = Math.imul(component.mean, steps[0] ?? 0);
    let odd = mean + LARGEST;
    if (component.mean < -32768 || component.mean > 32767) odd |= 2 * LARGEST;
    let hash0 = Math.imul(component.mean, hash[0] ?? 0);
    let hash1 = Math.imul(component.mean, hash[1] ?? 0);
    let hash2 = Math.imul(component.mean, hash[2] ?? 0);
    let hash3 = Math.imul(component.mean, hash[3] ?? 0);
    let k = 0;
    while (k < 63) {
      const symbol = this.takeAnySymbol(component.acTable);
      const size = symbol & 15;
      if (size === 0) {
        if (symbol !== 0xf0) break;
        k += 16;
        continue;
      }
      k += (symbol >> 4) + 1;
      const value = signed(this.take(size), size);
      if (k > 63) {
        block.fill(0);
        return this.fault("other");
      }
      const coefficient = value * (steps[k] ?? 0);
      odd |= coefficient + LARGEST;
      hash0 += Math.imul(value, hash[4 * k] ?? 0);
      hash1 += Math.imul(value, hash[4 * k + 1] ?? 0);
      hash2 += Math.imul(value, hash[4 * k + 2] ?? 0);
      hash3 += Math.imul(value, hash[4 * k + 3] ?? 0);
      block[ZIGZAG[k] ?? 0] = coefficient;
    }
    const fault = this.fault(undefined);
    if (fault !== undefined || x >= component.columns || y >= component.rows) {
      block.fill(0);
      return fault;
    }
    if (odd >>> 0 >= 2 * LARGEST) this.isOdd = true;
    this.addBlock(component, x, y, hash0, hash1, hash2, hash3);
    block[0] = mean;
    if (index === 0) inverseTransform(block, levels, to, stride);
    else block.fill(0);
    return undefined;
  }

  /** Adds a block at its place among all blocks of all components. */
  private addBlock(component: Component, x: number, y: number, a: number, b: number, c: number, d: number): void {
    const { totals } = this;
    const id = (component.index << 24) + y * component.columns + x + 1;
    totals[0] = (totals[0] ?? 0) + mix((a + Math.imul(id, 0x9e3779b1)) | 0);
    totals[1] = (totals[1] ?? 0) + mix((b + Math.imul(id, 0x85ebca77)) | 0);
    totals[2] = (totals[2] ?? 0) + mix((c + Math.imul(id, 0xc2b2ae3d)) | 0);
    totals[3] = (totals[3] ?? 0) + mix((d + Math.imul(id, 0x27d4eb2f)) | 0);
  }

  /**
   * The part of a block (its first coefficient is `coefficients[block]`) of a progressive file that a scan of coefficients
   * `from` to `to` has, whose lowest bit is `low` (ITU-T T.81, G.1.2).
   */
  readPart(
    component: Component,
    block: number,
    from: number,
    to: number,
    isFirst: boolean,
    low: number,
  ): Fault | undefined {
    const { coefficients, acTable } = component;
    if (from === 0)
      return this.fault(isFirst ? this.readMean(component, block, low) : this.refineMean(component, block, low));
    return this.fault(
      isFirst
        ? this.readBand(acTable, coefficients, block, from, to, low)
        : this.refineBand(acTable, coefficients, block, from, to, low),
    );
  }

  private readMean(component: Component, block: number, low: number): Fault | undefined {
    const size = this.takeSymbol(component.dcTable);
    if (size < 0) return "invalid code";
    if (size > 0) component.mean = (component.mean + signed(this.take(size), size)) | 0;
    if (component.mean < -32768 || component.mean > 32767) this.isOdd = true;
    component.coefficients[block] = component.mean << low;
    return undefined;
  }

  private refineMean({ coefficients }: Component, block: number, low: number): Fault | undefined {
    if (this.take(1) === 1) coefficients[block] = (coefficients[block] ?? 0) | (1 << low);
    return undefined;
  }

  private readBand(
    table: HuffmanTable | undefined,
    coefficients: Int16Array,
    block: number,
    from: number,
    to: number,
    low: number,
  ): Fault | undefined {
    if (this.emptyBlocks > 0) {
      this.emptyBlocks--;
      return undefined;
    }
    for (let k = from; k <= to; k++) {
      const symbol = this.takeSymbol(table);
      if (symbol < 0) return "invalid code";
      const run = symbol >> 4;
      const size = symbol & 15;
      if (size === 0) {
        if (run < 15) {
          this.emptyBlocks = (1 << run) - 1;
          if (run > 0) this.emptyBlocks += this.take(run);
          break;
        }
        k += 15;
      } else {
        k += run;
        const value = signed(this.take(size), size);
        if (k > to) return "other";
        coefficients[block + k] = value << low;
      }
    }
    return undefined;
  }

  private refineBand(
    table: HuffmanTable | undefined,
    coefficients: Int16Array,
    block: number,
    from: number,
    to: number,
    low: number,
  ): Fault | undefined {
    let k = from;
    if (this.emptyBlocks === 0) {
      for (; k <= to; k++) {
        const symbol = this.takeSymbol(table);
        if (symbol < 0) return "invalid code";
        let run = symbol >> 4;
        const size = symbol & 15;
        let value = 0;
        if (size > 0) {
          if (size > 1) return "invalid code";
          value = this.take(1) === 1 ? 1 << low : -1 << low;
        } else if (run < 15) {
          this.emptyBlocks = 1 << run;
          if (run > 0) this.emptyBlocks += this.take(run);
          break;
        }
        for (; k <= to; k++) {
          if (coefficients[block + k] !== 0) this.refine(coefficients, block + k, low);
          else if (--run < 0) break;
        }
        if (value !== 0) {
          if (k > to) return "other";
          coefficients[block + k] = value;
        }
      }
    }
    if (this.emptyBlocks > 0) {
      for (; k <= to; k++) if (coefficients[block + k] !== 0) this.refine(coefficients, block + k, low);
      this.emptyBlocks--;
    }
    return undefined;
  }

  private refine(coefficients: Int16Array, at: number, low: number): void {
    if (this.take(1) === 0) return;
    const value = coefficients[at] ?? 0;
    if ((value & (1 << low)) === 0) coefficients[at] = value >= 0 ? value + (1 << low) : value - (1 << low);
  }

  /** A block of a progressive file whose coefficients are complete: as {@link readBlock}. */
  takeBlock(component: Component, x: number, y: number, levels: Uint8Array, to: number, stride: number): void {
    const { block } = this;
    const { coefficients, factors, index } = component;
    if (factors === undefined) return;
    const { steps, hash } = factors;
    const from = 64 * (y * component.paddedColumns + x);
    let odd = 0;
    let hash0 = 0;
    let hash1 = 0;
    let hash2 = 0;
    let hash3 = 0;
    for (let k = 0; k < 64; k++) {
      const value = coefficients[from + k] ?? 0;
      if (value === 0) continue;
      const coefficient = value * (steps[k] ?? 0);
      odd |= coefficient + LARGEST;
      hash0 += Math.imul(value, hash[4 * k] ?? 0);
      hash1 += Math.imul(value, hash[4 * k + 1] ?? 0);
      hash2 += Math.imul(value, hash[4 * k + 2] ?? 0);
      hash3 += Math.imul(value, hash[4 * k + 3] ?? 0);
      block[ZIGZAG[k] ?? 0] = coefficient;
    }
    if (odd >>> 0 >= 2 * LARGEST) this.isOdd = true;
    this.addBlock(component, x, y, hash0, hash1, hash2, hash3);
    if (index === 0) inverseTransform(block, levels, to, stride);
    else block.fill(0);
  }
}
