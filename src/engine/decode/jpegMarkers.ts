const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
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
  readonly components: number;
}

/** What the markers of a JPEG tell without its compressed data being decoded. */
export interface JpegMarkers {
  readonly frames: readonly JpegFrame[];
  readonly scans: number;
  /** Whether the bytes end before the end mark. */
  readonly isCutOff: boolean;
  /** The file without the oddities before and between its segments that do no harm; undefined when it has none. */
  readonly cleaned: Uint8Array | undefined;
}

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
 * the usual ones; `cleaned` has none of that.
 */
export function readJpegMarkers(bytes: Uint8Array): JpegMarkers {
  const { length } = bytes;
  const frames: JpegFrame[] = [];
  const pieces: Uint8Array[] = [bytes.subarray(0, 2)];
  let odd = false;
  let adobe = -1;
  let scans = 0;
  let at = 2;
  const answer = (isCutOff: boolean): JpegMarkers => {
    const transform = pieces[adobe]?.[15] ?? 0;
    // What it means is known once the frame is.
    const usual = frames[0]?.components === 4 ? 2 : 1;
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
    pieces.push(bytes.subarray(data, at));
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
    components: segment[9] ?? 0,
  };
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
