import { trimScan, type Sampling } from "./jpegScan";

const DHT = 0xc4;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DRI = 0xdd;
const APP0 = 0xe0;
const APP14 = 0xee;

/** What the frame header of a JPEG declares. */
interface JpegFrame {
  /** 0xc0 to 0xcf: how the samples are compressed. */
  readonly kind: number;
  /** Bits of a sample. */
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Sampling[];
}

/** What the markers of a JPEG tell without its compressed data being decoded. */
export interface JpegMarkers {
  readonly frames: readonly JpegFrame[];
  readonly scans: number;
  /** Whether the bytes end before the end mark. */
  readonly isCutOff: boolean;
  /** The file without the oddities that do no harm; undefined when it has none. */
  readonly cleaned: Uint8Array | undefined;
}

/** The tables that files without their own mean, as those of video cameras: ITU-T T.81, annex K.3. */
const STANDARD_TABLES: ReadonlyMap<number, Uint8Array> = new Map(
  (
    [
      [0, "00010501010101010100000000000000000102030405060708090a0b"],
      [1, "00030101010101010101010000000000000102030405060708090a0b"],
      [
        16,
        "0002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f0" +
          "2433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a63646566676869" +
          "6a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5" +
          "c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
      ],
      [
        17,
        "00020102040403040705040400010277000102031104052131061241510761711322328108144291a1b1c109233352f0" +
          "156272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768" +
          "696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3" +
          "c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
      ],
    ] as const
  ).map(([key, bytes]) => [key, Buffer.from(bytes, "hex")]),
);

/** Markers that stand alone: restarts, and one for temporary use. */
function isAlone(marker: number): boolean {
  return marker === 1 || (marker >= 0xd0 && marker <= 0xd7);
}

function isFrame(marker: number): boolean {
  // Huffman tables, an extension and arithmetic conditioning are no frames.
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/**
 * Walks over the segments of a JPEG as its library does: bytes that are no marker are skipped where one is expected. The
 * library warns of those, and of a revision of JFIF or a colour transform of Adobe that do not exist, which it takes for
 * the usual ones; `cleaned` has none of that, and with `trims` no bytes behind the compressed data of baseline scans.
 */
export function readJpegMarkers(bytes: Uint8Array, trims = false): JpegMarkers {
  const { length } = bytes;
  const frames: JpegFrame[] = [];
  const pieces: Uint8Array[] = [bytes.subarray(0, 2)];
  let odd = false;
  let adobe = -1;
  let restartInterval = 0;
  const tables = new Map(STANDARD_TABLES);
  let scans = 0;
  let at = 2;
  const answer = (isCutOff: boolean): JpegMarkers => {
    const transform = pieces[adobe]?.[15] ?? 0;
    // What it means is known once the frame is.
    const usual = frames[0]?.components.length === 4 ? 2 : 1;
    if (transform !== 0 && transform !== usual) {
      odd = true;
      pieces[adobe] = withByte(pieces[adobe], 15, usual);
    }
    return { frames, scans, isCutOff, cleaned: odd ? Buffer.concat(pieces) : undefined };
  };
  for (;;) {
    const from = at;
    // Zero after 0xff is data; any number of 0xff may precede a marker.
    while (at + 1 < length && !(bytes[at] === 0xff && (bytes[at + 1] ?? 0) > 0 && bytes[at + 1] !== 0xff)) at++;
    if (at + 1 >= length) return answer(true);
    if (bytes.subarray(from, at).some((byte) => byte !== 0xff)) odd = true;
    const marker = bytes[at + 1] ?? 0;
    if (marker === EOI) {
      pieces.push(bytes.subarray(at, at + 2));
      return answer(false);
    }
    if (isAlone(marker) || marker === SOI) {
      pieces.push(bytes.subarray(at, at + 2));
      at += 2;
      continue;
    }
    const end = at + 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
    if (end > length || at + 4 > length) return answer(true);
    const segment = bytes.subarray(at, end);
    if (isFrame(marker) && segment.length >= 10) frames.push(frameOf(segment));
    if (marker === DHT) readTables(segment, tables);
    if (marker === DRI) restartInterval = ((segment[4] ?? 0) << 8) | (segment[5] ?? 0);
    if (marker === APP0 && segment.length >= 18 && startsWith(segment, "JFIF\0") && segment[9] !== 1) {
      odd = true;
      pieces.push(withByte(segment, 9, 1));
    } else {
      if (marker === APP14 && segment.length >= 16 && startsWith(segment, "Adobe")) adobe = pieces.length;
      pieces.push(segment);
    }
    at = Math.max(end, at + 2);
    if (marker !== SOS) continue;
    scans++;
    const data = at;
    while (at < length && !(bytes[at] === 0xff && endsData(bytes[at + 1]))) at++;
    const compressed = bytes.subarray(data, at);
    const [frame] = frames;
    const trimmed =
      trims && frame !== undefined && frame.kind <= 0xc1
        ? trimScan(compressed, {
            ...frame,
            frame: frame.components,
            restartInterval,
            header: segment.subarray(4),
            tables,
          })
        : undefined;
    if (trimmed !== undefined) odd = true;
    pieces.push(trimmed ?? compressed);
  }
}

function endsData(next: number | undefined): boolean {
  return next !== undefined && next !== 0 && next !== 0xff && !isAlone(next);
}

function frameOf(segment: Uint8Array): JpegFrame {
  const u16 = (at: number): number => ((segment[at] ?? 0) << 8) | (segment[at + 1] ?? 0);
  return {
    kind: segment[1] ?? 0,
    precision: segment[4] ?? 0,
    height: u16(5),
    width: u16(7),
    components: Array.from({ length: segment[9] ?? 0 }, (_, i) => {
      const sampling = segment[11 + i * 3] ?? 0;
      return { id: segment[10 + i * 3] ?? 0, across: sampling >> 4, down: sampling & 15 };
    }),
  };
}

/** The tables of a segment, by class times 16 plus number. */
function readTables(segment: Uint8Array, tables: Map<number, Uint8Array>): void {
  for (let at = 4; at + 17 <= segment.length;) {
    const size = segment.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
    tables.set(segment[at] ?? 0, segment.subarray(at + 1, at + 17 + size));
    at += 17 + size;
  }
}

function startsWith(segment: Uint8Array, word: string): boolean {
  return Buffer.from(word, "latin1").every((letter, i) => segment[4 + i] === letter);
}

function withByte(segment: Uint8Array | undefined, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(segment ?? []);
  copy[at] = value;
  return copy;
}

const NOT_SUPPORTED: Readonly<Record<number, string>> = {
  0xc3: "lossless",
  0xc5: "hierarchical",
  0xc6: "hierarchical",
  0xc7: "hierarchical",
  0xcb: "lossless",
  0xcd: "hierarchical",
  0xce: "hierarchical",
  0xcf: "hierarchical",
};

/** Longest side that the library reads. */
const MAX_SIDE = 65500;

/** Why a JPEG is refused, as far as its markers tell; undefined when they are in order. */
export function explainJpeg(bytes: Uint8Array): string | undefined {
  const { frames, scans, isCutOff } = readJpegMarkers(bytes);
  const [frame, second] = frames;
  if (frame !== undefined) {
    const { kind, precision, width, height } = frame;
    const compression = NOT_SUPPORTED[kind];
    if (compression !== undefined) return `JPEG: ${compression} compression is not supported`;
    if (width === 0 || height === 0) return "JPEG is damaged: it declares no pixels";
    if (precision !== 8) return `JPEG of ${String(precision)} bits a sample is not supported`;
    if (width > MAX_SIDE || height > MAX_SIDE) {
      return `JPEG is too large: it declares ${String(width)} × ${String(height)} pixels, at most 65,500 a side are read`;
    }
  }
  if (isCutOff) {
    const ends = bytes.lastIndexOf(EOI) > bytes.length - 16 && bytes[bytes.lastIndexOf(EOI) - 1] === 0xff;
    if (ends) return "JPEG is damaged: its segments do not follow one another";
    return `JPEG is cut off after ${String(bytes.length)} bytes`;
  }
  if (second !== undefined) return "JPEG is damaged: it has two frame headers";
  if (frame === undefined) return "JPEG is damaged: it has no frame header";
  return scans === 0 ? "JPEG is damaged: it holds no pixels" : undefined;
}
