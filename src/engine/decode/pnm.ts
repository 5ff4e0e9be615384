import type { Mode, Picture } from "../../core/picture";
import { checkSize, type DecodeLimits } from "./limits";
import { UnreadableImage } from "./unreadable";

/** What a header declares, and where the samples begin. */
interface Header {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly max: number;
  /** Whether 1 means black (PBM). */
  readonly inverted: boolean;
  readonly coding: "bits" | "binary" | "text";
  readonly data: number;
}

const MODES_8: readonly Mode[] = ["L", "LA", "RGB", "RGBA"];
const MODES_16: readonly Mode[] = ["L16", "LA16", "RGB16", "RGBA16"];

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);
}

/** Reads white space, comments and decimal numbers. */
class Scanner {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  skip(): void {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte === 35) {
        while (this.at < this.bytes.length && this.bytes[this.at] !== 10 && this.bytes[this.at] !== 13) this.at++;
      } else if (isSpace(byte)) this.at++;
      else return;
    }
  }

  number(): number {
    this.skip();
    let value = 0;
    const from = this.at;
    for (; this.at - from < 10; this.at++) {
      const digit = (this.bytes[this.at] ?? 0) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    if (this.at > from) return value;
    throw this.at >= this.bytes.length ? cutOff(this.bytes) : damaged("a number is expected");
  }
}

function damaged(what: string): UnreadableImage {
  return new UnreadableImage(`PNM is damaged: ${what}`);
}

function cutOff(bytes: Uint8Array, need?: number): UnreadableImage {
  const of = need === undefined ? "" : ` of ${String(need)}`;
  return new UnreadableImage(`PNM is cut off after ${String(bytes.length)}${of} bytes`);
}

function readHeader(bytes: Uint8Array): Header {
  const kind = (bytes[1] ?? 0) - 48;
  if (bytes[0] !== 80 || !(kind >= 1 && kind <= 7)) throw damaged("its header is not valid");
  if (kind === 7) return readPamHeader(bytes);
  const scanner = new Scanner(bytes, 2);
  const width = scanner.number();
  const height = scanner.number();
  const bits = kind === 1 || kind === 4;
  const max = bits ? 1 : scanner.number();
  if (!isSpace(bytes[scanner.at]))
    throw scanner.at >= bytes.length ? cutOff(bytes) : damaged("its header is not valid");
  return {
    width,
    height,
    channels: kind === 3 || kind === 6 ? 3 : 1,
    max,
    inverted: bits,
    coding: kind <= 3 ? "text" : bits ? "bits" : "binary",
    data: scanner.at + 1,
  };
}

function readPamHeader(bytes: Uint8Array): Header {
  const fields = new Map<string, number>();
  let at = 2;
  for (;;) {
    while (isSpace(bytes[at])) at++;
    const end = bytes.indexOf(10, at);
    if (end < 0 || end - at > 1024) throw end < 0 ? cutOff(bytes) : damaged("its header is not valid");
    const [name = "", value = ""] = new TextDecoder("latin1").decode(bytes.subarray(at, end)).trim().split(/\s+/);
    at = end + 1;
    if (name === "ENDHDR") break;
    if (/^(?:WIDTH|HEIGHT|DEPTH|MAXVAL)$/.test(name)) {
      if (!/^\d{1,9}$/.test(value)) throw damaged(`its ${name} is not a number`);
      fields.set(name, Number(value));
    }
  }
  const channels = fields.get("DEPTH") ?? 0;
  if (channels < 1 || channels > 4) throw new UnreadableImage(`PNM with ${String(channels)} channels is not supported`);
  return {
    width: fields.get("WIDTH") ?? 0,
    height: fields.get("HEIGHT") ?? 0,
    channels,
    max: fields.get("MAXVAL") ?? 0,
    inverted: false,
    coding: "binary",
    data: at,
  };
}

/**
 * Decodes the first picture of a PBM, PGM, PPM or PAM file (P1 to P7). Samples of at most 255 become 8-bit modes, larger
 * ones 16-bit modes; a range that does not fill those is stretched to them. In bitmaps (P1, P4) 1 is black.
 * @throws {UnreadableImage} when it is cut off, damaged or too large
 */
export function decodePnm(bytes: Uint8Array, limits: DecodeLimits): Picture {
  const { width, height, channels, max, inverted, coding, data } = readHeader(bytes);
  checkSize("PNM", width, height, limits);
  if (max < 1 || max > 65535) throw damaged("its largest value is not between 1 and 65535");
  const wide = max > 255;
  const count = width * height * channels;
  const rowBytes = Math.ceil(width / 8);
  // A sample in text takes a digit at least.
  const need = data + (coding === "bits" ? rowBytes * height : coding === "text" ? count : count * (wide ? 2 : 1));
  if (bytes.length < need) throw cutOff(bytes, coding === "text" ? undefined : need);
  const mode = (wide ? MODES_16 : MODES_8)[channels - 1] ?? "L";
  const values = wide ? new Uint16Array(count) : new Uint8Array(count);
  if (coding === "bits") {
    for (let y = 0, to = 0; y < height; y++) {
      const row = data + y * rowBytes;
      for (let x = 0; x < width; x++) values[to++] = ((bytes[row + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1;
    }
  } else if (coding === "text") {
    readText(bytes, data - 1, values, max, inverted);
  } else if (wide) {
    for (let i = 0, at = data; i < count; i++, at += 2) values[i] = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  } else {
    values.set(bytes.subarray(data, need));
  }
  const full = wide ? 65535 : 255;
  if (max !== full) {
    for (let i = 0; i < count; i++) {
      const value = values[i] ?? 0;
      if (value > max) throw damaged(`a value exceeds the declared largest value ${String(max)}`);
      values[i] = inverted ? full - value * full : Math.floor((value * full) / max + 0.5);
    }
  }
  return { width, height, mode, pixels: new Uint8Array(values.buffer) };
}

function readText(bytes: Uint8Array, from: number, out: Uint8Array | Uint16Array, max: number, digits: boolean): void {
  const scanner = new Scanner(bytes, from);
  for (let i = 0; i < out.length; i++) {
    let value: number;
    if (digits) {
      // The digits of a plain bitmap need no space between them.
      scanner.skip();
      if (scanner.at >= bytes.length) throw cutOff(bytes);
      value = (bytes[scanner.at++] ?? 0) - 48;
    } else value = scanner.number();
    if (!(value >= 0 && value <= max)) throw damaged(`a value is not between 0 and ${String(max)}`);
    out[i] = value;
  }
}
