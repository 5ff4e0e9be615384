import * as l10n from "@vscode/l10n";
import {
  TRANSFORMS,
  type ComparisonView,
  type Nearness,
  type ReportSnapshot,
  type ThumbnailView,
} from "../../../../src/protocol/report";

/** Sides of a picture are divided into this many steps to say by how much it was moved. */
const STEPS = 32;
/** The grey level of a difference of nothing. */
const MIDDLE = 128;
/** Bits of the number of a transform: what is done to a picture, in this order, see `TRANSFORMS`. */
const [MIRRORED, UPSIDE_DOWN, TRANSPOSED] = [1, 2, 4];

/**
 * Lays the second of two small pictures on the first one, as the engine does with whole pictures. Only pairs can be compared of
 * which the snapshot says how near they are: those of a picture and the first one of its group.
 */
export async function compareInFile(
  snapshot: ReportSnapshot,
  first: ThumbnailView,
  second: ThumbnailView,
): Promise<ComparisonView> {
  const nearness = nearnessOf(snapshot, first.sample, second.sample);
  if (nearness === null || first.png.length === 0 || second.png.length === 0) {
    throw new Error(
      l10n.t("This file does not hold how near these two are. Compare each with the first one of the group."),
    );
  }
  const { width, height } = first;
  const below = await draw(first, width, height, [1, 0, 0, 1], [0, 0]);
  const above = await draw(second, width, height, matrixOf(nearness.transform), nearness.shift);
  const difference = canvas(width, height);
  const pixels = difference.createImageData(width, height);
  const [levels, others] = [below, above].map((context) => context.getImageData(0, 0, width, height).data);
  for (let at = 0; at < pixels.data.length; at += 4) {
    const isThere = (others?.[at + 3] ?? 0) > 0;
    const level = isThere ? MIDDLE + luma(others, at) - luma(levels, at) : MIDDLE;
    pixels.data.set([level, level, level, 255], at);
  }
  difference.putImageData(pixels, 0, 0);
  const [firstPng, secondPng, differencePng] = await Promise.all([below, above, difference].map(pngOf));
  const none = new Uint8Array();
  return {
    first: firstPng ?? none,
    second: secondPng ?? none,
    difference: differencePng ?? none,
    width,
    height,
    nearness,
  };
}

/** How near the second picture is to the first one, as far as a group tells it; `null` when none does. */
function nearnessOf({ groups, report }: ReportSnapshot, first: number, second: number): Nearness | null {
  for (const { members } of groups.near?.groups ?? []) {
    const reference = members[0]?.sample;
    const [a, b] = [first, second].map((sample) => members.find((member) => member.sample === sample));
    if (a === undefined || b === undefined) continue;
    if (reference === first && b.nearness !== null) return b.nearness;
    if (reference === second && a.nearness !== null) return inverse(a.nearness);
    if (a.nearness === null && b.nearness === null) {
      return { score: report.near?.measure.best ?? 0, transform: "as it is", shift: [0, 0], verdict: null };
    }
  }
  return null;
}

/** Columns of a 2 x 2 matrix that turns a picture about its middle; x goes right, y down. */
type Matrix = readonly [number, number, number, number];

function matrixOf(transform: Nearness["transform"]): Matrix {
  const bits = TRANSFORMS.indexOf(transform);
  const x = (bits & MIRRORED) === 0 ? 1 : -1;
  const y = (bits & UPSIDE_DOWN) === 0 ? 1 : -1;
  return (bits & TRANSPOSED) === 0 ? [x, 0, 0, y] : [0, x, y, 0];
}

/** How the first picture lies on the second one, when the second one lies so on the first. */
function inverse(nearness: Nearness): Nearness {
  const [a, b, c, d] = matrixOf(nearness.transform);
  const [right, down] = nearness.shift;
  // Turning keeps lengths, so the inverse of the matrix is the transposed one.
  const back: Matrix = [a, c, b, d];
  const transform = TRANSFORMS.find((name) => String(matrixOf(name)) === String(back)) ?? nearness.transform;
  const shift = [-(back[0] * right + back[2] * down), -(back[1] * right + back[3] * down)] as const;
  return { ...nearness, transform, shift: [shift[0] || 0, shift[1] || 0] };
}

async function draw(
  { png }: ThumbnailView,
  width: number,
  height: number,
  [a, b, c, d]: Matrix,
  [right, down]: readonly [number, number],
): Promise<OffscreenCanvasRenderingContext2D> {
  const context = canvas(width, height);
  const picture = await createImageBitmap(new Blob([new Uint8Array(png)], { type: "image/png" }));
  const isTransposed = b !== 0;
  context.setTransform(a, b, c, d, width / 2 + (right * width) / STEPS, height / 2 + (down * height) / STEPS);
  const [w, h] = isTransposed ? [height, width] : [width, height];
  context.drawImage(picture, -w / 2, -h / 2, w, h);
  context.resetTransform();
  picture.close();
  return context;
}

function canvas(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error(l10n.t("This browser cannot draw pictures."));
  return context;
}

/** Grey level by the weights of ITU-R BT.601. */
function luma(pixels: Uint8ClampedArray | undefined, at: number): number {
  return 0.299 * (pixels?.[at] ?? 0) + 0.587 * (pixels?.[at + 1] ?? 0) + 0.114 * (pixels?.[at + 2] ?? 0);
}

async function pngOf({ canvas: drawn }: OffscreenCanvasRenderingContext2D): Promise<Uint8Array> {
  const blob = await drawn.convertToBlob({ type: "image/png" });
  return new Uint8Array(await blob.arrayBuffer());
}
