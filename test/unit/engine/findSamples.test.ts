import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { GroupFilter } from "../../../src/core/leakage/report";
import { tarOf } from "../../support/archives";
import { inspect, png, quiet, useEngine, writeTree } from "./support";

describe("samples by name", () => {
  const { engine, scratch } = useEngine();

  /** A folder, an archive and an array, inspected together. */
  async function everySource(): Promise<{ readonly root: string; readonly inspection: string }> {
    const root = writeTree(path.join(scratch, "sources"), {
      "letters/train/A/1.png": png(1),
      "letters/train/A/ü <img src=x>.png": png(2),
      "letters/test/A/1.png": png(1),
    });
    const archive = await tarOf({ "train/A/1.png": png(3), "test/B/2.png": png(4) });
    writeFileSync(path.join(root, "packed.tar"), archive);
    const idx = Buffer.alloc(16 + 3 * 36);
    [0x803, 3, 6, 6].forEach((value, index) => idx.writeUInt32BE(value, index * 4));
    writeFileSync(path.join(root, "t10k-images-idx3-ubyte"), idx);
    const inputs = ["letters", "packed.tar", "t10k-images-idx3-ubyte"].map((name) => path.join(root, name));
    return { root, inspection: (await inspect(engine, inputs)).inspection };
  }

  it("are found by their ids and by their places in folders, archives and arrays", async () => {
    const { root, inspection } = await everySource();
    const ids = [
      "letters/train/A/ü <img src=x>.png",
      "letters/test/A/1.png",
      "packed.tar/test/B/2.png",
      "packed.tar/train/A/1.png",
    ];
    const byId = await engine.findSamples({ inspection, names: ids }, quiet());
    assert.deepEqual(
      byId.map((sample) => sample?.id),
      ids,
    );
    const places = await engine.findSamples({ inspection, names: ids.map((id) => path.join(root, id)) }, quiet());
    assert.deepEqual(places, byId);
    const idx = path.join(root, "t10k-images-idx3-ubyte");
    const [row] = await engine.findSamples({ inspection, names: [`${idx}#[2]`] }, quiet());
    const [same] = await engine.findSamples({ inspection, names: [row?.id ?? ""] }, quiet());
    assert.match(row?.id ?? "", /\[2\]$/);
    assert.deepEqual(same, row);
  });

  it("are not found by names that mean none, whatever they are", async () => {
    const { root, inspection } = await everySource();
    const names = [
      "",
      "/",
      "letters/train/A",
      "letters/train/A/none.png",
      "../letters/train/A/1.png",
      path.join(root, "..", "1.png"),
      path.join(root, "t10k-images-idx3-ubyte#[3]"),
      "t10k-images-idx3-ubyte[99999999999]",
      "__proto__",
      "packed.tar/train/A/1.png/",
      "x".repeat(100_000),
    ];
    const found = await engine.findSamples({ inspection, names }, quiet());
    assert.deepEqual(
      found,
      names.map(() => null),
    );
    const many = await engine.findSamples({ inspection, names: Array.from({ length: 5000 }, () => "x") }, quiet());
    assert.equal(many.length, 1000);
  });

  it("are placed among the groups that pass a filter", async () => {
    const root = writeTree(path.join(scratch, "placed"), {
      "train/A/1.png": png(1),
      "train/A/2.png": png(2),
      "train/A/2 again.png": png(2),
      "test/A/1.png": png(1),
      "test/A/2.png": png(2),
      "test/A/3.png": png(3),
    });
    const { inspection } = await inspect(engine, [root]);
    const [one, three] = await engine.findSamples({ inspection, names: ["test/A/1.png", "test/A/3.png"] }, quiet());
    const filters: readonly GroupFilter[] = [
      {},
      { sort: "size" },
      { sort: "first", splits: ["test"] },
      { tier: "file", leaking: true },
      { conflict: true },
    ];
    for (const filter of filters) {
      const query = { ...filter, from: 0, count: 500, membersEach: 10 };
      const { groups } = await engine.groups({ inspection, query }, quiet());
      const row = groups.findIndex(({ members }) => members.some(({ sample }) => sample === one?.sample));
      const place = await engine.findGroup({ inspection, filter, sample: one?.sample ?? -1 }, quiet());
      const expected = row < 0 ? null : { row, group: groups[row]?.group };
      assert.deepEqual(place, expected, JSON.stringify(filter));
    }
    assert.equal(await engine.findGroup({ inspection, filter: {}, sample: three?.sample ?? -1 }, quiet()), null);
  });
});
