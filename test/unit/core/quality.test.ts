import assert from "node:assert/strict";
import path from "node:path";
import { SampleState } from "../../../src/core/dataset/dataset";
import { FORMATS, type FileFormat } from "../../../src/core/fingerprint/fingerprints";
import { findExample, measureQuality } from "../../../src/core/leakage/quality";
import { qualityNotes } from "../../../src/core/leakage/qualityNotes";
import type { Quality } from "../../../src/core/leakage/report";
import { MODES, type Mode } from "../../../src/core/picture";
import { findingsOf, type TestSample } from "./support";

/** What is odd about a sample; without anything it is an ordinary grey PNG of 28 x 28. */
interface Odd extends Partial<TestSample> {
  readonly name?: string;
  readonly size?: readonly [number, number];
  readonly spread?: number;
  readonly mode?: Mode;
  readonly format?: FileFormat | "";
  readonly isRow?: boolean;
}

function measure(all: readonly Odd[]): Quality {
  const findings = findingsOf(all.map((odd, index) => ({ split: "train", content: index % 256, ...odd })));
  const { fingerprints } = findings;
  all.forEach(({ size = [28, 28], spread = 5000, mode = "L", format = "png", isRow = false }, index) => {
    [fingerprints.widths[index], fingerprints.heights[index]] = size;
    fingerprints.spreads[index] = spread;
    fingerprints.modes[index] = MODES.indexOf(mode);
    fingerprints.formats[index] = FORMATS.indexOf(format);
    fingerprints.isFile[index] = isRow ? 0 : 1;
  });
  const id = (sample: number): string => all[sample]?.name ?? `train/${String(sample)}.png`;
  const extension = (sample: number): string => path.extname(id(sample)).slice(1).toLowerCase();
  return measureQuality(findings, { id, file: (sample) => `/data/${id(sample)}`, isOwnFile: () => true, extension });
}

const times = (count: number, odd: Odd = {}): Odd[] => Array.from({ length: count }, () => odd);
const found = ({ examples }: { readonly examples: readonly { readonly sample: number }[] }): number[] =>
  examples.map(({ sample }) => sample);

describe("the quality of images", () => {
  it("has nothing to say of ordinary images, of few and of none", () => {
    for (const count of [0, 1, 30]) assert.deepEqual(qualityNotes(measure(times(count))), []);
    assert.deepEqual(measure([]).sizes, { distinct: 0, mostCommon: null });
  });

  it("finds nearly blank images below the threshold, but not blank ones and not what is behind alpha or in 16 bits", () => {
    const { nearlyBlank } = measure([
      { spread: 5 },
      { spread: 6 },
      { spread: 0, mode: "RGB" },
      { spread: 0, blank: true },
      { spread: 0, mode: "RGBA" },
      { spread: 0, mode: "L16" },
      { spread: 0, mode: "F32" },
      { spread: 0, size: [1, 1] },
    ]);
    assert.deepEqual([nearlyBlank.samples, found(nearlyBlank), nearlyBlank.threshold], [2, [0, 2], 6]);
  });

  it("leaves out what is unreadable or invalid", () => {
    const odd: Odd = { spread: 0, size: [5, 900], mode: "RGB", format: "jpeg", label: "A" };
    const states = [SampleState.unreadable, SampleState.invalid];
    const quality = measure([...times(30, { label: "B" }), ...states.map((state) => ({ ...odd, state }))]);
    assert.deepEqual(qualityNotes(quality), []);
    assert.deepEqual([quality.balance, quality.sizes.distinct, quality.mixedModes.modes.length], [[], 1, 1]);
  });

  it("compares names with contents, and takes spellings of one format for one", () => {
    const right: readonly (readonly [string, FileFormat | ""])[] = [
      ["a.JPG", "jpeg"],
      ["a.jpeg", "jpeg"],
      ["a.jpe", "jpeg"],
      ["a.jfif", "jpeg"],
      ["a.tif", "tiff"],
      ["a.TIFF", "tiff"],
      ["a.heic", "heif"],
      ["a.avif", "heif"],
      ["a.pgm", "pnm"],
      ["a.ppm", "pnm"],
      ["a.dib", "bmp"],
      ["a.unknown", "png"],
      ["gif", "png"],
      ["a.png", ""],
    ];
    const { wrongExtension } = measure([
      ...right.map(([name, format]) => ({ name, format })),
      { name: "b.PNG", format: "jpeg" },
      { name: "c.png", format: "jpeg" },
      { name: "d.jpg", format: "webp" },
      { name: "x.npy#images[3]", format: "", isRow: true },
    ]);
    assert.equal(wrongExtension.samples, 3);
    assert.deepEqual(wrongExtension.kinds, [
      { extension: ".png", format: "jpeg", samples: 2 },
      { extension: ".jpg", format: "webp", samples: 1 },
    ]);
    assert.equal(wrongExtension.examples[0]?.reason, "named .png, but it is a JPEG file");
  });

  it("calls every other size odd when nine tenths share one", () => {
    const quality = measure([...times(36), { size: [28, 29] }, { size: [14, 14] }, { size: [56, 28] }, {}]);
    assert.deepEqual([quality.oddSize.rule, found(quality.oddSize)], ["majority", [36, 37, 38]]);
    assert.equal(quality.oddAspect.samples, 0);
    assert.match(qualityNotes(quality)[0]?.text ?? "", /^3 images have another size than 28 x 28, which 37 share\./);
    assert.deepEqual(findExample(quality, 37)?.file, "/data/train/37.png");
    assert.equal(findExample(quality, 0), undefined);
  });

  it("calls no size odd in a tiny set, nor when many are of another", () => {
    assert.deepEqual(measure([...times(18), { size: [500, 500] }]).oddSize.rule, "none");
    const halves = measure([...times(50), ...times(50, { size: [300, 20] })]);
    assert.deepEqual([halves.oddSize.samples, halves.oddAspect.samples, halves.oddSize.rule], [0, 0, "none"]);
    assert.match(qualityNotes(halves)[0]?.text ?? "", /^2 different sizes; the most common is 28 x 28 \(50 images\)/);
  });

  it("finds thumbnails and strips among photos of all sizes, not those that are turned", () => {
    const photos = Array.from({ length: 200 }, (_, index): Odd => {
      const [long, short] = [400 + ((index * 37) % 200), 300 + ((index * 53) % 150)];
      return { size: index % 3 === 0 ? [short, long] : [long, short] };
    });
    const quality = measure([...photos, { size: [16, 12] }, { size: [1600, 110] }, { size: [8000, 6000] }]);
    assert.equal(quality.oddSize.rule, "deviation");
    assert.deepEqual([found(quality.oddSize), found(quality.oddAspect)], [[200, 202], [201]]);
    assert.equal(quality.oddSize.examples[0]?.reason, "16 x 12 pixels");
  });

  it("does not take every photo for odd where most are of one size", () => {
    const quality = measure([...times(60, { size: [640, 480] }), ...times(40, { size: [480, 640] }), ...times(3)]);
    assert.deepEqual(found(quality.oddSize), [100, 101, 102]);
    const close = measure([...times(60, { size: [640, 480] }), ...times(40, { size: [800, 600] })]);
    assert.equal(close.oddSize.samples, 0);
  });

  it("counts modes, and names the images that differ from most", () => {
    const { mixedModes } = measure([...times(5, { mode: "RGB" }), {}, { mode: "RGBA" }, {}]);
    assert.deepEqual(mixedModes.modes, [
      { mode: "RGB", samples: 5 },
      { mode: "L", samples: 2 },
      { mode: "RGBA", samples: 1 },
    ]);
    assert.deepEqual(found(mixedModes), [5, 6, 7]);
  });

  it("measures the balance of every split", () => {
    const quality = measure([
      ...times(40, { label: "A" }),
      ...times(4, { label: "B" }),
      ...times(2),
      ...times(11, { label: "A", split: "test" }),
      ...times(1, { label: "B", split: "test" }),
      ...times(30, { label: "A", split: "validation" }),
    ]);
    assert.deepEqual(
      quality.balance.map(({ split, ratio, imbalanced }) => [split, ratio, imbalanced]),
      [
        ["train", 10, true],
        ["test", 11, false],
      ],
    );
    const [note] = qualityNotes(quality);
    assert.equal(note?.text, "In train, class A has 40 images and B 4: 10 to 1, called imbalanced from 10 to 1.");
  });

  it("keeps at most 100 examples and counts all", () => {
    const { nearlyBlank } = measure(times(250, { spread: 1 }));
    assert.deepEqual([nearlyBlank.samples, nearlyBlank.examples.length], [250, 100]);
  });
});
