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
import type { Quality, QualityCheck } from "./report";
import { number, plural } from "./verdict";

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
  const { nearlyBlank, oddSize, oddAspect, wrongExtension, mixedModes, balance } = quality;
  const notes: QualityNote[] = [];
  const add = (check: QualityCheckName, title: string, text: string): void => {
    if (quality[check].samples > 0) notes.push({ check, title, text });
  };
  add(
    "wrongExtension",
    "Wrong extension",
    `${plural(wrongExtension.samples, "file holds", "files hold")} another format than the name says: ` +
      `${kindsText(wrongExtension.kinds)}. They were read by their content.`,
  );
  add(
    "nearlyBlank",
    "Nearly blank",
    `${plural(nearlyBlank.samples, "image shows", "images show")} next to nothing: ` +
      `the grey levels differ from their mean by less than ${percentOfLevels(nearlyBlank.threshold)} of their range (RMS).`,
  );
  add("oddSize", "Odd size", oddSizeText(quality));
  add(
    "oddAspect",
    "Odd shape",
    `${plural(oddAspect.samples, "image is", "images are")} much longer or much closer to a square than the others: ` +
      `the ratio of the sides is over ${ODD_ASPECT_FACTOR} times off the median, and over ${ODD_DEVIATIONS} deviations (MAD).`,
  );
  add(
    "mixedModes",
    "Mixed modes",
    `Images are stored in ${number(mixedModes.modes.length)} modes: ` +
      `${mixedModes.modes.map(({ mode, samples }) => `${number(samples)} ${modeTitle(mode)}`).join(", ")}.`,
  );
  if (oddSize.samples === 0 && quality.sizes.distinct > 1) {
    notes.push({ check: null, title: "Sizes", text: sizesText(quality) });
  }
  for (const { split, largest, smallest, ratio, imbalanced } of balance) {
    if (!imbalanced) continue;
    const text =
      `In ${split}, class ${largest.label} has ${plural(largest.samples, "image")} and ${smallest.label} ` +
      `${number(smallest.samples)}: ${number(Math.round(ratio))} to 1, called imbalanced from ${IMBALANCED_RATIO} to 1.`;
    notes.push({ check: null, title: "Class balance", text });
  }
  return notes;
}

/** Wrong extensions in words, the most frequent first: "10 .png are JPEG, 1 .gif is PNG". */
export function kindsText(kinds: Quality["wrongExtension"]["kinds"]): string {
  const shown = kinds
    .slice(0, SHOWN_KINDS)
    .map(
      ({ extension, format, samples }) =>
        `${number(samples)} ${extension} ${samples === 1 ? "is" : "are"} ${formatTitle(format)}`,
    );
  const others = kinds.slice(SHOWN_KINDS).reduce((sum, { samples }) => sum + samples, 0);
  return [...shown, ...(others > 0 ? [`${number(others)} others`] : [])].join(", ");
}

const SHOWN_KINDS = 4;

function oddSizeText({ oddSize, sizes }: Quality): string {
  const { mostCommon } = sizes;
  if (oddSize.rule === "majority" && mostCommon !== null) {
    return (
      `${plural(oddSize.samples, "image has", "images have")} another size than ${mostCommon.width} x ${mostCommon.height}, ` +
      `which ${number(mostCommon.samples)} share. A size is odd when at least ${MAJORITY * 100} % share another one.`
    );
  }
  return (
    `${plural(oddSize.samples, "image has", "images have")} far more or fewer pixels than the others: ` +
    `over ${ODD_AREA_FACTOR} times off the median, and over ${ODD_DEVIATIONS} deviations (MAD).`
  );
}

function sizesText({ oddSize, sizes: { distinct, mostCommon } }: Quality): string {
  const common =
    mostCommon === null
      ? ""
      : `; the most common is ${mostCommon.width} x ${mostCommon.height} (${plural(mostCommon.samples, "image")})`;
  const why =
    oddSize.rule === "deviation"
      ? `None is over ${ODD_AREA_FACTOR} times off the median and over ${ODD_DEVIATIONS} deviations (MAD).`
      : `None is called odd: that takes ${FEWEST_IMAGES} images, of which at most ${Math.round((1 - MAJORITY) * 100)} % differ.`;
  return `${plural(distinct, "different size")}${common}. ${why}`;
}

/** A spread as a share of all grey levels, rounded up. */
function percentOfLevels(spread: number): string {
  return `${Math.ceil((Math.sqrt(spread) / 255) * 100)} %`;
}
