import * as l10n from "@vscode/l10n";
import { counted, decimalText } from "../../../src/protocol/language";
import { transformText, type Measure, type Nearness, type Precision } from "../../../src/protocol/report";
import { percent } from "../shared/format";

/** Sides of a picture are divided into this many steps to say by how much it was moved. */
const STEPS = 32;

/** A score alone, e.g. "4.1". */
export function scoreValue({ decimals }: Measure, score: number): string {
  return decimalText(score, decimals);
}

/** What a threshold lets pass, e.g. "9.0 or less". */
export function thresholdText(measure: Measure, threshold: number): string {
  const value = scoreValue(measure, threshold);
  return measure.better === "lower" ? l10n.t("{0} or less", value) : l10n.t("{0} or more", value);
}

/** How a picture was turned and moved to lie on another one, e.g. "mirrored, moved 3 % right"; empty when it was not. */
export function placementText({ transform, shift: [right, down] }: Nearness): string {
  const moved = movedText(right, down);
  if (transform === "as it is") return moved;
  const turned = transformText(transform);
  return moved === ""
    ? turned
    : l10n.t({
        message: "{0}, {1}",
        args: [turned, moved],
        comment: ["{0} how a picture is turned, {1} how it is moved, e.g. mirrored, moved 3 % right."],
      });
}

/** By how much a picture was moved, of its sides; empty when it was not. */
function movedText(right: number, down: number): string {
  const [across, upright] = [right, down].map((steps) => percent(Math.abs(steps) / STEPS, 0)) as [string, string];
  if (down === 0) {
    if (right === 0) return "";
    return right > 0 ? l10n.t("moved {0} right", across) : l10n.t("moved {0} left", across);
  }
  if (right === 0) return down > 0 ? l10n.t("moved {0} down", upright) : l10n.t("moved {0} up", upright);
  if (right > 0) {
    return down > 0
      ? l10n.t("moved {0} right and {1} down", across, upright)
      : l10n.t("moved {0} right and {1} up", across, upright);
  }
  return down > 0
    ? l10n.t("moved {0} left and {1} down", across, upright)
    : l10n.t("moved {0} left and {1} up", across, upright);
}

/** What judged pairs say about a threshold, in one sentence; `null` when they say nothing about it. */
export function precisionText(measure: Measure, threshold: number, all: readonly Precision[]): string | null {
  const step = 10 ** -measure.decimals;
  const found = all.find((entry) => Math.abs(entry.threshold - threshold) < step / 2);
  if (found === undefined) return null;
  const { judged, estimate, low, high } = found;
  return l10n.t({
    message: "About {0} of the pairs at {1} are duplicates, by {2} (95 % interval: {3} to {4}).",
    args: [
      percent(estimate, 0),
      thresholdText(measure, threshold),
      counted(judged, "judged pair"),
      percent(low, 0),
      percent(high, 0),
    ],
    comment: ["{0}, {3} and {4} percentages, {1} e.g. 9.0 or less, {2} e.g. 40 judged pairs."],
  });
}
