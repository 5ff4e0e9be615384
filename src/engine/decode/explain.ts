import { formatName, type ImageFormat } from "./formats";
import { explainGif } from "./gif";
import { explainJpeg } from "./jpegMarkers";
import { explainPng } from "./png";
import { explainCutTiff } from "./tiff";

/**
 * Why the library refused a file, in words for people. Found in the bytes and never in what the library says: its
 * messages lie in one place for all threads, so that those about other files may be among them.
 * @param stage how far the library came
 */
export function explainRefusal(bytes: Uint8Array, format: ImageFormat, stage: "header" | "pixels"): string {
  const known = EXPLANATIONS[format]?.(bytes);
  if (known !== undefined) return known;
  const kind = formatName(format);
  if (format === "svg") return "SVG is damaged: it cannot be painted";
  if (stage === "pixels") return `${kind} is damaged: its compressed pixels are not valid`;
  return format === "tiff"
    ? "TIFF is damaged, or its kind of pixels is not supported"
    : `${kind} is damaged: its header is not valid`;
}

const EXPLANATIONS: Readonly<Partial<Record<ImageFormat, (bytes: Uint8Array) => string | undefined>>> = {
  png: explainPng,
  jpeg: explainJpeg,
  tiff: explainCutTiff,
  webp: explainWebp,
  gif: explainGif,
  heif: explainHeif,
};

function cutOff(kind: string, bytes: Uint8Array, declared: number): string {
  return `${kind} is cut off after ${String(bytes.length)} of ${String(declared)} bytes`;
}

/** Longest side that WebP's own library reads; the canvas of an animation may declare more. */
const MAX_WEBP_SIDE = 16383;

function explainWebp(bytes: Uint8Array): string | undefined {
  const view = viewOf(bytes);
  const declared = view.getUint32(4, true) + 8;
  if (bytes.length < declared) return cutOff("WebP", bytes, declared);
  // Its extended header, "VP8X", has three bytes for each side, less one.
  if (bytes.length < 30 || view.getUint32(12) !== 0x56503858) return undefined;
  const [width, height] = [(view.getUint32(24, true) & 0xffffff) + 1, (view.getUint32(26, true) >>> 8) + 1];
  if (width <= MAX_WEBP_SIDE && height <= MAX_WEBP_SIDE) return undefined;
  return `WebP is too large: it declares ${String(width)} × ${String(height)} pixels, at most 16,383 a side are read`;
}

/** The boxes of a HEIF declare their length; the kind of its configuration box names its compression. */
function explainHeif(bytes: Uint8Array): string | undefined {
  const view = viewOf(bytes);
  for (let at = 0; at + 8 <= bytes.length;) {
    const short = view.getUint32(at);
    const size = short === 1 && at + 16 <= bytes.length ? Number(view.getBigUint64(at + 8)) : short;
    if (size === 0) break;
    if (size < 8) return "HEIF is damaged: a box has no valid length";
    if (at + size > bytes.length) return cutOff("HEIF", bytes, at + size);
    at += size;
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return text.includes("av1C") ? undefined : "HEIF: its compression is not supported";
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
