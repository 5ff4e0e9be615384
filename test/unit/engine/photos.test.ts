import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import type { Engine } from "../../../src/engine/engine";
import { createEngineForTest, inspect, leaks, quiet, writeTree } from "./support";

const [WIDTH, HEIGHT] = [90, 70];

/** Pixels like those of a photo: slopes of three colours and noise. */
function photo(seed: number): Buffer {
  let state = seed;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) | 0) >>> 24;
  const slopes = Array.from({ length: 9 }, () => random() / 255);
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let at = 0; at < pixels.length; at++) {
    const [x, y, channel] = [Math.floor(at / 3) % WIDTH, Math.floor(at / 3 / WIDTH), at % 3];
    const [base = 0, across = 0, down = 0] = slopes.slice(channel * 3);
    pixels[at] = 40 + 90 * base + across * x + down * y + random() / 16;
  }
  return pixels;
}

async function jpeg(seed: number, quality = 85): Promise<Buffer> {
  return sharp(photo(seed), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
}

/** The same pixels in other bytes: a comment behind the first marker. */
function withComment(bytes: Buffer): Buffer {
  const text = Buffer.from("\xff\xfe\0\x07hello", "latin1");
  return Buffer.concat([bytes.subarray(0, 2), text, bytes.subarray(2)]);
}

describe("an inspection of photos", () => {
  let scratch: string;
  let root: string;

  beforeEach(async () => {
    scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-test-"));
    const first = await jpeg(1);
    root = writeTree(path.join(scratch, "data"), {
      "train/a/1.jpg": first,
      "train/a/2.jpg": await jpeg(2),
      "train/a/3.jpg": await jpeg(3),
      "train/a/4.jpg": await jpeg(4),
      "train/a/5.jpg": await jpeg(5),
      "test/a/1 copied.jpg": first,
      "test/a/2 with a comment.jpg": withComment(await jpeg(2)),
      "test/a/3 as PNG.png": await sharp(await jpeg(3))
        .png()
        .toBuffer(),
      "test/a/4 encoded again.jpg": await jpeg(4, 70),
      "test/a/cut off.jpg": (await jpeg(6)).subarray(0, 900),
    });
  });

  afterEach(() => rmSync(scratch, { recursive: true, force: true }));

  async function inspectWith(index: string | null, check: (engine: Engine, inspection: string) => Promise<void>) {
    const engine = createEngineForTest(2, index);
    try {
      const { inspection, report } = await inspect(engine, [root]);
      await check(engine, inspection);
      return report;
    } finally {
      await engine.close();
    }
  }

  async function groupsOf(engine: Engine, inspection: string): Promise<string[]> {
    const query = { from: 0, count: 100, membersEach: 10 };
    const { groups } = await engine.groups({ inspection, query }, quiet());
    return groups
      .map(({ tier, members }) => `${tier}: ${members.map(({ id }) => path.basename(id)).join(", ")}`)
      .sort();
  }

  it("finds those with the same pixels, however they are stored, though it decodes only those that look alike", async () => {
    const report = await inspectWith(null, async (engine, inspection) =>
      assert.deepEqual(await groupsOf(engine, inspection), [
        "file: 1 copied.jpg, 1.jpg",
        "pixel: 2 with a comment.jpg, 2.jpg",
        "pixel: 3 as PNG.png, 3.jpg",
      ]),
    );
    assert.deepEqual(leaks(report, "file"), { "train in test": 1, "test in train": 1 });
    assert.deepEqual(leaks(report, "pixel"), { "train in test": 3, "test in train": 3 });
    assert.deepEqual(
      report.unreadable.map(({ id, reason }) => [id, reason]),
      [["test/a/cut off.jpg", "JPEG is cut off after 900 bytes"]],
    );
  });

  it("finds the twin of a photo that was added after an inspection", async () => {
    const index = path.join(scratch, "index");
    const anHourAgo = Date.now() / 1000 - 3600;
    const age = (): void => {
      for (const entry of readdirSync(root, { recursive: true, withFileTypes: true }))
        if (entry.isFile()) utimesSync(path.join(entry.parentPath, entry.name), anHourAgo, anHourAgo);
    };
    age();
    const nothing = (): Promise<void> => Promise.resolve();
    await inspectWith(index, nothing);
    writeTree(root, {
      "test/a/5 with a comment.jpg": withComment(await jpeg(5)),
      "test/a/1 with a comment.jpg": withComment(await jpeg(1)),
    });
    age();
    const seen = async (engine: Engine, inspection: string): Promise<void> =>
      assert.deepEqual(await groupsOf(engine, inspection), [
        "pixel: 1 copied.jpg, 1 with a comment.jpg, 1.jpg",
        "pixel: 2 with a comment.jpg, 2.jpg",
        "pixel: 3 as PNG.png, 3.jpg",
        "pixel: 5 with a comment.jpg, 5.jpg",
      ]);
    const second = await inspectWith(index, seen);
    // What was found out of the pixels is kept, too.
    const third = await inspectWith(index, seen);
    assert.deepEqual({ ...third, timing: null }, { ...second, timing: null });
    assert.deepEqual({ ...(await inspectWith(null, seen)), timing: null }, { ...second, timing: null });
  });
});
