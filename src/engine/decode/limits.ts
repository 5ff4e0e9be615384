import { UnreadableImage } from "./unreadable";

/** How much decoding may take. */
export interface DecodeLimits {
  /** A picture of more pixels is refused by its declared size, before memory is taken for it. */
  readonly pixels: number;
}

/** 2^28 pixels: 16,384 × 16,384, or 1 GiB as RGBA. */
export const DEFAULT_LIMITS: DecodeLimits = { pixels: 2 ** 28 };

/**
 * Refuses a picture of no or too many pixels.
 * @param kind name of the format for the reason, such as "PNG"
 * @throws {UnreadableImage} unless 1 ≤ width × height ≤ limits.pixels
 */
export function checkSize(kind: string, width: number, height: number, limits: DecodeLimits): void {
  if (!(width >= 1 && height >= 1)) throw new UnreadableImage(`${kind} is damaged: it declares no pixels`);
  if (width * height <= limits.pixels) return;
  const most = limits.pixels.toLocaleString("en-US");
  throw new UnreadableImage(
    `${kind} is too large: it declares ${String(width)} × ${String(height)} pixels, at most ${most} are read`,
  );
}
