import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import type { ExaminedFile } from "../../../src/engine/engine";
import { faultyDataset, inspect, png, quiet, useEngine, writeTree } from "./support";

describe("examining files that changed since an inspection", () => {
  const { engine, scratch } = useEngine();
  const newRoot = (): string => mkdtempSync(path.join(scratch, "examine-"));

  async function examine(root: string, inspection: string, names: readonly string[]): Promise<ExaminedFile[]> {
    return engine.examine({ inspection, files: names.map((name) => path.join(root, name)) }, quiet());
  }
  const short = ({ change, images, split, equal, equalImages, splits }: ExaminedFile): unknown => ({
    ...{ change, images, split, equalImages, splits },
    equal: equal.map(({ id }) => id),
  });

  it("names what a new image equals, whatever its bytes", async () => {
    const root = faultyDataset(newRoot());
    const { inspection } = await inspect(engine, [root]);
    writeTree(root, { "train/B/new.png": png(7, 1), "train/B/alone.png": png(99) });
    const [equal, alone] = await examine(root, inspection, ["train/B/new.png", "train/B/alone.png"]);
    assert.deepEqual(equal && short(equal), {
      ...{ change: "added", images: 1, split: "train", equalImages: 1, splits: ["test"] },
      equal: ["test/B/7.png"],
    });
    assert.equal(alone?.change, "added");
    assert.equal(alone.equalImages, 0);
  });

  it("leaves out what is as it was, and what is no image of the dataset", async () => {
    const root = faultyDataset(newRoot());
    const { inspection } = await inspect(engine, [root]);
    writeTree(root, { "train/A/1.png": png(1), "train/notes.txt": "more", "train/.hidden.png": png(1) });
    writeTree(root, { ".cache/1.png": png(1), "node_modules/1.png": png(1), "../1.png": png(1) });
    symlinkSync(path.join(root, "test/B/7.png"), path.join(root, "train/A/link.png"));
    const names = ["train/A/1.png", "train/notes.txt", "train/.hidden.png", ".cache/1.png", "node_modules/1.png"];
    assert.deepEqual(await examine(root, inspection, [...names, "../1.png", "train/A/link.png", "train/gone.png"]), []);
    rmSync(path.join(root, "../1.png"));
  });

  it("tells changed, unreadable and removed images and folders", async () => {
    const root = faultyDataset(newRoot());
    const { inspection } = await inspect(engine, [root]);
    writeTree(root, { "train/A/1.png": png(6), "train/A/2.png": "no picture" });
    unlinkSync(path.join(root, "train/A/3.png"));
    rmSync(path.join(root, "test"), { recursive: true });
    const found = await examine(root, inspection, ["train/A/1.png", "train/A/2.png", "train/A/3.png", "test"]);
    const byName = new Map(found.map((entry) => [path.relative(root, entry.file), entry]));
    assert.deepEqual(byName.get("train/A/1.png")?.splits, ["valid"]);
    assert.equal(byName.get("train/A/1.png")?.change, "changed");
    assert.match(byName.get("train/A/2.png")?.unreadable ?? "", /./);
    assert.equal(byName.get("train/A/3.png")?.change, "removed");
    assert.deepEqual([byName.get("test")?.change, byName.get("test")?.images], ["removed", 4]);
  });

  it("finds photos by their pixels, which were not known before", async () => {
    const photo = (seed: number): Promise<Buffer> => {
      const pixels = Uint8Array.from({ length: 1024 }, (_, i) => 128 + 90 * Math.sin((i * seed) / 40) + (i >> 5));
      return sharp(pixels, { raw: { width: 32, height: 32, channels: 1 } })
        .toColourspace("b-w")
        .jpeg()
        .toBuffer();
    };
    const root = writeTree(newRoot(), { "train/1.jpg": await photo(3), "test/2.jpg": await photo(11) });
    const { inspection } = await inspect(engine, [root]);
    copyFileSync(path.join(root, "test/2.jpg"), path.join(root, "train/copy.jpg"));
    const [copy] = await examine(root, inspection, ["train/copy.jpg"]);
    assert.deepEqual(
      copy?.equal.map(({ id }) => id),
      ["test/2.jpg"],
    );
    const [thumbnail] = await engine.thumbnails(
      { inspection, samples: [copy.equal[0]?.sample ?? -1], size: 32 },
      quiet(),
    );
    writeFileSync(path.join(root, "train/saved.png"), thumbnail?.png ?? "");
    const [saved] = await examine(root, inspection, ["train/saved.png"]);
    assert.deepEqual(
      saved?.equal.map(({ id }) => id),
      ["test/2.jpg"],
    );
  });

  it("refuses more files than it examines at once", async () => {
    const root = faultyDataset(newRoot());
    const { inspection } = await inspect(engine, [root]);
    const names = Array.from({ length: 1001 }, (_, i) => `train/A/${i}.png`);
    await assert.rejects(examine(root, inspection, names), /1001 files changed, and at most 1000/);
  });
});
