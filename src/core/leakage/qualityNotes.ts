import * as l10n from "@vscode/l10n";
import { counted } from "../counts";
import { decimalText, integerText, percentText } from "../language";
import {
  FEWEST_IMAGES,
  formatTitle,
  IMBALANCED_RATIO,
  MAJORITY,
  modeTitle,
  ODD_AREA_FACTOR,
  ODD_ASPECT_FACTOR,
  ODD_DEVIATIONS,
} from "./quality";
import type { ClassBalance, Quality, QualityCheck } from "./report";

/** The checks that find images. */
export type QualityCheckName = {
  readonly [K in keyof Quality]: Quality[K] extends QualityCheck ? K : never;
}[keyof Quality];

/** What one check has to say. */
export interface QualityNote {
  readonly title: string;
  /** What was found and from what threshold on, in one or two sentences. */
  readonly text: string;
  /** The check whose examples show it; `null` when it is about no single images. */
  readonly check: QualityCheckName | null;
}

/** What was found by the checks of quality, most important first; nothing for what is as it should be. */
export function qualityNotes(quality: Quality): readonly QualityNote[] {
  const { balance, oddSize, sizes } = quality;
  const notes: QualityNote[] = [];
  const add = (check: QualityCheckName, title: string, text: string): void => {
    if (quality[check].samples > 0) notes.push({ check, title, text });
  };
  add("wrongExtension", l10n.t("Wrong extension"), wrongExtensionText(quality));
  add("nearlyBlank", l10n.t("Nearly blank"), nearlyBlankText(quality));
  add("oddSize", l10n.t("Odd size"), oddSizeText(quality));
  add("oddAspect", l10n.t("Odd shape"), oddAspectText(quality));
  add("mixedModes", l10n.t("Mixed modes"), mixedModesText(quality));
  if (oddSize.samples === 0 && sizes.distinct > 1) {
    notes.push({ check: null, title: l10n.t("Sizes"), text: sizesText(quality) });
  }
  for (const classes of balance) {
    if (!classes.imbalanced) continue;
    notes.push({ check: null, title: l10n.t("Class balance"), text: balanceText(classes) });
  }
  return notes;
}

function wrongExtensionText({ wrongExtension: { samples, kinds } }: Quality): string {
  const args = [counted(samples, "file"), kindsText(kinds)];
  return samples === 1
    ? l10n.t("{0} holds another format than the name says: {1}. They were read by their content.", ...args)
    : l10n.t("{0} hold another format than the name says: {1}. They were read by their content.", ...args);
}

/** Wrong extensions in words, the most frequent first: "10 .png are JPEG, 1 .gif is PNG". */
function kindsText(kinds: Quality["wrongExtension"]["kinds"]): string {
  const shown = kinds.slice(0, SHOWN_KINDS).map(({ extension, format, samples }) => {
    const args = [integerText(samples), extension, formatTitle(format)];
    return samples === 1
      ? l10n.t({ message: "{0} {1} is {2}", args, comment: ["E.g. 1 .gif is PNG."] })
      : l10n.t({ message: "{0} {1} are {2}", args, comment: ["E.g. 10 .png are JPEG."] });
  });
  const others = kinds.slice(SHOWN_KINDS).reduce((sum, { samples }) => sum + samples, 0);
  return [...shown, ...(others > 0 ? [l10n.t("{0} others", integerText(others))] : [])].join(", ");
}

const SHOWN_KINDS = 4;

function nearlyBlankText({ nearlyBlank: { samples, threshold } }: Quality): string {
  const args = [counted(samples, "image"), percentOfLevels(threshold)];
  return samples === 1
    ? l10n.t(
        "{0} shows next to nothing: the grey levels differ from their mean by less than {1} of their range (RMS).",
        ...args,
      )
    : l10n.t(
        "{0} show next to nothing: the grey levels differ from their mean by less than {1} of their range (RMS).",
        ...args,
      );
}

function oddSizeText({ oddSize: { rule, samples }, sizes: { mostCommon } }: Quality): string {
  const images = counted(samples, "image");
  if (rule === "majority" && mostCommon !== null) {
    const { width, height } = mostCommon;
    const args = [images, width, height, integerText(mostCommon.samples), percentText(MAJORITY, 0)];
    return samples === 1
      ? l10n.t(
          "{0} has another size than {1} x {2}, which {3} share. A size is odd when at least {4} share another one.",
          ...args,
        )
      : l10n.t(
          "{0} have another size than {1} x {2}, which {3} share. A size is odd when at least {4} share another one.",
          ...args,
        );
  }
  const args = [images, decimalText(ODD_AREA_FACTOR), decimalText(ODD_DEVIATIONS)];
  return samples === 1
    ? l10n.t(
        "{0} has far more or fewer pixels than the others: over {1} times off the median, and over {2} deviations (MAD).",
        ...args,
      )
    : l10n.t(
        "{0} have far more or fewer pixels than the others: over {1} times off the median, and over {2} deviations (MAD).",
        ...args,
      );
}

function oddAspectText({ oddAspect: { samples } }: Quality): string {
  const args = [counted(samples, "image"), decimalText(ODD_ASPECT_FACTOR), decimalText(ODD_DEVIATIONS)];
  return samples === 1
    ? l10n.t(
        "{0} is much longer or much closer to a square than the others: the ratio of the sides is over {1} times off the median, and over {2} deviations (MAD).",
        ...args,
      )
    : l10n.t(
        "{0} are much longer or much closer to a square than the others: the ratio of the sides is over {1} times off the median, and over {2} deviations (MAD).",
        ...args,
      );
}

function mixedModesText({ mixedModes: { modes } }: Quality): string {
  const kinds = modes.map(({ mode, samples }) =>
    l10n.t({
      message: "{0} {1}",
      args: [integerText(samples), modeTitle(mode)],
      comment: ["E.g. 12 grey, that is images of which pixels are stored so."],
    }),
  );
  return l10n.t("Images are stored in {0} modes: {1}.", integerText(modes.length), kinds.join(", "));
}

function sizesText({ oddSize, sizes: { distinct, mostCommon } }: Quality): string {
  const why =
    oddSize.rule === "deviation"
      ? l10n.t(
          "None is over {0} times off the median and over {1} deviations (MAD).",
          decimalText(ODD_AREA_FACTOR),
          decimalText(ODD_DEVIATIONS),
        )
      : l10n.t(
          "None is called odd: that takes {0} images, of which at most {1} differ.",
          integerText(FEWEST_IMAGES),
          percentText(1 - MAJORITY, 0),
        );
  if (mostCommon === null) return why;
  const { width, height, samples } = mostCommon;
  const found = l10n.t(
    "{0}; the most common is {1} x {2} ({3}).",
    counted(distinct, "different size"),
    width,
    height,
    counted(samples, "image"),
  );
  return `${found} ${why}`;
}

function balanceText({ split, largest, smallest, ratio }: ClassBalance): string {
  return l10n.t(
    "In {0}, class {1} has {2} and {3} {4}: {5} to 1, called imbalanced from {6} to 1.",
    split,
    largest.label,
    counted(largest.samples, "image"),
    smallest.label,
    integerText(smallest.samples),
    integerText(Math.round(ratio)),
    integerText(IMBALANCED_RATIO),
  );
}

/** A spread as a share of all grey levels, rounded up. */
function percentOfLevels(spread: number): string {
  return percentText(Math.ceil((Math.sqrt(spread) / 255) * 100) / 100, 0);
}
