import type { FailOnOptions, Metadata, Sharp } from "sharp";
import type { Mode, Picture } from "../../core/picture";
import { decodeBmp } from "./bmp";
import { explainRefusal } from "./explain";
import { explainUnknown, formatName, sniffFormat, type ImageFormat } from "./formats";
import { explainShortGif } from "./gif";
import { readJpegMarkers } from "./jpegMarkers";
import { sharp } from "./library";
import { checkSize, DEFAULT_LIMITS, type DecodeLimits } from "./limits";
import { decodePng, explainPng, lacksPngPixels } from "./png";
import { decodePnm } from "./pnm";
import { explainTiff, withNeededTags } from "./tiff";
import { UnreadableImage } from "./unreadable";

/** Longest time the library may take for one picture; ordinary ones take milliseconds. */
const TIMEOUT_SECONDS = 60;

/** Larger files of the formats decoded here are not decoded in one synchronous step. */
const MAX_FAST_BYTES = 1 << 24;

/**
 * Decodes without waiting where that is quick: plain PNGs, BMP and PNM. Undefined says nothing about the file:
 * `decodeImage` decides. Never throws.
 */
export function tryDecodeFast(bytes: Uint8Array): Picture | undefined {
  const first = bytes[0];
  if (first === 0x89) return decodePng(bytes);
  if ((first !== 0x42 && first !== 0x50) || bytes.length > MAX_FAST_BYTES) return undefined;
  try {
    const format = sniffFormat(bytes);
    if (format === "bmp") return decodeBmp(bytes, DEFAULT_LIMITS);
    return format === "pnm" ? decodePnm(bytes, DEFAULT_LIMITS) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Decodes the bytes of an image file, whatever the file is called, into one canonical picture: the first frame or page,
 * turned as EXIF says, with the values of the file (no colour management, profiles and gamma are ignored). Palettes
 * become RGB or RGBA, bitmaps L, 16-bit files 16-bit modes, CMYK is multiplied out to RGB, SVG is painted at its natural
 * size. One-channel TIFFs of other numbers become F32, or F64 for 32-bit integers and doubles.
 *
 * Nothing is decoded by halves: a file that is cut off or damaged is unreadable. `bytes` must not change until the
 * promise settles; the pixels own their memory.
 * @throws {UnreadableImage} whatever is wrong with the bytes
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: { readonly limits?: DecodeLimits } = {},
): Promise<Picture> {
  const limits = options.limits ?? DEFAULT_LIMITS;
  const fast = bytes[0] === 0x89 ? decodePng(bytes) : undefined;
  if (fast !== undefined) {
    checkSize("PNG", fast.width, fast.height, limits);
    return fast;
  }
  const format = sniffFormat(bytes);
  if (format === undefined) throw new UnreadableImage(explainUnknown(bytes));
  if (format === "bmp") return decodeBmp(bytes, limits);
  if (format === "pnm") return decodePnm(bytes, limits);
  return decodeWithLibrary(bytes, format, limits);
}

function open(bytes: Uint8Array, failOn: FailOnOptions): Sharp {
  // The size is checked here against the declared one, so that the reason can name it.
  const options = { failOn, ignoreIcc: true, autoOrient: true, limitInputPixels: false };
  return sharp(bytes, options).timeout({ seconds: TIMEOUT_SECONDS });
}

async function decodeWithLibrary(bytes: Uint8Array, format: ImageFormat, limits: DecodeLimits): Promise<Picture> {
  const kind = formatName(format);
  if (format === "svg") {
    const { width, height } = declaredSvgSize(bytes);
    checkSize(kind, width, height, limits);
  }
  let stage: "header" | "pixels" = "header";
  const began = performance.now();
  try {
    const metadata = await open(bytes, "error").metadata();
    checkSize(kind, metadata.width, metadata.height, limits);
    const plan = planFor(metadata);
    if (plan === undefined) throw new UnreadableImage(unsupported(kind, metadata));
    const silent = silentlyWrong(bytes, format);
    if (silent !== undefined) throw new UnreadableImage(silent);
    stage = "pixels";
    const { data, info } = await readPixels(bytes, format, plan);
    return plan.picture(data, info.width, info.height);
  } catch (error) {
    if (error instanceof UnreadableImage) throw error;
    if (performance.now() - began >= TIMEOUT_SECONDS * 1000) {
      throw new UnreadableImage(`${kind} takes longer than ${String(TIMEOUT_SECONDS)} seconds to decode`);
    }
    throw new UnreadableImage(explainRefusal(bytes, format, stage));
  }
}

/** Why the library would take much memory in vain, or answer wrong pixels without a word. */
function silentlyWrong(bytes: Uint8Array, format: ImageFormat): string | undefined {
  if (format === "tiff") return explainTiff(bytes);
  if (format === "gif") return explainShortGif(bytes);
  if (format !== "png" || !lacksPngPixels(bytes)) return undefined;
  return explainPng(bytes) ?? "PNG is damaged: it declares more pixels than it holds";
}

/** What the library says of a failure is of no use here, see `explainRefusal`: only that it fails. */
async function readPixels(bytes: Uint8Array, format: ImageFormat, plan: Plan): Promise<Pixels> {
  const read = (from: Uint8Array, failOn: FailOnOptions): Promise<Pixels> =>
    plan.read(open(from, failOn)).toBuffer({ resolveWithObject: true });
  if (format === "tiff") {
    const fragile = withNeededTags(bytes);
    return fragile === undefined ? read(bytes, "error") : read(fragile, "warning");
  }
  if (format !== "jpeg") return read(bytes, "error");
  try {
    // Damaged data is no more than a warning in a JPEG.
    return await read(bytes, "warning");
  } catch (error) {
    const { cleaned } = readJpegMarkers(bytes, true);
    if (cleaned === undefined) throw error;
    // So are some oddities that do no harm.
    return read(cleaned, "warning");
  }
}

interface Pixels {
  readonly data: Buffer;
  readonly info: { readonly width: number; readonly height: number };
}

function unsupported(kind: string, { channels, depth, space }: Metadata): string {
  const numbers = depth === "uchar" ? "" : ` of ${depth} numbers`;
  return `${kind} with ${String(channels)} ${channels === 1 ? "channel" : "channels"}${numbers} (${space}) is not supported`;
}

/** The absurd sizes that the library wraps around or reduces to one pixel: what an SVG declares, else 1 × 1. */
function declaredSvgSize(bytes: Uint8Array): { width: number; height: number } {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 8192)).toString("latin1");
  const tag = /<(?:[\w.-]+:)?svg\s[^>]*/.exec(start)?.[0] ?? "";
  const side = (name: string): number => {
    const value = Number(new RegExp(`\\s${name}\\s*=\\s*["']\\s*([\\d.]+(?:[eE]\\+?\\d+)?)`).exec(tag)?.[1] ?? 1);
    return value > 1 ? Math.ceil(value) : 1;
  };
  return { width: side("width"), height: side("height") };
}

/** How to get at the values of a file of some kind, and to the picture from them. */
interface Plan {
  read(image: Sharp): Sharp;
  picture(data: Buffer, width: number, height: number): Picture;
}

function plain(mode: Mode, colourspace: string, depth: "uchar" | "ushort"): Plan {
  return {
    read: (image) => image.toColourspace(colourspace).raw({ depth }),
    picture: (data, width, height) => ({ width, height, mode, pixels: own(data) }),
  };
}

/** Grey and alpha comes from the library as RGBA: its raw output drops the alpha of grey. */
const GREY_ALPHA: Plan = {
  read: (image) => image.toColourspace("srgb").raw({ depth: "uchar" }),
  picture: (data, width, height) => {
    const pixels = new Uint8Array(width * height * 2);
    for (let at = 0, to = 0; to < pixels.length; at += 4) {
      pixels[to++] = data[at] ?? 0;
      pixels[to++] = data[at + 3] ?? 0;
    }
    return { width, height, mode: "LA", pixels };
  },
};

/** CMYK without its profile: every ink takes its share of the light, as most decoders do it. */
const CMYK: Plan = {
  read: (image) => image.pipelineColourspace("cmyk").toColourspace("cmyk").raw({ depth: "uchar" }),
  picture: (data, width, height) => {
    const pixels = new Uint8Array(width * height * 3);
    for (let at = 0, to = 0; to < pixels.length; at += 4) {
      const light = 255 - (data[at + 3] ?? 0);
      for (let channel = 0; channel < 3; channel++) {
        const product = (data[at + channel] ?? 0) * light + 128;
        pixels[to++] = Math.max(0, light - ((product + (product >> 8)) >> 8));
      }
    }
    return { width, height, mode: "RGB", pixels };
  },
};

const GREY_NUMBERS_F32: Plan = {
  read: (image) => image.pipelineColourspace("b-w").toColourspace("b-w").raw({ depth: "float" }),
  picture: (data, width, height) => ({ width, height, mode: "F32", pixels: own(data) }),
};

const GREY_NUMBERS_F64: Plan = {
  read: (image) => image.pipelineColourspace("b-w").toColourspace("b-w").raw({ depth: "double" }),
  picture: (data, width, height) => ({ width, height, mode: "F64", pixels: own(data) }),
};

function planFor({ space, channels, depth, hasAlpha }: Metadata): Plan | undefined {
  const colours = hasAlpha ? channels - 1 : channels;
  if (depth === "uchar") {
    if (space === "cmyk") return channels === 4 ? CMYK : undefined;
    if (space !== "b-w" && space !== "srgb") return undefined;
    if (colours === 1) return hasAlpha ? GREY_ALPHA : plain("L", "b-w", depth);
    if (colours === 3) return plain(hasAlpha ? "RGBA" : "RGB", "srgb", depth);
    return undefined;
  }
  if (depth === "ushort") {
    if (space === "grey16" && colours === 1) return plain(hasAlpha ? "LA16" : "L16", "grey16", depth);
    if (space === "rgb16" && colours === 3) return plain(hasAlpha ? "RGBA16" : "RGB16", "rgb16", depth);
    return undefined;
  }
  if (channels !== 1) return undefined;
  if (space === "b-w" && (depth === "char" || depth === "short" || depth === "float")) return GREY_NUMBERS_F32;
  if (space === "b-w" && (depth === "int" || depth === "uint" || depth === "double")) return GREY_NUMBERS_F64;
  return undefined;
}

function own(data: Buffer): Uint8Array {
  // The library gives every result its own memory; a pooled buffer would be shared.
  return data.byteLength === data.buffer.byteLength
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : Uint8Array.from(data);
}
