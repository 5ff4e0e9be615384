import { bytesPerChannel, channelsOf, MODES, type Picture } from "../picture";
import type { Md5 } from "./md5";

/**
 * Writes the pixel fingerprint of a picture: MD5 of shape, mode and decoded pixels. Two pictures have the same one when
 * they have the same width, height, mode and pixels, however they were stored.
 */
export function pixelDigest(md5: Md5, picture: Picture, target: Uint8Array, at: number): void {
  const head = new Uint8Array(12);
  const view = new DataView(head.buffer);
  view.setUint32(0, picture.width, true);
  view.setUint32(4, picture.height, true);
  view.setUint32(8, MODES.indexOf(picture.mode), true);
  md5.into(target, at, head, picture.pixels);
}

/** Whether all pixels of a picture are equal. A picture of one pixel is not called blank: it has nothing to differ. */
export function isBlank(picture: Picture): boolean {
  const { pixels } = picture;
  const step = channelsOf(picture.mode) * bytesPerChannel(picture.mode);
  if (pixels.length <= step) return false;
  for (let i = step; i < pixels.length; i++) if (pixels[i] !== pixels[i - step]) return false;
  return true;
}
