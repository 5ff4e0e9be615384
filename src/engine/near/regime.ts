import * as l10n from "@vscode/l10n";
import { counted } from "../../core/counts";
import { MEASURES, type Measure } from "../../core/near/near";
import { areTwoToned } from "../../core/near/twoTones";
import { readLooks } from "./looks";
import type { NearTask } from "./search";

/** How the pictures of a dataset are compared: the measure, why, and the size that glyphs are compared at. */
export interface ChosenRegime {
  readonly measure: Measure;
  readonly reason: string;
  readonly size: { readonly width: number; readonly height: number };
}

/** Longest side of glyphs, in pixels: MNIST and its kin have 28, Omniglot scaled for learning 28 to 35, others 32 or 48. */
const MAX_SIDE = 48;

/** Share of the pictures that must have the most common size. */
const SAME_SIZE = 0.9;

/** Pictures that are looked at, spread evenly over all. */
const PROBED = 512;

/**
 * Chooses by the data how pictures are compared: pixel by pixel when nearly all have one size, which is tiny, and they are
 * nearly two-toned; see `core/near/twoTones.ts`. Depends on nothing but the pictures and their order in the dataset.
 */
export async function chooseRegime({
  dataset,
  findings,
  samples,
  pool,
  signal,
}: Omit<NearTask, "progress">): Promise<ChosenRegime> {
  const { widths, heights } = findings.fingerprints;
  const { count, ...size } = mostCommonSize(samples, widths, heights);
  const photos = (why: string): ChosenRegime => ({
    measure: MEASURES.photos,
    reason: l10n.t({
      message: "{0}, so the structure of their grey levels is compared; mirrored and turned pictures are found, too.",
      args: [why],
      comment: ["{0} why, e.g. The pictures are of different sizes"],
    }),
    size,
  });
  if (samples.length === 0) return photos(l10n.t("No picture shows anything"));
  if (count < SAME_SIZE * samples.length) return photos(l10n.t("The pictures are of different sizes"));
  const { width, height } = size;
  const isAll = count === samples.length;
  if (Math.max(width, height) > MAX_SIDE) {
    return photos(
      isAll
        ? l10n.t("All pictures are {0} x {1} pixels", width, height)
        : l10n.t("Nearly all pictures are {0} x {1} pixels", width, height),
    );
  }
  const probed = Math.min(samples.length, PROBED);
  const spread = Uint32Array.from(
    { length: probed },
    (_, i) => samples[Math.floor((i * samples.length) / probed)] ?? 0,
  );
  const looks = await readLooks(dataset, spread, size, pool, { signal, advance: () => undefined });
  if (!areTwoToned(looks, width * height)) {
    return photos(
      isAll
        ? l10n.t("All pictures are {0} x {1} pixels and have many tones", width, height)
        : l10n.t("Nearly all pictures are {0} x {1} pixels and have many tones", width, height),
    );
  }
  return { measure: MEASURES.glyphs, reason: glyphsText(isAll, counted(samples.length, "picture"), size), size };
}

function glyphsText(isAll: boolean, pictures: string, { width, height }: ChosenRegime["size"]): string {
  return isAll
    ? l10n.t(
        "All of the {0} are {1} x {2} pixels and nearly two-toned, so they are compared pixel by pixel; mirrored and turned pictures are not looked for.",
        pictures,
        width,
        height,
      )
    : l10n.t(
        "Nearly all of the {0} are {1} x {2} pixels and nearly two-toned, so they are compared pixel by pixel; mirrored and turned pictures are not looked for.",
        pictures,
        width,
        height,
      );
}

/** The size that most pictures have, and how many; of sizes that are as common the smallest one. */
function mostCommonSize(
  samples: Uint32Array,
  widths: Uint32Array,
  heights: Uint32Array,
): { readonly width: number; readonly height: number; readonly count: number } {
  const counts = new Map<number, number>();
  for (const sample of samples) {
    // Sides are at most a million.
    const key = (widths[sample] ?? 0) * 2 ** 21 + (heights[sample] ?? 0);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  let [best, count] = [0, 0];
  for (const [key, times] of counts) if (times > count || (times === count && key < best)) [best, count] = [key, times];
  return { width: Math.floor(best / 2 ** 21), height: best % 2 ** 21, count };
}
