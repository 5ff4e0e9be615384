import { blockMeans, lumaOf } from "../../core/fingerprint/signature";
import { TRANSFORMS, type Regime } from "../../core/near/near";
import { rmsOf, squareDifference } from "../../core/near/rms";
import { LOOK_SIDE, PhotoComparer, photoOf, type Likeness, type Photo } from "../../core/near/structure";
import { channelsOf, type Picture } from "../../core/picture";
import { encodePng, flatPicture, type ShownPicture } from "../decode/thumbnail";
import type { Comparison } from "../engine";

/** The grey level of a difference of nothing. */
const MIDDLE = 128;

/**
 * Lays the second picture over the first one. Both are shown in the size of the first one, reduced to `size` pixels on its
 * longer side, in colour when one of them is. Photos are turned and moved as `PhotoComparer` finds it, glyphs lie as they
 * are. Of the difference one level is one grey level, and what exceeds 127 is cut off. Where the second picture was moved
 * away there is mid-grey.
 */
export async function overlay(first: Picture, second: Picture, size: number, regime: Regime): Promise<Comparison> {
  const scale = Math.min(1, size / Math.max(first.width, first.height));
  const width = Math.max(1, Math.round(first.width * scale));
  const height = Math.max(1, Math.round(first.height * scale));
  const channels = channelsOf(first.mode) >= 3 || channelsOf(second.mode) >= 3 ? 3 : 1;
  const { score, transform, shift } = regime === "photos" ? likenessOf(first, second) : glyphLikeness(first, second);
  const isTransposed = transform >= 4;
  const below = await flatPicture(first, width, height, channels);
  const flat = await flatPicture(second, isTransposed ? height : width, isTransposed ? width : height, channels);
  const [right, down] = [Math.round((shift[0] * width) / 64), Math.round((shift[1] * height) / 64)];
  const above = move(turn(flat, transform), right, down);
  return {
    first: encodePng(below),
    second: encodePng(above),
    difference: encodePng(differenceOf(below, above, right, down)),
    width,
    height,
    nearness: {
      score,
      transform: TRANSFORMS[transform] ?? "as it is",
      shift: [Math.round(shift[0] / 2), Math.round(shift[1] / 2)],
      verdict: null,
    },
  };
}

function likenessOf(first: Picture, second: Picture): Likeness {
  const comparer = new PhotoComparer(lookOf(first));
  const photo = lookOf(second);
  return comparer.compare(photo) ?? comparer.align(photo);
}

function lookOf(picture: Picture): Photo {
  return photoOf(blockMeans(lumaOf(picture), picture.width, picture.height, LOOK_SIDE, LOOK_SIDE));
}

/** The measure of glyphs, see `rms.ts`; the second picture is scaled to the size of the first. */
function glyphLikeness(first: Picture, second: Picture): Likeness {
  const { width, height } = first;
  const [levels, others] = [lumaOf(first), blockMeans(lumaOf(second), second.width, second.height, width, height)];
  const squares = squareDifference(levels, 0, others, 0, levels.length);
  return { score: rmsOf(squares, levels.length), transform: 0, shift: [0, 0] };
}

/** A picture turned: see {@link TRANSFORMS}. */
function turn(picture: ShownPicture, transform: number): ShownPicture {
  if (transform === 0) return picture;
  const { width, height, mode } = picture;
  const isTransposed = (transform & 4) !== 0;
  const [turnedWidth, turnedHeight] = isTransposed ? [height, width] : [width, height];
  const pixels = place(picture, turnedWidth, turnedHeight, (x, y) => {
    const [fromX, fromY] = isTransposed ? [y, x] : [x, y];
    return [(transform & 1) !== 0 ? width - 1 - fromX : fromX, (transform & 2) !== 0 ? height - 1 - fromY : fromY];
  });
  return { width: turnedWidth, height: turnedHeight, mode, pixels };
}

function move(picture: ShownPicture, right: number, down: number): ShownPicture {
  if (right === 0 && down === 0) return picture;
  return { ...picture, pixels: place(picture, picture.width, picture.height, (x, y) => [x - right, y - down]) };
}

/** Pixels of a new picture, each from where `source` says; mid-grey where that lies outside. */
function place(
  { width, height, mode, pixels }: ShownPicture,
  newWidth: number,
  newHeight: number,
  source: (x: number, y: number) => readonly [number, number],
): Uint8Array {
  const channels = channelsOf(mode);
  const placed = new Uint8Array(newWidth * newHeight * channels).fill(MIDDLE);
  for (let y = 0, to = 0; y < newHeight; y++) {
    for (let x = 0; x < newWidth; x++, to += channels) {
      const [fromX, fromY] = source(x, y);
      if (fromX < 0 || fromY < 0 || fromX >= width || fromY >= height) continue;
      const from = (fromY * width + fromX) * channels;
      for (let channel = 0; channel < channels; channel++) placed[to + channel] = pixels[from + channel] ?? 0;
    }
  }
  return placed;
}

function differenceOf(first: ShownPicture, second: ShownPicture, right: number, down: number): ShownPicture {
  const { width, height } = first;
  const [levels, others] = [lumaOf(first), lumaOf(second)];
  const pixels = new Uint8ClampedArray(width * height).fill(MIDDLE);
  const [fromX, toX] = [Math.max(0, right), width + Math.min(0, right)];
  for (let y = Math.max(0, down); y < height + Math.min(0, down); y++) {
    for (let at = y * width + fromX; at < y * width + toX; at++) {
      pixels[at] = MIDDLE + (others[at] ?? 0) - (levels[at] ?? 0);
    }
  }
  return { width, height, mode: "L", pixels: new Uint8Array(pixels.buffer) };
}
