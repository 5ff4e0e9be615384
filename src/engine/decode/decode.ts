import type { FailOnOptions, Metadata, Sharp } from "sharp";
import { messageOf } from "../../core/errors";
import type { Mode, Picture } from "../../core/picture";
import { decodeBmp } from "./bmp";
import { explainUnknown, formatName, sniffFormat, type ImageFormat } from "./formats";
import { sharp } from "./library";
import { checkSize, DEFAULT_LIMITS, type DecodeLimits } from "./limits";
import { decodePng, explainPng } from "./png";
import { decodePnm } from "./pnm";
import { explainTiff } from "./tiff";
import { UnreadableImage } from "./unreadable";

/** Longest time the library may take for one picture; ordinary ones take milliseconds. */
const TIMEOUT_SECONDS = 60;

/** Larger files of the formats decoded here are not decoded in one synchronous step. */
const MAX_FAST_BYTES = 1 << 24;

/** Warnings of the JPEG library after which the pixels are still complete. */
const HARMLESS_JPEG = /extraneous bytes before marker|unknown JFIF revision|Unknown Adobe color transform/;

/** Words of the library for data that ends too early. */
const CUT_OFF = /premature end of JPEG|unexpected end|truncat|end of (?:file|stream)|end-of-file|not enough data/i;

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
  let metadata: Metadata;
  try {
    metadata = await open(bytes, "error").metadata();
  } catch (error) {
    throw new UnreadableImage(reasonOf(error, bytes, format));
  }
  checkSize(kind, metadata.width, metadata.height, limits);
  const plan = planFor(metadata);
  if (plan === undefined) {
    throw new UnreadableImage(unsupported(kind, metadata));
  }
  const silent = format === "tiff" ? explainTiff(bytes) : undefined;
  if (silent !== undefined) throw new UnreadableImage(silent);
  const read = (failOn: FailOnOptions) => plan.read(open(bytes, failOn)).toBuffer({ resolveWithObject: true });
  try {
    let result;
    if (format === "jpeg") {
      // Damaged data is no more than a warning in a JPEG; so are some oddities that do no harm.
      result = await read("warning").catch((error: unknown) => {
        if (
          !messageOf(error)
            .split("\n")
            .every((line) => HARMLESS_JPEG.test(line))
        )
          throw error;
        return read("error");
      });
    } else {
      result = await read("error");
    }
    const { data, info } = result;
    return plan.picture(data, info.width, info.height);
  } catch (error) {
    throw new UnreadableImage(reasonOf(error, bytes, format));
  }
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

/** What the library said, in words for people. */
function reasonOf(error: unknown, bytes: Uint8Array, format: ImageFormat): string {
  const kind = formatName(format);
  const size = String(bytes.length);
  const structural = format === "png" ? explainPng(bytes) : undefined;
  if (structural !== undefined) return structural;
  if (format === "webp" && bytes.length >= 12) {
    const declared = new DataView(bytes.buffer, bytes.byteOffset, 12).getUint32(4, true) + 8;
    if (bytes.length < declared) return `WebP is cut off after ${size} of ${String(declared)} bytes`;
  }
  const lines = messageOf(error)
    .split("\n")
    .map((line) =>
      line
        .replace(/^Input buffer has corrupt header: ?/, "")
        .replace(
          /^(?:VipsJpeg|vipspng|webp2vips|webp|tiff2vips|tiffload_buffer|gifload_buffer|heif|svgload_buffer): ?/i,
          "",
        )
        .replace(/^(?:Corrupt JPEG data|Warning): ?/, "")
        .trim(),
    )
    .filter(
      (line) => line !== "" && !/treated as error|unsupported image format|^Unknown error|^VipsForeign/.test(line),
    );
  const text = lines.join("\n");
  if (format === "heif" && /unsupported (?:codec|feature)|decoding plugin|bitstream not supported/i.test(text)) {
    return "HEIF: its compression is not supported";
  }
  if (/samples out of range|bad labq format/.test(text)) return `${kind}: its kind of samples is not supported`;
  if (/libpng read error/.test(text)) return "PNG is damaged: its compressed pixels are not valid";
  if (/timeout/i.test(text)) return `${kind} takes longer than ${String(TIMEOUT_SECONDS)} seconds to decode`;
  if (/allocate|out of memory/i.test(text)) return `${kind} is too large for the memory`;
  if (CUT_OFF.test(text)) return `${kind} is cut off after ${size} bytes`;
  const last = lines.at(-1);
  return last === undefined ? `${kind} is damaged` : `${kind} is damaged: ${last}`;
}
