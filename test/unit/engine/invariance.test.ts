import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { encodePng } from "../../support/png";
import type { Engine } from "../../../src/engine/engine";
import {
  createEngineForTest,
  extractPublished,
  faultyDataset,
  inspect,
  PUBLISHED_DATA,
  quiet,
  writeTree,
} from "./support";

/** Side of the pictures of the generated dataset. */
const SIDE = 28;

/** With how many workers, and which kernels. */
type Way = readonly [workers: number, kernels: "wasm" | "reference"];

/** One engine for each way, for all datasets: starting threads takes longer than a small dataset. */
const engines = new Map<string, Engine>();

/** Everything an inspection says of a dataset, without how long it took. */
async function factsOf(inputs: readonly string[], [workers, kernels]: Way): Promise<unknown> {
  // Workers take the environment as it is when they start.
  if (kernels === "reference") process.env["CLEANSPLIT_WASM"] = "0";
  try {
    const name = `${workers} ${kernels}`;
    const engine = engines.get(name) ?? createEngineForTest(workers);
    engines.set(name, engine);
    const { report, inspection } = await inspect(engine, inputs);
    const query = { from: 0, count: 500, membersEach: 50 };
    const pages = await Promise.all(
      (["file", "pixel"] as const).map((tier) => engine.groups({ inspection, query: { ...query, tier } }, quiet())),
    );
    return { report: { ...report, timing: null }, pages };
  } finally {
    delete process.env["CLEANSPLIT_WASM"];
  }
}

/** Grey levels that no other seed has. */
function pixels(seed: number): Uint8Array {
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (seed * 37 + i * (seed + 11) + (i >> 5)) % 256);
}

function png(seed: number, level = 6): Buffer {
  return encodePng({ width: SIDE, height: SIDE, rows: pixels(seed), zlib: { level } });
}

/** An IDX file of bytes; `shape` is that of the array. */
function idx(shape: readonly number[], data: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.writeUInt16BE(0x08_00 + shape.length, 2);
  shape.forEach((size, at) => head.writeUInt32BE(size, 4 + 4 * at));
  return Buffer.concat([head, data]);
}

/** Every fault, in PNG, JPEG, WebP, GIF and TIFF, with one kind of array that has images of the folder too. */
async function mixedDataset(root: string): Promise<readonly string[]> {
  const folder = faultyDataset(path.join(root, "folder"));
  const files: Record<string, Uint8Array> = {};
  for (let seed = 0; seed < 300; seed++) {
    const split = ["train", "train", "train", "valid", "test"][seed % 5] ?? "";
    const label = seed % 2 === 0 ? "A" : "B";
    files[`${split}/${label}/g${seed}.png`] = png(seed);
    // Copies: of the same bytes, of the same pixels, in another split, under another label.
    if (seed % 7 === 0) files[`train/${label}/g${seed} copy.png`] = png(seed);
    if (seed % 11 === 0) files[`test/A/g${seed} again.png`] = png(seed, 0);
    if (seed % 13 === 0) files[`valid/C/g${seed} cut.png`] = png(seed).subarray(0, 60 + seed);
  }
  for (let seed = 0; seed < 20; seed++) {
    const image = sharp(pixels(seed), { raw: { width: SIDE, height: SIDE, channels: 1 } });
    const jpeg = await image.jpeg({ quality: 80 + seed }).toBuffer();
    files[`train/A/j${seed}.jpg`] = jpeg;
    if (seed % 3 === 0) files[`test/B/j${seed}.jpg`] = jpeg;
    if (seed % 5 === 0) files[`valid/B/j${seed}.jpg`] = jpeg.subarray(0, jpeg.length >> 1);
    files[`test/A/w${seed}.webp`] = await image.webp({ lossless: true }).toBuffer();
    files[`train/B/t${seed}.tif`] = await image.tiff({ compression: "none" }).toBuffer();
    if (seed < 5) files[`train/C/f${seed}.gif`] = await image.gif().toBuffer();
  }
  writeTree(folder, files);
  const rows = Array.from({ length: 100 }, (_, row) => pixels(row % 90));
  const arrays = writeTree(path.join(root, "arrays"), {
    "train-images-idx3-ubyte": idx([100, SIDE, SIDE], Buffer.concat(rows)),
    // Ten of the rows come twice, with other labels.
    "train-labels-idx1-ubyte": idx(
      [100],
      Uint8Array.from(rows, (_, row) => (row < 90 ? row % 10 : 3)),
    ),
  });
  return [folder, arrays];
}

describe("every fact is the same with 1, 2 and 8 workers, with and without WebAssembly", function () {
  this.timeout(300_000);
  let scratch: string;

  before(() => (scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-test-"))));
  after(async () => {
    await Promise.all([...engines.values()].map((engine) => engine.close()));
    rmSync(scratch, { recursive: true, force: true });
  });

  const everyWay: readonly Way[] = ([1, 2, 8] as const).flatMap((workers): Way[] => [
    [workers, "wasm"],
    [workers, "reference"],
  ]);
  /** For larger datasets: the reference takes several times as long. */
  const someWays: readonly Way[] = [
    [1, "wasm"],
    [2, "wasm"],
    [8, "wasm"],
    [8, "reference"],
  ];

  /** Answers the facts that all ways agree on. */
  async function checkWays(inputs: readonly string[], [first, ...others]: readonly Way[]): Promise<unknown> {
    assert.ok(first !== undefined);
    const expected = await factsOf(inputs, first);
    for (const way of others) assert.deepEqual(await factsOf(inputs, way), expected, way.join(", "));
    return expected;
  }

  it("a generated dataset of folders and arrays with every fault", async () => {
    const inputs = await mixedDataset(path.join(scratch, "mixed"));
    const { report } = (await checkWays(inputs, everyWay)) as {
      report: {
        readonly duplicates: { readonly pixel: { readonly groups: number } };
        readonly unreadable: readonly unknown[];
        readonly conflicts: { readonly groups: number };
        readonly leakage: readonly { readonly samples: number }[];
      };
    };
    const { duplicates, unreadable, conflicts, leakage } = report;
    // Otherwise nothing would have been compared.
    for (const count of [duplicates.pixel.groups, unreadable.length, conflicts.groups])
      assert.ok(count > 10, `${count}`);
    assert.ok(leakage.some(({ samples }) => samples > 10));
  });

  it("the sample dataset", async () => {
    const engine = createEngineForTest(1);
    const { folder } = await engine.sample({ into: scratch }, quiet());
    await engine.close();
    await checkWays([folder], someWays);
  });

  const archives = ["notmnist_split", "jpeg_suite", "png_suite", "mixed_formats", "md5_collisions"];
  for (const name of archives) {
    it(`published: ${name}`, async function () {
      if (!existsSync(path.join(PUBLISHED_DATA, `${name}.tar.gz`))) this.skip();
      await checkWays([extractPublished(name)], someWays);
    });
  }

  it("published: array files", async function () {
    const names = ["notMNIST.pickle", "notMNIST_py2.pickle", "idx", "pneumoniamnist.npz", "quickdraw_apple.npy"];
    const files = names.map((name) => path.join(PUBLISHED_DATA, "formats", name)).filter((file) => existsSync(file));
    if (files.length === 0) this.skip();
    await checkWays(files, someWays);
  });
});
