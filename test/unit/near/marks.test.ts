import assert from "node:assert/strict";
import path from "node:path";
import { inspect, quiet, useEngine, writeTree } from "../engine/support";
import { encodePng } from "../../support/png";

const SIZE = 28;

/** A white bar on black, at a place of its own, with some pixels off by 160 grey levels: RMS 160 sqrt(n) / 28. */
function glyph(place: number, off = 0): Buffer {
  const rows = new Uint8Array(SIZE * SIZE).map((_, at) => {
    const column = at % SIZE;
    return column >= place && column < place + 6 ? 255 : 0;
  });
  for (let i = 0; i < off; i++) rows[i * SIZE + 27] = 160;
  return encodePng({ width: SIZE, height: SIZE, rows });
}

describe("marks of near duplicates", () => {
  const { engine, scratch } = useEngine();

  it("name the nearest image of another split, where nothing worse is the matter", async () => {
    const root = writeTree(path.join(scratch, "near"), {
      "train/A/bar.png": glyph(0),
      "train/A/leak.png": glyph(8),
      "train/A/leak too.png": glyph(8, 1),
      "train/B/alone.png": glyph(14),
      "train/B/alone too.png": glyph(14, 1),
      "test/A/bar off by 2.png": glyph(0, 2),
      "test/A/bar off by 1.png": glyph(0, 1),
      "test/A/leak.png": glyph(8),
      "test/B/alone but for train.png": glyph(20),
      "train/B/off by 1.png": glyph(20, 1),
    });
    const { inspection } = await inspect(engine, [root]);
    const names = [
      "train/A/bar.png",
      "test/A/bar off by 2.png",
      "train/A/leak.png",
      "train/A/leak too.png",
      "train/B/alone.png",
      "train/B",
      "train/A",
      "train",
    ];
    const marked = async (): Promise<(string | null)[]> => {
      const paths = names.map((name) => path.join(root, name));
      const marks = await engine.marks({ inspection, paths }, quiet());
      return marks.map((mark) => (mark === null ? null : `${mark.kind}: ${mark.text.replace("CleanSplit: ", "")}`));
    };
    const leaks = "leaks: 1 other image with the same file, in train, test";
    const leaking = "leaks: 1 image also in another split";
    assert.deepEqual(await marked(), [null, null, leaks, null, null, null, leaking, leaking]);
    await engine.near({ inspection, threshold: null }, quiet());
    assert.deepEqual(await marked(), [
      "near: nearly the same picture as test/A/bar off by 1.png (RMS grey difference 5.7)",
      "near: nearly the same picture as train/A/bar.png (RMS grey difference 8.1)",
      leaks,
      "near: nearly the same picture as test/A/leak.png (RMS grey difference 5.7)",
      null,
      "near: 1 image nearly the same as one in another split",
      `${leaking}, 2 images nearly the same as one in another split`,
      `${leaking}, 3 images nearly the same as one in another split`,
    ]);
    await engine.near({ inspection, threshold: 6 }, quiet());
    assert.equal((await marked())[1], null);
    // A folder with nothing worse is marked for what is near.
    const [folder] = await engine.marks({ inspection, paths: [path.join(root, "test/B")] }, quiet());
    assert.equal(folder?.kind, "near");
  });
});
