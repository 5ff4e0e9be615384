/** How many bits the codes of AC symbols have, and how many have as many. */
const AC_COUNTS = {
  /** Every code is longer than those of other files, and some are as long as can be. */
  long: [
    [8, 100],
    [9, 100],
    [12, 20],
    [16, 36],
  ],
  /** The end of a block and small values take so few bits that several of them are read at once. */
  short: [
    [2, 1],
    [3, 2],
    [4, 4],
    [8, 32],
    [12, 217],
  ],
} as const;

export interface JpegOptions {
  readonly width: number;
  readonly height: number;
  /** Blocks of a unit across and down, of one component or three. */
  readonly sampling: readonly (readonly [number, number])[];
  /** Coefficient k, in zigzag order, of block (x, y) of a component, before quantisation: -1023..1023. */
  readonly coefficient: (component: number, x: number, y: number, k: number) => number;
  /** Step of quantisation of coefficient k. */
  readonly step?: (k: number) => number;
  readonly restartInterval?: number;
  readonly codes?: keyof typeof AC_COUNTS;
  /** All in one scan, one component a scan, or a progressive file of bands with the lowest bit last. */
  readonly kind?: "interleaved" | "separate" | "progressive";
}

/** Writes bits, with a zero behind every byte of ones. */
class Bits {
  readonly bytes: number[] = [];
  private held = 0;
  private count = 0;

  put(value: number, size: number): void {
    for (let bit = size - 1; bit >= 0; bit--) {
      this.held = (this.held << 1) | ((value >> bit) & 1);
      if (++this.count < 8) continue;
      this.bytes.push(this.held);
      if (this.held === 255) this.bytes.push(0);
      this.held = 0;
      this.count = 0;
    }
  }

  /** Fills up the last byte with ones. */
  align(): void {
    while (this.count > 0) this.put(1, 1);
  }
}

function acCode(codes: keyof typeof AC_COUNTS, symbol: number): readonly [code: number, size: number] {
  let code = 0;
  let length = 0;
  let first = 0;
  for (const [size, count] of AC_COUNTS[codes]) {
    code <<= size - length;
    length = size;
    if (symbol < first + count) return [code + symbol - first, size];
    code += count;
    first += count;
  }
  throw new RangeError(`No symbol ${symbol}`);
}

function sizeOf(value: number): number {
  return 32 - Math.clz32(Math.abs(value));
}

function segment(marker: number, data: readonly number[]): number[] {
  return [0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255, ...data];
}

/** A JPEG of given coefficients, as no library writes it: any sampling, restart markers, scans. */
export function encodeJpeg(options: JpegOptions): Uint8Array {
  const { width, height, sampling, coefficient, step = () => 1, restartInterval = 0, kind = "interleaved" } = options;
  const { codes = "long" } = options;
  const [across, down] = sampling[0] ?? [1, 1];
  const isOne = sampling.length === 1;
  const parts = sampling.map(([h, v], index) => ({
    index,
    h: isOne ? 1 : h,
    v: isOne ? 1 : v,
    columns: Math.ceil(width / (isOne ? 8 : (8 * across) / h)),
    rows: Math.ceil(height / (isOne ? 8 : (8 * down) / v)),
  }));
  const isProgressive = kind === "progressive";
  const bytes = [0xff, 0xd8];
  bytes.push(...segment(0xdb, [0, ...Array.from({ length: 64 }, (_, k) => step(k))]));
  const frame = sampling.flatMap(([h, v], index) => [index + 1, (h << 4) | v, 0]);
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  bytes.push(...segment(isProgressive ? 0xc2 : 0xc0, [8, ...size, sampling.length, ...frame]));
  const dcLengths = Array.from({ length: 16 }, (_, i) => (i === 3 ? 12 : 0));
  bytes.push(...segment(0xc4, [0, ...dcLengths, ...Array.from({ length: 12 }, (_, i) => i)]));
  const acLengths = Array.from(
    { length: 16 },
    (_, i) => AC_COUNTS[codes].find(([length]) => length === i + 1)?.[1] ?? 0,
  );
  bytes.push(...segment(0xc4, [0x10, ...acLengths, ...Array.from({ length: 256 }, (_, i) => i)]));
  if (restartInterval > 0) bytes.push(...segment(0xdd, [0, restartInterval]));

  /** One scan of coefficients `from` to `to`; bits below `low` are left out, and with `isRefined` all above it. */
  const scan = (of: typeof parts, from: number, to: number, low: number, isRefined: boolean): void => {
    const high = isRefined ? low + 1 : 0;
    bytes.push(
      ...segment(0xda, [of.length, ...of.flatMap(({ index }) => [index + 1, 0]), from, to, (high << 4) | low]),
    );
    let bits = new Bits();
    let means = [0, 0, 0];
    let left = restartInterval;
    let restarts = 0;
    const block = (part: (typeof parts)[number], x: number, y: number): void => {
      // Blocks that only fill a unit repeat the last mean.
      const isReal = x < part.columns && y < part.rows;
      const at = (k: number): number => (isReal ? coefficient(part.index, x, y, k) : 0);
      if (from === 0) {
        const whole = isReal || isRefined ? at(0) : (means[part.index] ?? 0) << low;
        const mean = whole >> low;
        if (isRefined) {
          bits.put(mean & 1, 1);
        } else {
          const difference = mean - (means[part.index] ?? 0);
          means[part.index] = mean;
          const length = sizeOf(difference);
          bits.put(length, 4);
          bits.put(difference < 0 ? difference + (1 << length) - 1 : difference, length);
        }
      }
      if (to === 0) return;
      let run = 0;
      for (let k = Math.max(1, from); k <= to; k++) {
        const value = at(k);
        if (value === 0) {
          run++;
          continue;
        }
        for (; run > 15; run -= 16) bits.put(...acCode(codes, 0xf0));
        const length = sizeOf(value);
        bits.put(...acCode(codes, (run << 4) | length));
        bits.put(value < 0 ? value + (1 << length) - 1 : value, length);
        run = 0;
      }
      if (run > 0) bits.put(...acCode(codes, 0));
    };
    const [first] = of;
    if (first === undefined) return;
    const single = of.length === 1;
    const unitsAcross = single ? first.columns : Math.ceil(width / (8 * across));
    const unitsDown = single ? first.rows : Math.ceil(height / (8 * down));
    for (let y = 0; y < unitsDown; y++) {
      for (let x = 0; x < unitsAcross; x++) {
        if (restartInterval > 0 && left-- === 0) {
          bits.align();
          bytes.push(...bits.bytes, 0xff, 0xd0 + (restarts++ & 7));
          bits = new Bits();
          means = [0, 0, 0];
          left = restartInterval - 1;
        }
        for (const part of of) {
          const h = single ? 1 : part.h;
          const v = single ? 1 : part.v;
          for (let row = 0; row < v; row++)
            for (let column = 0; column < h; column++) block(part, x * h + column, y * v + row);
        }
      }
    }
    bits.align();
    // More than a call may have arguments.
    for (const byte of bits.bytes) bytes.push(byte);
  };

  if (isProgressive) {
    scan(parts, 0, 0, 1, false);
    for (const part of parts) {
      scan([part], 1, 5, 0, false);
      scan([part], 6, 63, 0, false);
    }
    scan(parts, 0, 0, 0, true);
  } else if (kind === "separate") for (const part of parts) scan([part], 0, 63, 0, false);
  else scan(parts, 0, 63, 0, false);
  bytes.push(0xff, 0xd9);
  return Uint8Array.from(bytes);
}

/** Puts a segment behind the first marker of a JPEG. */
export function withSegment(jpeg: Uint8Array, marker: number, data: readonly number[]): Uint8Array {
  return Buffer.concat([jpeg.subarray(0, 2), Uint8Array.from(segment(marker, data)), jpeg.subarray(2)]);
}

/** The data of an EXIF segment that says how the picture is turned. */
export function exifOf(orientation: number): number[] {
  const entry = [0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0];
  return [...Buffer.from("Exif\0\0II*\0"), 8, 0, 0, 0, 1, 0, ...entry, 0, 0, 0, 0];
}
