import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setMaxListeners } from "node:events";
import { DEGENERATE_SPREAD, type NearSearch } from "../../../src/core/near/near";
import { SampleState } from "../../../src/core/dataset/dataset";
import type { Findings } from "../../../src/core/leakage/findings";
import { firstsOf } from "../../../src/core/near/findings";
import { contrastOf } from "../../../src/core/fingerprint/signature";
import { areTwoToned, toneShare } from "../../../src/core/near/twoTones";
import { searchNear } from "../../../src/engine/near/search";
import { isAbort } from "../../../src/engine/process/rpc";
import { encodePng } from "../../support/png";
import { takesAtMost } from "../../support/takesAtMost";
import { randomNumbers } from "../kernels/support";
import { extractPublished, PUBLISHED_DATA, writeTree } from "../engine/support";
import { encodeNpy, useDatasets } from "./datasets";
import { bruteForce, glyphs, textOf } from "./glyphSupport";

const SIDE = 28;
const PIXELS = SIDE * SIDE;

/** A run that nobody stops. */
function quietRun(): Parameters<typeof searchNear>[3] {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  return { signal, progress: () => undefined };
}

/** Grey levels that change softly in all directions, as in photos. */
function photos(count: number, width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: count * width * height }, (_, i) => {
    const [picture, x, y] = [Math.floor(i / (width * height)), i % width, Math.floor(i / width) % height];
    return 128 + 60 * Math.sin(x / 5 + picture) + 60 * Math.cos(y / 7 + (picture * x) / 90);
  });
}

describe("near duplicates among glyphs", () => {
  let scratch: string;

  before(() => {
    scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-glyphs-"));
  });

  after(() => rmSync(scratch, { recursive: true, force: true }));

  function write(name: string, shape: readonly number[], data: Uint8Array): string {
    const file = path.join(scratch, name);
    writeFileSync(file, encodeNpy(shape, data));
    return file;
  }

  describe("the search", () => {
    const looks = glyphs(1500, SIDE, SIDE, 11);
    // Some pictures come twice, some show next to nothing: neither is compared.
    for (let picture = 40; picture < 1500; picture += 90) looks.copyWithin(picture * PIXELS, 0, PIXELS);
    for (let picture = 41; picture < 1500; picture += 90) {
      looks.fill(200, picture * PIXELS, (picture + 1) * PIXELS);
      looks[picture * PIXELS + (picture % PIXELS)] = 190;
    }
    const lookOf = (picture: number): Uint8Array => looks.subarray(picture * PIXELS, (picture + 1) * PIXELS);
    const isDegenerate = (picture: number): boolean => contrastOf(lookOf(picture)).spread < DEGENERATE_SPREAD;
    const firsts = new Map<string, number>();
    for (let i = 1499; i >= 0; i--) firsts.set(lookOf(i).join(), i);
    const takesPart = (picture: number): boolean =>
      !isDegenerate(picture) && firsts.get(lookOf(picture).join()) === picture;
    const expected = bruteForce(looks, PIXELS, 16).filter((pair) => {
      const [first = 0, second = 0] = pair.split(" ").map(Number);
      return takesPart(first) && takesPart(second);
    });

    for (const [workers, kernels] of [
      [1, "wasm"],
      [2, "wasm"],
      [8, "wasm"],
      [2, "reference"],
    ] as const) {
      describe(`with ${workers} workers and ${kernels}`, () => {
        const { open, pool } = useDatasets(workers, kernels);

        it("finds what brute force finds among the different pictures that show something", async () => {
          const { dataset, findings } = await open([write("glyphs.npy", [1500, SIDE, SIDE], looks)]);
          const progress: number[] = [];
          const run = { ...quietRun(), progress: (done: number) => progress.push(done) };
          const near = await searchNear(dataset, findings, pool, run);
          assert.equal(near.measure.regime, "glyphs");
          assert.deepEqual(textOf(near.pairs), expected);
          assert.ok(expected.length > 1000, `${expected.length} pairs`);
          assert.deepEqual([near.reach, near.limited], [16, null]);
          assert.deepEqual(
            Array.from(near.degenerate),
            Array.from({ length: 1500 }, (_, i) => (isDegenerate(i) ? 1 : 0)),
          );
          assert.deepEqual(
            progress,
            progress.toSorted((a, b) => a - b),
            "progress never goes back",
          );
          assert.ok(Math.max(...progress) >= near.compared, "and ends with all pictures");
        });
      });
    }
  });

  describe("how it is run", () => {
    const { open, pool } = useDatasets(2);

    it("compares pictures of another size scaled to the most common one", async () => {
      const png = (side: number, inset: number): Buffer => {
        const rows = Uint8Array.from({ length: side * side }, (_, i) => {
          const [x, y] = [i % side, Math.floor(i / side)];
          return x >= inset && x < side - inset && y >= inset && y < side - inset ? 255 : 0;
        });
        return encodePng({ width: side, height: side, rows });
      };
      const files: Record<string, Uint8Array> = { "a/large.png": png(2 * SIDE, 8), "a/0.png": png(SIDE, 4) };
      for (let i = 1; i < 12; i++) files[`a/${i}.png`] = png(SIDE, i === 4 ? 13 : i);
      const { dataset, findings } = await open([writeTree(path.join(scratch, "sizes"), files)]);
      const near = await searchNear(dataset, findings, pool, quietRun());
      const names = textOf(near.pairs).map((pair) => {
        const [first = 0, second = 0, score] = pair.split(" ").map(Number);
        return [dataset.names.id(first), dataset.names.id(second), score].join(" ");
      });
      assert.deepEqual(names, ["a/0.png a/large.png 0"]);
    });

    it("takes no time for ten thousand pictures that show next to nothing", async () => {
      const next = randomNumbers(5);
      const blank = Uint8Array.from({ length: 10_000 * 64 }, () => 250 + ((next() >> 9) % 5));
      const some = glyphs(100, 8, 8, 3);
      const file = write("blank.npy", [10_100, 8, 8], Buffer.concat([blank, some]));
      const { dataset, findings } = await open([file]);
      await takesAtMost(1000, async () => {
        const before = process.cpuUsage();
        const near = await searchNear(dataset, findings, pool, quietRun());
        const { user, system } = process.cpuUsage(before);
        assert.ok(near.compared <= 100, `${near.compared} pictures were compared`);
        return (user + system) / 1000;
      });
    });

    it("stops at once when it is cancelled, while it reads and while it searches, and can be run again", async () => {
      const data = glyphs(12_000, SIDE, SIDE, 8);
      const { dataset, findings } = await open([write("many.npy", [12_000, SIDE, SIDE], data)]);
      for (const part of [0.02, 0.5]) {
        await takesAtMost(200, async () => {
          const abort = new AbortController();
          setMaxListeners(0, abort.signal);
          let asked = NaN;
          const progress = (done: number, total: number): void => {
            if (done < part * total || abort.signal.aborted) return;
            asked = performance.now();
            abort.abort();
          };
          await assert.rejects(searchNear(dataset, findings, pool, { signal: abort.signal, progress }), isAbort);
          return performance.now() - asked;
        });
      }
      const found = await searchNear(dataset, findings, pool, quietRun());
      assert.ok(found.pairs.count > 0);
    });
  });

  describe("the regime", () => {
    const { open, pool } = useDatasets(2);

    async function regimeOf(files: readonly string[]): Promise<Pick<NearSearch, "measure" | "reason">> {
      const { dataset, findings } = await open(files);
      return searchNear(dataset, findings, pool, quietRun());
    }

    it("is glyphs for tiny pictures of two tones", async () => {
      const { measure, reason } = await regimeOf([write("tones.npy", [300, 28, 28], glyphs(300, 28, 28, 4))]);
      assert.equal(measure.regime, "glyphs");
      assert.match(
        reason,
        /^All of the \d+ pictures are 28 x 28 pixels and nearly two-toned, so they are compared pixel by pixel; /,
      );
    });

    it("is photos for tiny pictures of many tones", async () => {
      const { measure, reason } = await regimeOf([write("photos.npy", [100, 32, 32], photos(100, 32, 32))]);
      assert.equal(measure.regime, "photos");
      assert.match(reason, /^All pictures are 32 x 32 pixels and have many tones, so /);
    });

    it("is photos for larger pictures of two tones, and for pictures of many sizes", async () => {
      const large = await regimeOf([write("large.npy", [60, 64, 64], glyphs(60, 64, 64, 6))]);
      assert.equal(large.measure.regime, "photos");
      assert.match(large.reason, /^All pictures are 64 x 64 pixels, so /);
      const files: Record<string, Uint8Array> = {};
      for (let i = 0; i < 20; i++) {
        const side = i < 16 ? 20 : 10 + i;
        files[`a/${i}.png`] = encodePng({ width: side, height: side, rows: glyphs(1, side, side, i + 1) });
      }
      const mixed = await regimeOf([writeTree(path.join(scratch, "mixed"), files)]);
      assert.equal(mixed.measure.regime, "photos");
      assert.match(mixed.reason, /^The pictures are of different sizes, so /);
    });

    it("is photos where no picture shows anything", async () => {
      const { measure } = await regimeOf([write("empty.npy", [5, 28, 28], new Uint8Array(5 * PIXELS))]);
      assert.equal(measure.regime, "photos");
    });
  });

  describe("two tones", () => {
    it("are the pixels near the darkest and the brightest one", () => {
      assert.equal(toneShare(Uint8Array.of(0, 0, 25, 26, 128, 229, 230, 255)), 5 / 8);
      assert.equal(toneShare(Uint8Array.of(100, 101, 110, 120)), 3 / 4);
      assert.equal(toneShare(Uint8Array.of(7, 7)), 1);
    });

    it("are had by pictures when half of them have them", () => {
      const [drawn, slope] = [new Uint8Array(16).fill(255, 8), Uint8Array.from({ length: 16 }, (_, i) => i * 16)];
      assert.equal(areTwoToned(Buffer.concat([drawn, slope]), 16), true);
      assert.equal(areTwoToned(Buffer.concat([drawn, slope, slope]), 16), false);
      assert.equal(areTwoToned(new Uint8Array(), 16), false);
    });
  });

  describe("in published datasets", () => {
    const { open, pool } = useDatasets(2);

    before(function () {
      if (existsSync(PUBLISHED_DATA)) return;
      console.log(`      skipped: ${PUBLISHED_DATA} is not there; set CLEANSPLIT_TEST_DATA to a folder with them`);
      this.skip();
    });

    const format = (name: string): string => path.join(PUBLISHED_DATA, "formats", name);

    it("is glyphs for drawings and letters, and photos for x-rays of the same size", async () => {
      const regimes: Record<string, string> = {};
      for (const name of ["idx", "quickdraw_apple.npy", "notMNIST.pickle", "pneumoniamnist.npz"]) {
        const { dataset, findings } = await open([format(name)]);
        regimes[name] = (await searchNear(dataset, findings, pool, quietRun())).measure.regime;
      }
      assert.deepEqual(regimes, {
        idx: "glyphs",
        "quickdraw_apple.npy": "glyphs",
        "notMNIST.pickle": "glyphs",
        "pneumoniamnist.npz": "photos",
      });
    });

    it("notmnist_split: as many images have a near one in train as were counted independently", async () => {
      const { dataset, findings } = await open([path.join(extractPublished("notmnist_split"), "notmnist_split")]);
      const near = await searchNear(dataset, findings, pool, quietRun());
      assert.deepEqual(nearestInTrain(near, findings), {
        validation: { 1: 131, 4: 156, 8: 206, 12: 284, 16: 402 },
        test: { 1: 76, 4: 91, 8: 124, 12: 181, 16: 274 },
      });
    });
  });
});

/**
 * How many images of the other splits have an image of train at an RMS grey difference of at most so much, equal ones and
 * nearly empty ones too.
 */
function nearestInTrain(
  { pairs, emptyPairs }: NearSearch,
  { table, fingerprints: { states }, groups }: Findings,
): Record<string, Record<number, number>> {
  const firstOf = firstsOf(table.count, states, groups.pixel);
  const splitOf = (sample: number): string => table.splits[table.splitOf[sample] ?? 0]?.name ?? "";
  const nearest = new Float64Array(table.count).fill(Infinity);
  const inTrain = new Uint8Array(table.count);
  const usable = Array.from(table.splitOf.keys()).filter((sample) => states[sample] === SampleState.ok);
  for (const sample of usable) if (splitOf(sample) === "train") inTrain[firstOf[sample] ?? 0] = 1;
  // By picture: that of the first sample stands for all that are equal.
  for (let picture = 0; picture < table.count; picture++) if (inTrain[picture] === 1) nearest[picture] = 0;
  for (const { count, first, second, scores } of [pairs, emptyPairs]) {
    for (let pair = 0; pair < count; pair++) {
      const [a, b, score] = [first[pair] ?? 0, second[pair] ?? 0, scores[pair] ?? 0];
      if (inTrain[a] === 1) nearest[b] = Math.min(nearest[b] ?? 0, score);
      if (inTrain[b] === 1) nearest[a] = Math.min(nearest[a] ?? 0, score);
    }
  }
  return Object.fromEntries(
    ["validation", "test"].map((split) => {
      const own = usable.filter((sample) => splitOf(sample) === split);
      const within = (reach: number): number =>
        own.filter((sample) => (nearest[firstOf[sample] ?? 0] ?? Infinity) <= reach).length;
      return [split, Object.fromEntries([1, 4, 8, 12, 16].map((reach) => [reach, within(reach)]))];
    }),
  );
}
