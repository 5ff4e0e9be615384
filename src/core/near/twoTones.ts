/** Grey levels this part of the range of a picture from its darkest or brightest one belong to its two tones. */
const TONE = 0.1;

/** Share of the pixels of a picture that belong to its two tones from which on it is nearly two-toned. */
const SHARE = 0.6;

/**
 * Whether at least half of some pictures are nearly two-toned: drawn or written in one tone on another, so that most pixels
 * are nearly as dark as the darkest or nearly as bright as the brightest. `looks` are grey levels, `pixels` a picture.
 *
 * Measured as the share of such pixels in the middle one of the pictures: notMNIST, as files, IDX and pickle, .85; MNIST
 * .91; Quick, Draw! .85. X-rays of 28 x 28 (PneumoniaMNIST) .10; photos scaled to 28, 32 and 48 .05 to .16; road signs
 * scaled to 32 .37. The limit lies half way between the two kinds.
 */
export function areTwoToned(looks: Uint8Array, pixels: number): boolean {
  const count = Math.floor(looks.length / pixels);
  let twoToned = 0;
  for (let picture = 0; picture < count; picture++) {
    if (toneShare(looks.subarray(picture * pixels, (picture + 1) * pixels)) >= SHARE) twoToned++;
  }
  return count > 0 && 2 * twoToned >= count;
}

/** Share, 0..1, of the grey levels that belong to the two tones of a picture. */
export function toneShare(luma: Uint8Array): number {
  let [darkest, brightest] = [255, 0];
  for (const level of luma) {
    if (level < darkest) darkest = level;
    if (level > brightest) brightest = level;
  }
  const width = TONE * (brightest - darkest);
  let belonging = 0;
  for (const level of luma) if (level - darkest <= width || brightest - level <= width) belonging++;
  return luma.length === 0 ? 0 : belonging / luma.length;
}
