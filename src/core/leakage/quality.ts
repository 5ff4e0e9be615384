import * as l10n from "@vscode/l10n";
import { SampleState } from "../dataset/dataset";
import { FORMATS, type FileFormat } from "../fingerprint/fingerprints";
import { decimalText } from "../language";
import { bytesPerChannel, channelsOf, MODES, type Mode } from "../picture";
import type { SampleNames } from "./buildReport";
import type { Findings } from "./findings";
import type { ClassBalance, Quality, QualityCheck, QualityExample } from "./report";

/**
 * Spread (mean square difference from the mean grey level) below which an image is nearly blank: an RMS contrast (E. Peli,
 * "Contrast in complex images", 1990) below 2.45 of 255 levels, so below 1 %, which is about the least that an eye sees.
 * One white pixel on 28 x 28 black ones has a spread of 83.
 */
export const NEARLY_BLANK_SPREAD = 6;

/** With fewer images than this, one that differs says nothing: nothing is called odd or imbalanced. */
export const FEWEST_IMAGES = 20;

/** When this share of the images is of one size, every other size is odd; and what is not rare is never odd. Our choice. */
export const MAJORITY = 0.9;

/**
 * An image is odd when its modified z-score, from median and MAD, exceeds this. B. Iglewicz and D. Hoaglin ("How to detect
 * and handle outliers", 1993) advise 3.5 for normal data; sizes of photos have longer tails.
 */
export const ODD_DEVIATIONS = 5;

/** However alike the others are, an area is odd only when it is more than this many times theirs: twice each side. */
export const ODD_AREA_FACTOR = 4;

/** The same for the ratio of the longer to the shorter side. It is 2.25 between a square and 9:4, and 1.8 to 16:9. */
export const ODD_ASPECT_FACTOR = 2;

/**
 * Images of the largest class for each one of the smallest from which a split is imbalanced. The ratio is that of M. Buda,
 * A. Maki and M. Mazurowski ("A systematic study of the class imbalance problem in convolutional neural networks", 2018);
 * an order of magnitude is our choice.
 */
export const IMBALANCED_RATIO = 10;

/** Examples that are kept of each check. */
const MAX_EXAMPLES = 100;

/** The standard deviation of normal data in units of their MAD. */
const MAD_TO_DEVIATION = 1.4826;

/** What the name of a file says about its content. */
const FORMAT_OF: ReadonlyMap<string, FileFormat> = new Map(
  (
    [
      ["png", "png apng"],
      ["jpeg", "jpg jpeg jpe jfif"],
      ["gif", "gif"],
      ["webp", "webp"],
      ["tiff", "tif tiff"],
      ["heif", "heif heic avif"],
      ["svg", "svg"],
      ["bmp", "bmp dib"],
      ["pnm", "pnm pbm pgm ppm pam"],
    ] as const
  ).flatMap(([format, extensions]) => extensions.split(" ").map((extension) => [extension, format] as const)),
);

/** Whether grey levels of a mode say how much there is to see: not behind alpha, in 16 bits or scaled from floats. */
const HAS_PLAIN_LEVELS = MODES.map((mode) => bytesPerChannel(mode) === 1 && channelsOf(mode) % 2 === 1);

/** Measures everything of {@link Quality}; linear in the number of samples. */
export function measureQuality(findings: Findings, names: SampleNames): Quality {
  const { count, states, blank, spreads, widths, heights, modes, formats, isFile } = findings.fingerprints;
  const collect = (): Collector => new Collector(findings, names);
  const [nearlyBlank, wrongExtension, mixedModes, oddSize, oddAspect] = [
    collect(),
    collect(),
    collect(),
    collect(),
    collect(),
  ];
  const kinds = new Map<string, { extension: string; format: FileFormat; samples: number }>();
  const sizes = new Sizes();
  const ofMode = new Uint32Array(MODES.length);

  for (let sample = 0; sample < count; sample++) {
    if (states[sample] !== SampleState.ok) continue;
    const mode = modes[sample] ?? 0;
    const spread = spreads[sample] ?? 0;
    ofMode[mode] = (ofMode[mode] ?? 0) + 1;
    const [width, height] = [widths[sample] ?? 0, heights[sample] ?? 0];
    sizes.add(width, height);
    // A single pixel has nothing to differ from.
    const canDiffer = blank[sample] === 0 && width * height > 1 && HAS_PLAIN_LEVELS[mode] === true;
    if (canDiffer && spread < NEARLY_BLANK_SPREAD) {
      nearlyBlank.add(sample, () => {
        return spread === 0
          ? l10n.t("its grey levels differ from their mean by less than 1 of 255")
          : l10n.t("its grey levels differ from their mean by {0} of 255", decimalText(Math.sqrt(spread), 1));
      });
    }
    const format = isFile[sample] === 1 ? (FORMATS[formats[sample] ?? 0] ?? "") : "";
    if (format === "") continue;
    const extension = names.extension(sample);
    const expected = FORMAT_OF.get(extension);
    if (expected === undefined || expected === format) continue;
    const kind = kinds.get(`${extension} ${format}`) ?? { extension: `.${extension}`, format, samples: 0 };
    kind.samples += 1;
    kinds.set(`${extension} ${format}`, kind);
    wrongExtension.add(sample, () => l10n.t("named {0}, but it is a {1} file", `.${extension}`, formatTitle(format)));
  }

  const counts = MODES.map((mode, code) => ({ mode, code, samples: ofMode[code] ?? 0 }))
    .filter(({ samples }) => samples > 0)
    .sort(mostFirst);
  const { rule, isOddSize, isOddAspect } = sizes.judge();
  const isUniform = counts.length < 2 && !isOddSize.includes(1) && !isOddAspect.includes(1);
  for (let sample = 0; sample < count && !isUniform; sample++) {
    if (states[sample] !== SampleState.ok) continue;
    const size = sizes.indexOf(widths[sample] ?? 0, heights[sample] ?? 0);
    const text = (): string => sizes.text(size);
    if (isOddSize[size] === 1) oddSize.add(sample, text);
    else if (isOddAspect[size] === 1) oddAspect.add(sample, text);
    const mode = modes[sample] ?? 0;
    if (mode !== counts[0]?.code) mixedModes.add(sample, () => modeTitle(MODES[mode] ?? "L"));
  }
  return {
    nearlyBlank: { ...nearlyBlank.result(), threshold: NEARLY_BLANK_SPREAD },
    oddSize: { ...oddSize.result(), rule },
    oddAspect: oddAspect.result(),
    wrongExtension: { ...wrongExtension.result(), kinds: [...kinds.values()].sort(mostFirst) },
    mixedModes: { ...mixedModes.result(), modes: counts.map(({ mode, samples }) => ({ mode, samples })) },
    sizes: { distinct: sizes.all.length, mostCommon: sizes.mostCommon() },
    balance: measureBalance(findings),
  };
}

/** The example of a sample, of whatever check. */
export function findExample(quality: Quality, sample: number): QualityExample | undefined {
  const { nearlyBlank, oddSize, oddAspect, wrongExtension, mixedModes } = quality;
  for (const { examples } of [nearlyBlank, oddSize, oddAspect, wrongExtension, mixedModes]) {
    const example = examples.find((entry) => entry.sample === sample);
    if (example !== undefined) return example;
  }
  return undefined;
}

const MODE_TITLES: Readonly<Record<Mode, () => string>> = {
  L: () => l10n.t({ message: "grey", comment: ["How pixels of images are stored."] }),
  LA: () => l10n.t("grey with alpha"),
  RGB: () => "RGB",
  RGBA: () => l10n.t("RGB with alpha"),
  L16: () => l10n.t("16-bit grey"),
  LA16: () => l10n.t("16-bit grey with alpha"),
  RGB16: () => l10n.t("16-bit RGB"),
  RGBA16: () => l10n.t("16-bit RGB with alpha"),
  F32: () => l10n.t("32-bit float"),
  F64: () => l10n.t("64-bit float"),
};

/** A mode in words. */
export function modeTitle(mode: Mode): string {
  return MODE_TITLES[mode]();
}

/** The name of a format as people write it. */
export function formatTitle(format: FileFormat): string {
  return format === "webp" ? "WebP" : format.toUpperCase();
}

function measureBalance({ table, fingerprints }: Findings): ClassBalance[] {
  const width = table.classes.length;
  const counts = new Uint32Array(table.splits.length * width);
  for (let sample = 0; sample < table.count; sample++) {
    const label = table.classOf[sample] ?? -1;
    if (label < 0 || fingerprints.states[sample] !== SampleState.ok) continue;
    const at = (table.splitOf[sample] ?? 0) * width + label;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return table.splits.flatMap(({ name: split }, index) => {
    const classes = table.classes
      .map((label, at) => ({ label, samples: counts[index * width + at] ?? 0 }))
      .filter(({ samples }) => samples > 0)
      .sort(mostFirst);
    const [largest, smallest] = [classes[0], classes.at(-1)];
    if (largest === undefined || smallest === undefined || classes.length < 2) return [];
    const ratio = largest.samples / smallest.samples;
    const total = classes.reduce((sum, { samples }) => sum + samples, 0);
    return [{ split, largest, smallest, ratio, imbalanced: ratio >= IMBALANCED_RATIO && total >= FEWEST_IMAGES }];
  });
}

/** Counts what a check finds, and keeps the first. */
class Collector {
  private samples = 0;
  private readonly examples: QualityExample[] = [];

  constructor(
    private readonly findings: Findings,
    private readonly names: SampleNames,
  ) {}

  add(sample: number, reason: () => string): void {
    this.samples += 1;
    if (this.examples.length === MAX_EXAMPLES) return;
    const { table } = this.findings;
    this.examples.push({
      sample,
      id: this.names.id(sample),
      split: table.splits[table.splitOf[sample] ?? 0]?.name ?? "",
      reason: reason(),
      file: this.names.file(sample),
      isImageFile: this.names.isOwnFile(sample),
    });
  }

  result(): QualityCheck {
    return { samples: this.samples, examples: this.examples };
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
  samples: number;
}

/** The sizes that occur: what is asked of images is asked once for each size. */
class Sizes {
  readonly all: Size[] = [];
  private readonly indexes = new Map<number, number>();
  private last = 0;
  private total = 0;

  add(width: number, height: number): void {
    const size = this.all[this.indexOf(width, height)];
    if (size !== undefined) size.samples += 1;
    this.total += 1;
  }

  /** Index into `all`, also of a size that has no samples yet. */
  indexOf(width: number, height: number): number {
    // Images of one size mostly follow one another.
    const last = this.all[this.last];
    if (last?.width === width && last.height === height) return this.last;
    // Exact for sides below 2^26.
    const key = width * 2 ** 26 + height;
    const index = this.indexes.get(key) ?? this.all.push({ width, height, samples: 0 }) - 1;
    this.indexes.set(key, index);
    return (this.last = index);
  }

  mostCommon(): Size | null {
    return this.all.reduce<Size | null>(
      (best, size) => (best === null || size.samples > best.samples ? size : best),
      null,
    );
  }

  text(index: number): string {
    const size = this.all[index];
    return size === undefined ? "" : l10n.t("{0} x {1} pixels", size.width, size.height);
  }

  /** Which sizes are odd, 1 each. */
  judge(): { rule: Quality["oddSize"]["rule"]; isOddSize: Uint8Array; isOddAspect: Uint8Array } {
    const common = this.mostCommon();
    const none = new Uint8Array(this.all.length);
    if (common === null || this.total < FEWEST_IMAGES) return { rule: "none", isOddSize: none, isOddAspect: none };
    if (common.samples >= MAJORITY * this.total) {
      return {
        rule: "majority",
        isOddSize: Uint8Array.from(this.all, (size) => (size === common ? 0 : 1)),
        isOddAspect: none,
      };
    }
    const isOddSize = this.outliers(({ width, height }) => Math.log(width * height), Math.log(ODD_AREA_FACTOR));
    // Of the longer to the shorter side: a photo that is turned is not odd.
    const elongation = ({ width, height }: Size): number => Math.abs(Math.log(width / height));
    const isOddAspect = this.outliers(elongation, Math.log(ODD_ASPECT_FACTOR));
    return {
      rule: isOddSize === null ? "none" : "deviation",
      isOddSize: isOddSize ?? none,
      isOddAspect: isOddAspect ?? none,
    };
  }

  /** Sizes whose value is far from the median of all images, and by more than `least`; `null` when that is not rare. */
  private outliers(valueOf: (size: Size) => number, least: number): Uint8Array | null {
    const values = this.all.map((size) => ({ value: valueOf(size), samples: size.samples }));
    const center = median(values, this.total);
    const distances = values.map(({ value, samples }) => ({ value: Math.abs(value - center), samples }));
    const limit = Math.max(least, ODD_DEVIATIONS * MAD_TO_DEVIATION * median(distances, this.total));
    const isOdd = Uint8Array.from(distances, ({ value }) => (value > limit ? 1 : 0));
    const odd = distances.reduce((sum, { value, samples }) => (value > limit ? sum + samples : sum), 0);
    return odd > (1 - MAJORITY) * this.total ? null : isOdd;
  }
}

/** The median of values that occur `samples` times each; of an even number the lower one. */
function median(values: readonly { readonly value: number; readonly samples: number }[], total: number): number {
  let seen = 0;
  for (const { value, samples } of values.toSorted((a, b) => a.value - b.value)) {
    seen += samples;
    if (2 * seen >= total) return value;
  }
  return 0;
}

function mostFirst(a: { readonly samples: number }, b: { readonly samples: number }): number {
  return b.samples - a.samples;
}
