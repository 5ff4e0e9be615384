import { hasPngSignature } from "./png";

/** The image formats that can be decoded. HEIC and AVIF share a container and are both "heif". */
export type ImageFormat = "png" | "jpeg" | "gif" | "webp" | "tiff" | "heif" | "svg" | "bmp" | "pnm";

const EXTENSIONS: ReadonlySet<string> = new Set([
  ...["png", "apng", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "tif", "tiff", "avif", "heif", "heic", "svg"],
  ...["bmp", "dib", "pbm", "pgm", "ppm", "pnm", "pam"],
]);

const NAMES: Readonly<Record<ImageFormat, string>> = {
  png: "PNG",
  jpeg: "JPEG",
  gif: "GIF",
  webp: "WebP",
  tiff: "TIFF",
  heif: "HEIF",
  svg: "SVG",
  bmp: "BMP",
  pnm: "PNM",
};

/** The lengths of BMP's info header that exist. */
const BMP_HEADERS: ReadonlySet<number> = new Set([12, 16, 40, 52, 56, 64, 108, 124]);

/** TIFF and BigTIFF, little and big endian. */
const TIFF_STARTS: readonly string[] = ["II*\0", "MM\0*", "II+\0", "MM\0+"];

const HEIF_BRANDS: ReadonlySet<string> = new Set(["avif", "avis", "heic", "heix", "hevc", "hevx", "mif1", "msf1"]);

/** What files that no decoder reads start with, as Latin-1. */
const OTHERS: readonly (readonly [string, string])[] = [
  ["\0\0\0\x0cJXL ", "JPEG XL images are not supported"],
  ["\xff\x0a", "JPEG XL images are not supported"],
  ["\0\0\0\x0cjP  ", "JPEG 2000 images are not supported"],
  ["\xff\x4f\xff\x51", "JPEG 2000 images are not supported"],
  ["8BPS", "Photoshop images are not supported"],
  ["\0\0\x01\0", "Windows icons are not supported"],
  ["DDS ", "DDS textures are not supported"],
  ["v/1\x01", "OpenEXR images are not supported"],
  ["%PDF", "not an image: a PDF document"],
  ["PK\x03\x04", "not an image: a ZIP archive"],
  ["\x1f\x8b", "not an image: gzip-compressed data"],
  ["\x93NUMPY", "not an image: a NumPy array"],
  ["\x89HDF", "not an image: an HDF5 file"],
  ["version https://git-lfs", "not an image: a Git LFS pointer, the file itself was not fetched"],
];

/** Whether a file name ends like an image of a dataset; upper and lower case are alike. */
export function isImageFileName(name: string): boolean {
  const dot = name.lastIndexOf(".");
  return dot > 0 && EXTENSIONS.has(name.slice(dot + 1).toLowerCase());
}

/** The name of a format as people write it. */
export function formatName(format: ImageFormat): string {
  return NAMES[format];
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", from, to);
}

/** The format that the first bytes show, whatever the file is called; undefined when it is none that can be decoded. */
export function sniffFormat(bytes: Uint8Array): ImageFormat | undefined {
  if (hasPngSignature(bytes)) return "png";
  const start = latin1(bytes, 0, 32);
  if (start.startsWith("\xff\xd8\xff")) return "jpeg";
  if (start.startsWith("GIF87a") || start.startsWith("GIF89a")) return "gif";
  if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) return "webp";
  if (TIFF_STARTS.some((magic) => start.startsWith(magic))) return "tiff";
  if (start.startsWith("ftyp", 4) && HEIF_BRANDS.has(start.slice(8, 12))) return "heif";
  if (start.startsWith("BM") && start.slice(15, 18) === "\0\0\0" && BMP_HEADERS.has(start.charCodeAt(14))) return "bmp";
  if (/^P[1-7][\s#]/.test(start)) return "pnm";
  return isSvg(bytes) ? "svg" : undefined;
}

/** Whether the first element of what may be XML is `svg`. */
function isSvg(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4096)).toString("utf8");
  let at = text.startsWith("\ufeff") ? 1 : 0;
  for (;;) {
    while (/^\s/.test(text.charAt(at))) at++;
    if (!text.startsWith("<", at)) return false;
    if (/^<(?:[A-Za-z][\w.-]*:)?svg[\s>/]/.test(text.slice(at, at + 64))) return true;
    let close: string;
    if (text.startsWith("<!--", at)) close = "-->";
    else if (text.startsWith("<?", at)) close = "?>";
    else if (/^<!doctype\s+svg[^>[]*\[/i.test(text.slice(at, at + 512))) close = "]>";
    else if (/^<!doctype\s+svg/i.test(text.slice(at, at + 64))) close = ">";
    else return false;
    const end = text.indexOf(close, at);
    if (end < 0) return false;
    at = end + close.length;
  }
}

/** Why bytes of no known format are not an image, in words for people. */
export function explainUnknown(bytes: Uint8Array): string {
  if (bytes.length === 0) return "empty file (0 bytes)";
  const start = latin1(bytes, 0, 512);
  for (const [magic, reason] of OTHERS) if (start.startsWith(magic)) return reason;
  if (/^.?PNG/.test(start)) return "PNG is damaged: its first eight bytes are not a PNG's";
  if (start.startsWith("ftyp", 4)) return "not an image: a video or another media file";
  if (bytes.subarray(0, 512).every((byte) => byte === 0)) return "not an image: starts with zero bytes only";
  if (/^\s*(?:<!doctype html|<html)/i.test(start)) return "not an image: a web page (HTML)";
  if (isText(bytes.subarray(0, 512))) return "not an image: starts with text";
  if (bytes.length < 8) return `not an image: only ${String(bytes.length)} ${bytes.length === 1 ? "byte" : "bytes"}`;
  return "not an image of a known format";
}

/** Whether bytes are UTF-8 without control characters that text does not have. */
function isText(bytes: Uint8Array): boolean {
  if (bytes.some((byte) => byte < 9 || byte === 11 || (byte > 13 && byte < 32) || byte === 127)) return false;
  try {
    // The last character may be cut in two.
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
