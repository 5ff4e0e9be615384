import { MEASURES, type Measure } from "../../core/near/near";
import type { NearTask } from "./search";

/** How the pictures of a dataset are compared: the measure, why, and the size that glyphs are compared at. */
export interface ChosenRegime {
  readonly measure: Measure;
  readonly reason: string;
  readonly size: { readonly width: number; readonly height: number };
}

/** Chooses by the data how pictures are compared. */
export async function chooseRegime({ findings, samples }: NearTask): Promise<ChosenRegime> {
  const { widths, heights } = findings.fingerprints;
  const [width, height] = [widths[samples[0] ?? 0] ?? 0, heights[samples[0] ?? 0] ?? 0];
  const isGlyph = Math.max(width, height) <= 32;
  return Promise.resolve({
    measure: isGlyph ? MEASURES.glyphs : MEASURES.photos,
    reason: isGlyph ? "The pictures are tiny." : "The pictures are photos.",
    size: { width, height },
  });
}
