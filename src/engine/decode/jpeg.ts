import { appearanceOf, type Appearance } from "../../core/fingerprint/signature";
import { makeHuffmanTable, type HuffmanTable } from "./huffman";
import { makeFactors, mix, Scan, type Component, type Fault } from "./scan";

/** A JPEG whose luma was decoded, without its colours. */
export interface SeenJpeg {
  /** As it is shown, in pixels: turned as EXIF says. */
  readonly width: number;
  readonly height: number;
  readonly mode: "L" | "RGB";
  /**
   * Of the luma Y. It equals that of the decoded pixels to the bit where no colour is cut off: libjpeg's R, G and B of a
   * whole Y have the grey level Y again, for all Cb and Cr. In pixels where one is cut off to 0 or 255 that level changes
   * by 79 at most, which is not seen here; it matters in small pictures of glaring colours.
   */
  readonly appearance: Appearance;
  /**
   * 8 bytes: a hash of all that decides the pixels, which are size, sampling, orientation and coefficients times their
   * steps of quantisation. Equal for a sequential and a progressive file of the same coefficients. No cryptographic hash.
   */
  readonly content: Uint8Array;
}

/** What the kernels say of a JPEG; of `other` ones nothing: the library decides. */
export type JpegView =
  | ({ readonly kind: "seen" } & SeenJpeg)
  | { readonly kind: "damaged"; readonly reason: string }
  | { readonly kind: "other" };

const OTHER: JpegView = { kind: "other" };

/** Larger files, and pictures of more pixels, are left to the library. */
const MAX_BYTES = 1 << 28;
const MAX_PIXELS = 1 << 28;
/** libjpeg's limit on either side. */
const MAX_SIDE = 65500;
/** Coefficients of a progressive file may take as much memory. */
const MAX_COEFFICIENT_BYTES = 1 << 26;
/** All scans of a progressive file together may visit so many blocks: about a fourth of a second. */
const MAX_VISITS = 1 << 23;
/** Larger steps of quantisation do not occur with 8 bits; with them numbers stay small. */
const MAX_STEP = 4095;
/** Rounding in the conversion of colours changes equal levels by one at most; only pixels tell whether all are equal. */
const FLAT_SPREAD = 4;

/**
 * Says what a JPEG looks like after decoding the luma of it once; or what is damaged in it; or nothing, about all that is
 * not common: other kinds of compression than Huffman's with 8 bits, other colours than grey and YCbCr, luma that does not
 * have the most samples, oddities that libjpeg accepts, and pictures that are nearly flat. What is seen, the library
 * decodes without a warning; and what is damaged, it does not. Never throws. `src/kernels/jpeg.ts` says the same.
 */
export function readJpeg(bytes: Uint8Array): JpegView {
  if (!mayBeSeen(bytes)) return OTHER;
  const { length } = bytes;
  const reader = new JpegReader(bytes);
  const said = reader.read();
  return typeof said === "string" ? viewOf(said, length, () => reader.position()) : said;
}

/** Whether `length` bytes that begin with these are of a JPEG, and not too many. */
export function mayBeSeen(bytes: Uint8Array, length = bytes.length): boolean {
  return length >= 4 && length <= MAX_BYTES && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** What to say of a file of `length` bytes in which something was found, at the byte that `position` finds out. */
export function viewOf(fault: Fault, length: number, position: () => number): JpegView {
  const damaged = (what: string): JpegView => ({ kind: "damaged", reason: `JPEG is damaged: ${what} ${position()}` });
  switch (fault) {
    case "other":
      return OTHER;
    case "cut off":
      return { kind: "damaged", reason: `JPEG is cut off after ${length} bytes` };
    case "invalid code":
      return damaged("invalid Huffman code at byte");
    case "ends early":
      return damaged("its compressed data ends too early, at byte");
    case "wrong restart":
      return damaged("wrong restart marker at byte");
  }
}

class JpegReader {
  private readonly scan: Scan;
  private width = 0;
  private height = 0;
  private components: Component[] = [];
  private isProgressive = false;
  private orientation = 1;
  private hasExif = false;
  private hasJfif = false;
  /** The transform that Adobe's segment names, or -1. */
  private adobe = -1;
  private restartInterval = 0;
  private scans = 0;
  private visits = 0;
  private readonly quantisation: (Uint16Array | undefined)[] = [];
  /** Four of DC differences, then four of AC coefficients. */
  private readonly huffman: (HuffmanTable | undefined)[] = [];
  /** Levels of luma, as many rows as are decoded: memory that the bytes of the file justify. */
  private luma = new Uint8Array();
  /** Those of one row of units, and how many bytes a row of them takes. */
  private band = new Uint8Array();
  private stride = 0;

  constructor(private readonly bytes: Uint8Array) {
    this.scan = new Scan(bytes);
  }

  position(): number {
    return this.scan.position();
  }

  read(): Fault | JpegView {
    const { bytes, scan } = this;
    const end = bytes.length;
    let at = 2;
    for (;;) {
      if (at < end && bytes[at] !== 0xff) return "other";
      while (bytes[at + 1] === 0xff) at++;
      if (at + 2 > end) return "cut off";
      const type = bytes[at + 1] ?? 0;
      at += 2;
      if (type === 0xd9) return this.finish();
      // Neither parameters nor a frame that is covered.
      if (type < 0xc0 || (type > 0xcf && type < 0xda) || type === 0xdc || type === 0xde || type === 0xdf)
        return "other";
      if (type > 0xef && type !== 0xfe) return "other";
      if (at + 2 > end) return "cut off";
      const size = u16(bytes, at);
      if (size < 2) return "other";
      if (at + size > end) return "cut off";
      const data = bytes.subarray(at + 2, at + size);
      at += size;
      if (type === 0xda) {
        const fault = this.readScan(data, at);
        if (fault !== undefined) return fault;
        at = scan.markerStart;
      } else if (!this.readSegment(type, data)) return "other";
    }
  }

  /** A segment of parameters; false leaves the file to the library. */
  private readSegment(type: number, data: Uint8Array): boolean {
    if (type === 0xdb) return this.readQuantisation(data);
    if (type === 0xc4) return this.readHuffman(data);
    if (type === 0xdd) {
      this.restartInterval = u16(data, 0);
      return data.length === 2;
    }
    if (type <= 0xc2) return this.readFrame(type, data);
    if (type < 0xe0) return false;
    if (type === 0xe0) {
      if (data.length >= 14 && startsWith(data, "JFIF\0")) {
        this.hasJfif = true;
        // The library warns of other revisions.
        return data[5] === 1;
      }
    } else if (type === 0xe1) {
      return data.length <= 4 || !startsWith(data, "Exif") || this.readExif(data);
    } else if (type === 0xee) {
      if (data.length >= 12 && startsWith(data, "Adobe")) this.adobe = data[11] ?? 0;
    }
    return true;
  }

  private readQuantisation(data: Uint8Array): boolean {
    let at = 0;
    while (at < data.length) {
      const kind = data[at++] ?? 0;
      const size = kind > 15 ? 2 : 1;
      if ((kind & 15) > 3 || at + 64 * size > data.length) return false;
      const steps = new Uint16Array(64);
      for (let k = 0; k < 64; k++, at += size) {
        const step = size === 2 ? u16(data, at) : (data[at] ?? 0);
        if (step === 0 || step > MAX_STEP) return false;
        steps[k] = step;
      }
      this.quantisation[kind & 15] = steps;
    }
    return true;
  }

  private readHuffman(data: Uint8Array): boolean {
    let at = 0;
    while (at < data.length) {
      const kind = data[at++] ?? 0;
      if ((kind & 0xec) !== 0 || at + 16 > data.length) return false;
      const count = data.subarray(at, at + 16).reduce((sum, codes) => sum + codes, 0);
      if (count > 256 || at + 16 + count > data.length) return false;
      this.huffman[(kind & 3) | (kind >> 2)] = makeHuffmanTable(data.subarray(at, at + 16 + count));
      at += 16 + count;
    }
    return true;
  }

  private readFrame(type: number, data: Uint8Array): boolean {
    if (this.components.length > 0 || data.length < 6 || data[0] !== 8) return false;
    this.height = u16(data, 1);
    this.width = u16(data, 3);
    const { width, height } = this;
    const count = data[5] ?? 0;
    if (width === 0 || height === 0 || width > MAX_SIDE || height > MAX_SIDE) return false;
    if (width * height > MAX_PIXELS) return false;
    if ((count !== 1 && count !== 3) || data.length !== 6 + 3 * count) return false;
    this.isProgressive = type === 0xc2;
    const parts: Component[] = [];
    let blocks = 0;
    for (let index = 0; index < count; index++) {
      const [id = 0, factors = 0, quantisation = 0] = data.subarray(6 + 3 * index);
      if (parts.some((part) => part.id === id)) return false;
      const isGrey = count === 1;
      const across = factors >> 4;
      const down = factors & 15;
      if (across < 1 || across > 4 || down < 1 || down > 4 || quantisation > 3) return false;
      const part = createComponent(index, id, isGrey ? 1 : across, isGrey ? 1 : down, quantisation);
      parts.push(part);
      // The luma has the most samples, by a whole factor.
      if (!isFactor(part.across) || !isFactor(part.down)) return false;
      if (part.across > (parts[0]?.across ?? 0) || part.down > (parts[0]?.down ?? 0)) return false;
      blocks += part.across * part.down;
    }
    const [luma] = parts;
    if (luma === undefined || blocks > 10) return false;
    const unitsAcross = Math.ceil(width / (8 * luma.across));
    const unitsDown = Math.ceil(height / (8 * luma.down));
    blocks *= unitsAcross * unitsDown;
    for (const part of parts) {
      part.columns = Math.ceil(width / ((8 * luma.across) / part.across));
      part.rows = Math.ceil(height / ((8 * luma.down) / part.down));
      part.paddedColumns = unitsAcross * part.across;
      part.paddedRows = unitsDown * part.down;
    }
    if (this.isProgressive) {
      // The first scan of every block takes a bit at least.
      if (blocks * 128 > MAX_COEFFICIENT_BYTES || blocks > 8 * this.bytes.length) return false;
      for (const part of parts) part.coefficients = new Int16Array(64 * part.paddedColumns * part.paddedRows);
    }
    this.stride = 8 * luma.paddedColumns;
    this.band = new Uint8Array(this.stride * 8 * luma.down);
    this.components = parts;
    return true;
  }

  /** Whether a picture of three components is one of luma and colours, as libjpeg decides it. */
  private isLumaFirst(): boolean {
    if (this.hasJfif) return true;
    if (this.adobe >= 0) return this.adobe === 1;
    return this.components.map(({ id }) => id).join() !== "82,71,66";
  }

  private readScan(header: Uint8Array, at: number): Fault | undefined {
    const { components, scan } = this;
    if (components.length === 0 || header.length < 1) return "other";
    if (components.length === 3 && !this.isLumaFirst()) return "other";
    const count = header[0] ?? 0;
    if ((count !== 1 && count !== components.length) || header.length !== 4 + 2 * count) return "other";
    const [from = 0, to = 0, bits = 0] = header.subarray(1 + 2 * count);
    const high = bits >> 4;
    const low = bits & 15;
    if (this.isProgressive) {
      if (from === 0 ? to !== 0 : count !== 1 || to < from || to > 63) return "other";
      if (low > 13 || (high !== 0 && low !== high - 1)) return "other";
    } else if (from !== 0 || to !== 63 || bits !== 0) return "other";

    const parts: Component[] = [];
    for (let i = 0; i < count; i++) {
      const [id, tables = 0] = header.subarray(1 + 2 * i);
      const part = components.find((component) => component.id === id);
      // Each in the order of the frame.
      if (part === undefined || (count > 1 && part.index !== i)) return "other";
      if ((tables & 15) > 3 || tables >> 4 > 3) return "other";
      part.dcTable = this.huffman[tables >> 4];
      part.acTable = this.huffman[4 + (tables & 15)];
      const needsDc = from === 0 && high === 0;
      const needsAc = to !== 0;
      if (needsDc && (part.dcTable?.isValid !== true || !part.dcTable.isDc)) return "other";
      if (needsAc && part.acTable?.isValid !== true) return "other";
      if (part.factors === undefined) {
        const steps = this.quantisation[part.quantisation];
        if (steps === undefined) return "other";
        part.factors = makeFactors(steps);
      } else if (!this.isProgressive) return "other";
      if (this.isProgressive && !progresses(part, from, to, high, low)) return "other";
      parts.push(part);
    }
    this.scans++;
    const fault = this.isProgressive
      ? this.readProgressive(at, parts, from, to, high === 0, low)
      : this.readSequential(at, parts);
    if (fault !== undefined) return fault;
    // A scan of all components is the only one, and the library stops there: what follows must be the end.
    const isOnly = !this.isProgressive && parts.length === components.length;
    if (scan.marker === 0) return isOnly ? "other" : "cut off";
    return isOnly && scan.marker !== 0xd9 ? "other" : undefined;
  }

  private readSequential(at: number, parts: readonly Component[]): Fault | undefined {
    const { scan, band, stride, restartInterval } = this;
    const { unitsAcross, unitsDown, isOne } = this.unitsOf(parts);
    scan.begin(at, this.components);
    let untilRestart = restartInterval;
    for (let y = 0; y < unitsDown; y++) {
      for (let x = 0; x < unitsAcross; x++) {
        if (restartInterval !== 0 && untilRestart-- === 0) {
          const fault = scan.restart(this.components);
          if (fault !== undefined) return fault;
          untilRestart = restartInterval - 1;
        }
        for (const part of parts) {
          const across = isOne ? 1 : part.across;
          const down = isOne ? 1 : part.down;
          for (let row = 0; row < down; row++) {
            for (let column = 0; column < across; column++) {
              const blockX = x * across + column;
              const levels = 8 * (row * stride + blockX);
              const fault = scan.readBlock(part, blockX, y * down + row, band, levels, stride);
              if (fault !== undefined) return fault;
            }
          }
        }
      }
      if (parts[0]?.index === 0) this.addLevels(8 * y * (isOne ? 1 : parts[0].down), isOne ? 8 : 8 * parts[0].down);
    }
    return scan.endSegment();
  }

  /** How many units a scan has: of one component, blocks that show something; else the units of the frame. */
  private unitsOf(parts: readonly Component[]): { unitsAcross: number; unitsDown: number; isOne: boolean } {
    const [part] = parts;
    if (part === undefined) return { unitsAcross: 0, unitsDown: 0, isOne: false };
    return parts.length === 1
      ? { unitsAcross: part.columns, unitsDown: part.rows, isOne: true }
      : { unitsAcross: part.paddedColumns / part.across, unitsDown: part.paddedRows / part.down, isOne: false };
  }

  /** Adds rows of the band, the first of which is row `y` of the picture. */
  private addLevels(y: number, rows: number): void {
    const { width, height, band, stride } = this;
    const bottom = Math.min(y + rows, height);
    if (this.luma.length < bottom * width) {
      const grown = new Uint8Array(Math.min(width * height, 2 * bottom * width));
      grown.set(this.luma);
      this.luma = grown;
    }
    for (let row = y; row < bottom; row++) {
      this.luma.set(band.subarray((row - y) * stride, (row - y) * stride + width), row * width);
    }
  }

  private readProgressive(
    at: number,
    parts: readonly Component[],
    from: number,
    to: number,
    isFirst: boolean,
    low: number,
  ): Fault | undefined {
    const { scan, restartInterval } = this;
    const { unitsAcross, unitsDown, isOne } = this.unitsOf(parts);
    for (const part of parts) this.visits += part.paddedColumns * part.paddedRows;
    if (this.visits > MAX_VISITS) return "other";
    scan.begin(at, this.components);
    let untilRestart = restartInterval;
    for (let y = 0; y < unitsDown; y++) {
      for (let x = 0; x < unitsAcross; x++) {
        if (restartInterval !== 0 && untilRestart-- === 0) {
          const fault = scan.restart(this.components);
          if (fault !== undefined) return fault;
          untilRestart = restartInterval - 1;
        }
        for (const part of parts) {
          const across = isOne ? 1 : part.across;
          const down = isOne ? 1 : part.down;
          for (let row = 0; row < down; row++) {
            for (let column = 0; column < across; column++) {
              const block = 64 * ((y * down + row) * part.paddedColumns + x * across + column);
              const fault = scan.readPart(part, block, from, to, isFirst, low);
              if (fault !== undefined) return fault;
            }
          }
        }
      }
    }
    return scan.endSegment();
  }

  /** At the end of the file. */
  private finish(): Fault | JpegView {
    const { width, height, components, scan, orientation } = this;
    if (this.scans === 0 || components.some(({ factors }) => factors === undefined)) return "other";
    if (this.isProgressive) {
      if (components.some(({ progress }) => progress.some((low) => low !== 0))) return "other";
      for (const part of components) {
        for (let y = 0; y < part.rows; y++) {
          for (let x = 0; x < part.columns; x++) scan.takeBlock(part, x, y, this.band, 8 * x, this.stride);
          if (part.index === 0) this.addLevels(8 * y, 8);
        }
      }
    }
    if (scan.isOdd) return "other";
    const isTransposed = orientation > 4;
    const appearance = appearanceOf({
      width: isTransposed ? height : width,
      height: isTransposed ? width : height,
      mode: "L",
      pixels: turn(this.luma, width, height, orientation),
    });
    if (appearance.contrast.spread < FLAT_SPREAD) return "other";
    return {
      kind: "seen",
      width: isTransposed ? height : width,
      height: isTransposed ? width : height,
      mode: components.length === 1 ? "L" : "RGB",
      appearance,
      content: this.contentOf(),
    };
  }

  private contentOf(): Uint8Array {
    const factors = this.components.reduce((word, part) => (word << 6) | (part.across << 3) | part.down, 0);
    let low = 0;
    let high = 0;
    for (const word of [this.width, this.height, this.orientation, factors, ...this.scan.totals]) {
      low = mix(low ^ word);
      high = mix(((high ^ word) + low) | 0);
    }
    const content = new Uint8Array(8);
    const view = new DataView(content.buffer);
    view.setInt32(0, low, true);
    view.setInt32(4, high, true);
    return content;
  }

  /** Finds the orientation; false when there is anything that libexif might see in another way. */
  private readExif(data: Uint8Array): boolean {
    if (this.hasExif || this.scans > 0 || data.length < 20 || data[4] !== 0 || data[5] !== 0) return false;
    this.hasExif = true;
    const isBigEndian = startsWith(data.subarray(6), "MM\0*");
    if (!isBigEndian && !startsWith(data.subarray(6), "II*\0")) return false;
    const tiff = new DataView(data.buffer, data.byteOffset + 6, data.length - 6);
    const length = tiff.byteLength;
    const u16At = (at: number): number => tiff.getUint16(at, !isBigEndian);
    const u32At = (at: number): number => tiff.getUint32(at, !isBigEndian);
    const start = u32At(4);
    if (start < 8 || start > length - 2) return false;
    const count = u16At(start);
    if (start + 2 + 12 * count > length) return false;
    let isFound = false;
    let hasPointer = false;
    for (let i = 0; i < count; i++) {
      const entry = start + 2 + 12 * i;
      const tag = u16At(entry);
      if (POINTERS.includes(tag)) hasPointer = true;
      if (tag !== ORIENTATION) continue;
      // After a bad pointer nothing more is read.
      if (isFound || hasPointer) return false;
      isFound = true;
      this.orientation = u16At(entry + 8);
      if (u16At(entry + 2) !== 3 || u32At(entry + 4) !== 1) return false;
      if (this.orientation < 1 || this.orientation > 8) return false;
    }
    return true;
  }
}

/** Tags of EXIF: the orientation, and those that lead to other directories and to a thumbnail. */
const ORIENTATION = 0x0112;
const POINTERS: readonly number[] = [0x8769, 0x8825, 0xa005, 0x0201, 0x0202];

function createComponent(index: number, id: number, across: number, down: number, quantisation: number): Component {
  return {
    index,
    id,
    across,
    down,
    quantisation,
    columns: 0,
    rows: 0,
    paddedColumns: 0,
    paddedRows: 0,
    coefficients: new Int16Array(),
    progress: new Int8Array(64).fill(-1),
    dcTable: undefined,
    acTable: undefined,
    mean: 0,
    factors: undefined,
  };
}

/** Whether a scan adds to what is known of coefficients, and nothing is left out. */
function progresses({ progress }: Component, from: number, to: number, high: number, low: number): boolean {
  if (from > 0 && (progress[0] ?? -1) < 0) return false;
  for (let k = from; k <= to; k++) {
    if (Math.max(progress[k] ?? -1, 0) !== high) return false;
    progress[k] = low;
  }
  return true;
}

/** A picture of one channel turned as orientation 1 to 8 of EXIF says. */
function turn(luma: Uint8Array, width: number, height: number, orientation: number): Uint8Array {
  if (orientation === 1) return luma.subarray(0, width * height);
  const flipsAcross = [2, 3, 7, 8].includes(orientation);
  const flipsDown = [3, 4, 6, 7].includes(orientation);
  const turned = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const down = flipsDown ? height - 1 - y : y;
    for (let x = 0; x < width; x++) {
      const across = flipsAcross ? width - 1 - x : x;
      turned[orientation > 4 ? across * height + down : down * width + across] = luma[y * width + x] ?? 0;
    }
  }
  return turned;
}

/** Whether a factor of sampling is one that occurs. */
function isFactor(factor: number): boolean {
  return factor === 1 || factor === 2 || factor === 4;
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
