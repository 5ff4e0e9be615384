/**
 * How the pixels of a picture are stored: L grey, LA grey and alpha, RGB, RGBA with 8 bits a channel; the same with
 * 16 bits (little endian); F32 and F64 for floats under no recognised scaling. Names follow Pillow.
 */
export type Mode = "L" | "LA" | "RGB" | "RGBA" | "L16" | "LA16" | "RGB16" | "RGBA16" | "F32" | "F64";

/** Every mode, in the order of its code in typed columns. */
export const MODES: readonly Mode[] = ["L", "LA", "RGB", "RGBA", "L16", "LA16", "RGB16", "RGBA16", "F32", "F64"];

/** Channels of a mode, 1 to 4. */
export function channelsOf(mode: Mode): number {
  return mode.startsWith("RGBA") ? 4 : mode.startsWith("RGB") ? 3 : mode.startsWith("LA") ? 2 : 1;
}

/** Bytes one channel of one pixel takes: 1, 2, 4 or 8. */
export function bytesPerChannel(mode: Mode): number {
  return mode === "F64" ? 8 : mode === "F32" ? 4 : mode.endsWith("16") ? 2 : 1;
}

/**
 * A decoded picture: rows from top to bottom, pixels from left to right, channels interleaved, no padding.
 * `pixels.length === width * height * channelsOf(mode) * bytesPerChannel(mode)`.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly mode: Mode;
  readonly pixels: Uint8Array;
}
