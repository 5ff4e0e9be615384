/** Where a frame's compressed indices are, and how many there should be. */
interface Frame {
  readonly at: number;
  readonly pixels: number;
}

/** Bytes of a table of colours, by the flags that declare it. */
function tableSize(flags: number): number {
  return flags & 0x80 ? 3 << ((flags & 7) + 1) : 0;
}

/** Where the chain of sub-blocks ends that begins at `at`: behind its empty last one, or beyond the bytes. */
function skipBlocks(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && bytes[at] !== 0) at += (bytes[at] ?? 0) + 1;
  return at + 1;
}

/** Why a GIF is refused, as far as its blocks tell; undefined when they are in order up to its end mark. */
export function explainGif(bytes: Uint8Array): string | undefined {
  let at = 13 + tableSize(bytes[10] ?? 0);
  while (at < bytes.length) {
    const block = bytes[at];
    if (block === 0x3b) return undefined;
    if (block !== 0x2c && block !== 0x21) return "GIF is damaged: a block is of no known kind";
    at = skipBlocks(bytes, at + (block === 0x21 ? 2 : 11 + tableSize(bytes[at + 9] ?? 0)));
  }
  return `GIF is cut off after ${String(bytes.length)} bytes`;
}

/**
 * Why a GIF whose first frame holds fewer pixels than it declares is refused: the library fills them up without a word.
 * Undefined when nothing is missing, and when there is no frame, which the library finds itself.
 */
export function explainShortGif(bytes: Uint8Array): string | undefined {
  const frame = firstFrame(bytes);
  if (frame === undefined || countPixels(bytes, frame) >= frame.pixels) return undefined;
  return explainGif(bytes) ?? "GIF is damaged: its first frame holds fewer pixels than it declares";
}

function firstFrame(bytes: Uint8Array): Frame | undefined {
  let at = 13 + tableSize(bytes[10] ?? 0);
  while (bytes[at] === 0x21) at = skipBlocks(bytes, at + 2);
  if (bytes[at] !== 0x2c || at + 11 > bytes.length) return undefined;
  const u16 = (from: number): number => (bytes[from] ?? 0) | ((bytes[from + 1] ?? 0) << 8);
  return { at: at + 10 + tableSize(bytes[at + 9] ?? 0), pixels: u16(at + 5) * u16(at + 7) };
}

const MOST_CODES = 4096;

/** How many pixels the codes of a frame stand for, counted until there are enough: only their lengths are looked at. */
function countPixels(bytes: Uint8Array, { at, pixels }: Frame): number {
  const least = bytes[at++] ?? 0;
  // The library refuses others.
  if (least < 1 || least > 11) return pixels;
  const clear = 1 << least;
  const lengths = new Uint32Array(MOST_CODES).fill(1, 0, clear);
  let next = clear + 2;
  let width = least + 1;
  let previous = 0;
  let count = 0;
  let bits = 0;
  let held = 0;
  let left = 0;
  while (count < pixels) {
    while (held < width) {
      if (left === 0) {
        left = bytes[at++] ?? 0;
        if (left === 0) return count;
      }
      if (at >= bytes.length) return count;
      bits |= (bytes[at++] ?? 0) << held;
      held += 8;
      left--;
    }
    const code = bits & ((1 << width) - 1);
    bits >>>= width;
    held -= width;
    if (code === clear) {
      next = clear + 2;
      width = least + 1;
      previous = 0;
      continue;
    }
    if (code === clear + 1) return count;
    // A code that does not exist yet: the library refuses it.
    if (code > next || (code === next && previous === 0)) return pixels;
    if (previous > 0 && next < MOST_CODES) {
      lengths[next++] = previous + 1;
      if (next === 1 << width && width < 12) width++;
    }
    previous = lengths[code] ?? 0;
    count += previous;
  }
  return count;
}
