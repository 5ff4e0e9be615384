/** A component of a frame: its samples a unit, across and down. */
export interface Sampling {
  readonly id: number;
  readonly across: number;
  readonly down: number;
}

/** What is needed to walk through the compressed data of a sequential scan. */
export interface SequentialScan {
  readonly width: number;
  readonly height: number;
  readonly frame: readonly Sampling[];
  /** Units between restart markers; 0 for none. */
  readonly restartInterval: number;
  /** The segment's data: how many components, which, and with which tables. */
  readonly header: Uint8Array;
  /** Data of Huffman tables by class times 16 plus number: 16 counts and the values. */
  readonly tables: ReadonlyMap<number, Uint8Array>;
}

/**
 * The data of a Huffman-coded sequential scan without the bytes that follow the last code before a marker, as cameras put
 * them there. The library skips those with a warning. Undefined when there are none, and when the data is anything but
 * whole.
 */
export function trimScan(data: Uint8Array, scan: SequentialScan): Uint8Array | undefined {
  const blocks = blocksOf(scan);
  if (blocks === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  let units = blocks.units;
  let isTrimmed = false;
  for (let from = 0; from < data.length;) {
    let to = from;
    while (to < data.length && !(data[to] === 0xff && isRestart(data[to + 1]))) to++;
    const reader = new BitReader(data, from, to);
    const count = scan.restartInterval > 0 ? Math.min(scan.restartInterval, units) : units;
    for (let unit = 0; unit < count; unit++) {
      for (const block of blocks.ofUnit) if (!skipBlock(reader, block)) return undefined;
    }
    units -= count;
    isTrimmed ||= reader.at < to;
    pieces.push(data.subarray(from, reader.at), data.subarray(to, to + 2));
    from = to + 2;
  }
  return isTrimmed && units === 0 ? Buffer.concat(pieces) : undefined;
}

function isRestart(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0xd0 && byte <= 0xd7;
}

interface Block {
  readonly dc: HuffmanCodes;
  readonly ac: HuffmanCodes;
}

/** The blocks of one unit, and how many units there are. */
function blocksOf(scan: SequentialScan): { readonly ofUnit: readonly Block[]; readonly units: number } | undefined {
  const { width, height, frame, header, tables } = scan;
  const count = header[0] ?? 0;
  const ofUnit: Block[] = [];
  const chosen: Sampling[] = [];
  for (let i = 0; i < count; i++) {
    const sampling = frame.find(({ id }) => id === header[1 + i * 2]);
    const choice = header[2 + i * 2] ?? 0;
    const dc = tables.get(choice >> 4);
    const ac = tables.get(16 + (choice & 15));
    if (sampling === undefined || dc === undefined || ac === undefined) return undefined;
    chosen.push(sampling);
    const block = { dc: new HuffmanCodes(dc), ac: new HuffmanCodes(ac) };
    const blocks = count === 1 ? 1 : sampling.across * sampling.down;
    for (let k = 0; k < blocks; k++) ofUnit.push(block);
  }
  const [across, down] = [Math.max(...frame.map((f) => f.across)), Math.max(...frame.map((f) => f.down))];
  const [only] = chosen;
  if (only === undefined || across < 1 || down < 1) return undefined;
  const side = (size: number, own: number, most: number): number =>
    count === 1 ? Math.ceil(Math.ceil((size * own) / most) / 8) : Math.ceil(size / (8 * most));
  return { ofUnit, units: side(width, only.across, across) * side(height, only.down, down) };
}

/** Goes past one block; false when its data is not valid or ends. */
function skipBlock(reader: BitReader, { dc, ac }: Block): boolean {
  const size = dc.next(reader);
  if (size < 0 || size > 16 || !reader.skip(size)) return false;
  for (let k = 1; k < 64;) {
    const code = ac.next(reader);
    if (code < 0 || !reader.skip(code & 15)) return false;
    if (code === 0) return true;
    k += (code >> 4) + 1;
    if (k > 64) return false;
  }
  return true;
}

/** Bits of compressed data, in which a zero follows every byte 0xff. */
class BitReader {
  private byte = 0;
  private left = 0;

  constructor(
    private readonly data: Uint8Array,
    public at: number,
    private readonly end: number,
  ) {}

  /** The next bit, or -1 at the end. */
  next(): number {
    if (this.left === 0) {
      if (this.at >= this.end) return -1;
      this.byte = this.data[this.at++] ?? 0;
      if (this.byte === 0xff) {
        if (this.data[this.at] !== 0) return -1;
        this.at++;
      }
      this.left = 8;
    }
    return (this.byte >> --this.left) & 1;
  }

  skip(count: number): boolean {
    for (let i = 0; i < count; i++) if (this.next() < 0) return false;
    return true;
  }
}

/** The codes of a table: those of each length follow one another. */
class HuffmanCodes {
  constructor(private readonly table: Uint8Array) {}

  /** The value of the next code, or -1 when it is none. */
  next(reader: BitReader): number {
    let code = 0;
    let first = 0;
    let index = 16;
    for (let length = 0; length < 16; length++) {
      const bit = reader.next();
      if (bit < 0) return -1;
      code = code * 2 + bit;
      const count = this.table[length] ?? 0;
      if (code - first < count) return this.table[index + code - first] ?? -1;
      index += count;
      first = (first + count) * 2;
    }
    return -1;
  }
}
