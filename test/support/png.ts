import { deflateSync, type ZlibOptions } from "node:zlib";

/** A chunk as it is in the file, or one to be made wrong. */
export interface PngChunk {
  readonly type: string;
  readonly data: Uint8Array;
  readonly wrongChecksum?: boolean;
}

export interface PngOptions {
  readonly width: number;
  readonly height: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA; 0 when left out. */
  readonly colourType?: 0 | 2 | 3 | 4 | 6;
  /** Bits a sample; 8 when left out. */
  readonly depth?: 1 | 2 | 4 | 8 | 16;
  /** The rows as they are stored, without filter bytes: packed, 16-bit samples big endian. */
  readonly rows: Uint8Array;
  /** The filter of each row, used in turn; `[0]` when left out. */
  readonly filters?: readonly number[];
  readonly zlib?: ZlibOptions;
  /** Sizes of the first IDATs; the rest goes into one more. */
  readonly split?: readonly number[];
  /** Chunks between IHDR and IDAT. */
  readonly before?: readonly PngChunk[];
  /** Chunks between IDAT and IEND. */
  readonly after?: readonly PngChunk[];
  /** The type of the chunks whose checksum is made wrong. */
  readonly wrongChecksumOf?: string;
}

export const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** CRC-32, bit by bit: slow, and independent of the one under test. */
export function plainCrc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** One chunk: length, type, data, checksum. */
export function encodeChunk({ type, data, wrongChecksum = false }: PngChunk): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  const crc = plainCrc32(out.subarray(4, 8 + data.length));
  out.writeUInt32BE((wrongChecksum ? crc ^ 1 : crc) >>> 0, 8 + data.length);
  return out;
}

/** The data of an IHDR chunk of a picture that is not interlaced. */
export function headerData(width: number, height: number, depth: number, colourType: number): Buffer {
  const out = Buffer.alloc(13);
  out.writeUInt32BE(width, 0);
  out.writeUInt32BE(height, 4);
  out[8] = depth;
  out[9] = colourType;
  return out;
}

/** Puts a filter byte before every row and filters it; an unknown filter leaves the row as it is. */
export function filterRows(rows: Uint8Array, stride: number, bpp: number, filters: readonly number[]): Buffer {
  const height = rows.length / stride;
  const out = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    const filter = filters[y % filters.length] ?? 0;
    out[y * (stride + 1)] = filter;
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const a = x >= bpp ? (rows[at - bpp] ?? 0) : 0;
      const b = y > 0 ? (rows[at - stride] ?? 0) : 0;
      const c = x >= bpp && y > 0 ? (rows[at - stride - bpp] ?? 0) : 0;
      const p = a + b - c;
      const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
      const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      const predicted = [0, a, b, (a + b) >> 1, paeth][filter] ?? 0;
      out[y * (stride + 1) + 1 + x] = ((rows[at] ?? 0) - predicted) & 255;
    }
  }
  return out;
}

/** Samples, one a number, packed into rows of whole bytes as a PNG stores them. */
export function packRows(samples: ArrayLike<number>, samplesPerRow: number, depth: number): Uint8Array {
  const stride = Math.ceil((samplesPerRow * depth) / 8);
  const height = samples.length / samplesPerRow;
  const out = new Uint8Array(stride * height);
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i] ?? 0;
    const bit = (i % samplesPerRow) * depth;
    const at = Math.floor(i / samplesPerRow) * stride + (bit >> 3);
    if (depth === 16) {
      out[at] = value >> 8;
      out[at + 1] = value & 255;
    } else out[at] = (out[at] ?? 0) | (value << (8 - depth - (bit & 7)));
  }
  return out;
}

/** The first column and row of each pass of Adam7, and the steps to the next ones. */
const PASSES: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/**
 * An interlaced PNG.
 * @param samples one a number, pixels from left to right and rows from top to bottom
 */
export function encodeInterlaced(options: Omit<PngOptions, "rows">, samples: ArrayLike<number>): Buffer {
  const { width, height, colourType = 0, depth = 8, filters = [0] } = options;
  const channels = CHANNELS[colourType] ?? 1;
  const bpp = Math.max(1, (channels * depth) >> 3);
  const raw: Buffer[] = [];
  for (const [left, top, right, down] of PASSES) {
    const pass: number[] = [];
    const columns = Math.ceil((width - left) / right);
    for (let y = top; y < height; y += down) {
      for (let x = left; x < width; x += right) {
        for (let channel = 0; channel < channels; channel++) {
          pass.push(samples[(y * width + x) * channels + channel] ?? 0);
        }
      }
    }
    if (pass.length === 0) continue;
    const rows = packRows(pass, columns * channels, depth);
    raw.push(filterRows(rows, Math.ceil((columns * channels * depth) / 8), bpp, filters));
  }
  const header = headerData(width, height, depth, colourType);
  header[12] = 1;
  return assemble(options, header, deflateSync(Buffer.concat(raw), options.zlib ?? {}));
}

/** A PNG made to order, for tests. */
export function encodePng(options: PngOptions): Buffer {
  const { width, height, colourType = 0, depth = 8, rows, filters = [0] } = options;
  const bits = (CHANNELS[colourType] ?? 1) * depth;
  const stride = Math.ceil((width * bits) / 8);
  const data = deflateSync(filterRows(rows, stride, Math.max(1, bits >> 3), filters), options.zlib ?? {});
  return assemble(options, headerData(width, height, depth, colourType), data);
}

/** The chunks of a file from its compressed rows. */
function assemble(options: Omit<PngOptions, "rows">, header: Buffer, data: Buffer): Buffer {
  const { split = [], before = [], after = [] } = options;
  const pieces: PngChunk[] = [];
  let at = 0;
  for (const size of split) {
    if (at === data.length) break;
    pieces.push({ type: "IDAT", data: data.subarray(at, at + size) });
    at = Math.min(data.length, at + size);
  }
  if (at < data.length) pieces.push({ type: "IDAT", data: data.subarray(at) });
  const chunks: readonly PngChunk[] = [
    { type: "IHDR", data: header },
    ...before,
    ...pieces,
    ...after,
    { type: "IEND", data: new Uint8Array(0) },
  ];
  return Buffer.concat([
    PNG_SIGNATURE,
    ...chunks.map((chunk) =>
      encodeChunk(chunk.type === options.wrongChecksumOf ? { ...chunk, wrongChecksum: true } : chunk),
    ),
  ]);
}
