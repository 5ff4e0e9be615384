import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { blockMeans, lumaOf } from "../../../src/core/fingerprint/signature";
import { CleanSplitError } from "../../../src/core/errors";
import { decodeImage } from "../../../src/engine/decode/decode";
import { readLooks } from "../../../src/engine/near/looks";
import { randomNumbers } from "../kernels/support";
import { encodePng } from "../../support/png";
import { writeTree } from "../engine/support";
import { encodeNpy, useDatasets } from "./datasets";

const SIZE = { width: 12, height: 10 };

function noise(size: number, seed: number): Uint8Array {
  const next = randomNumbers(seed);
  return Uint8Array.from({ length: size }, () => next() >> 12);
}

describe("grey levels of samples, scaled to one size", () => {
  for (const kernels of ["wasm", "reference"] as const) {
    describe(`with ${kernels}`, () => {
      const { open, pool } = useDatasets(2, kernels);
      let scratch: string;

      before(() => {
        scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-looks-"));
      });

      after(() => rmSync(scratch, { recursive: true, force: true }));

      const run = { signal: new AbortController().signal, advance: () => undefined };

      it("are those of the decoded picture, whatever its format, colours and size", async () => {
        const files: Record<string, Uint8Array> = {};
        for (let seed = 0; seed < 40; seed++) {
          const [width, height] = seed % 5 === 0 ? [7 + seed, 31] : [SIZE.width, SIZE.height];
          const colourType = ([0, 0, 2, 4, 6] as const)[(seed >> 1) % 5] ?? 0;
          const channels = { 0: 1, 2: 3, 4: 2, 6: 4 }[colourType];
          const rows = noise(width * height * channels, seed + 1);
          files[`${seed % 3 === 0 ? "a" : "b"}/${seed}.png`] = encodePng({ width, height, colourType, rows });
        }
        // Larger than what is read many at a time, in the middle of the others.
        files["b/20 large.png"] = encodePng({ width: 300, height: 300, rows: noise(90_000, 50), zlib: { level: 0 } });
        files["b/21.jpg"] = await sharp(noise(120, 3), { raw: { ...SIZE, channels: 1 } })
          .jpeg()
          .toBuffer();
        files["b/22.bmp"] = bmp(noise(12 * 10 * 3, 4));
        writeTree(path.join(scratch, "all"), files);
        const { dataset } = await open([path.join(scratch, "all")]);
        const samples = Uint32Array.from({ length: dataset.table.count }, (_, i) => i).filter((i) => i % 7 !== 3);
        const looks = await readLooks(dataset, samples, SIZE, pool, run);
        assert.equal(looks.length, samples.length * 120);
        for (const [row, sample] of samples.entries()) {
          const name = dataset.names.id(sample);
          const picture = await decodeImage(files[name] ?? new Uint8Array());
          const expected = blockMeans(lumaOf(picture), picture.width, picture.height, SIZE.width, SIZE.height);
          assert.deepEqual(looks.subarray(row * 120, (row + 1) * 120), expected, name);
        }
      });

      it("are those of the rows of an array, also of a few far apart", async () => {
        const pixels = noise(5000 * 120, 9);
        const file = path.join(scratch, "rows.npy");
        writeFileSync(file, encodeNpy([5000, SIZE.height, SIZE.width], pixels));
        const { dataset } = await open([file]);
        const samples = Uint32Array.of(0, 1, 2, 1023, 1024, 1026, 4000, 4999);
        const looks = await readLooks(dataset, samples, SIZE, pool, run);
        for (const [row, sample] of samples.entries()) {
          assert.deepEqual(
            looks.slice(row * 120, (row + 1) * 120),
            pixels.slice(sample * 120, (sample + 1) * 120),
            `row ${sample}`,
          );
        }
      });

      it("of a file that is gone or damaged since the inspection are refused with its name", async () => {
        const file = path.join(scratch, "changed", "a", "1.png");
        writeTree(path.join(scratch, "changed"), {
          "a/0.png": encodePng({ ...SIZE, rows: noise(120, 1) }),
          "a/1.png": encodePng({ ...SIZE, rows: noise(120, 2) }),
        });
        const { dataset } = await open([path.join(scratch, "changed")]);
        const rejects = (): Promise<void> =>
          assert.rejects(
            readLooks(dataset, Uint32Array.of(0, 1), SIZE, pool, run),
            (error) =>
              error instanceof CleanSplitError &&
              error.reason === "changed" &&
              error.message.startsWith(`${file} changed since the inspection: `) &&
              error.message.endsWith(". Inspect the dataset again."),
          );
        writeFileSync(file, "no picture any more");
        await rejects();
        rmSync(file);
        await rejects();
      });
    });
  }
});

/** A bitmap of 12 x 10 pixels of 24 bits. */
function bmp(pixels: Uint8Array): Buffer {
  const head = Buffer.alloc(54);
  head.write("BM", 0, "latin1");
  head.writeUInt32LE(54 + pixels.length, 2);
  head.writeUInt32LE(54, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(SIZE.width, 18);
  head.writeInt32LE(SIZE.height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(24, 28);
  return Buffer.concat([head, pixels]);
}
