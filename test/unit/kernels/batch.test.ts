import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { pixelDigest } from "../../../src/core/fingerprint/pixels";
import { decodePng } from "../../../src/engine/decode/png";
import {
  fingerprintBatch,
  FULL_BYTES,
  loadKernels,
  MAX_FILES,
  type Kernels,
} from "../../../src/engine/kernels/kernels";
import { nodeMd5 } from "../../../src/engine/nodeMd5";
import { encodePng } from "../../support/png";
import { both, compiled, randomNumbers } from "./support";

function noise(size: number, seed: number): Uint8Array {
  const next = randomNumbers(seed);
  return Uint8Array.from({ length: size }, () => next() >> 12);
}

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

function digestOf(digests: Uint8Array, row: number): string {
  return Buffer.from(digests.subarray(row * 16, row * 16 + 16)).toString("hex");
}

describe("batches of files", () => {
  for (const name of ["wasm", "reference"] as const) {
    describe(`with ${name}`, () => {
      let kernels: Kernels;

      before(async () => {
        kernels = (await both())[name];
      });

      it("have the MD5 that node:crypto has, for every length up to 300 and some long ones", () => {
        const files = Array.from({ length: 301 }, (_, size) => noise(size, size + 1));
        for (const size of [4095, 4096, 65_535, 65_536, 1_000_003]) files.push(noise(size, size));
        const { fileDigests } = fingerprintBatch(kernels, files);
        files.forEach((bytes, row) => assert.equal(digestOf(fileDigests, row), md5(bytes), `${bytes.length} bytes`));
      });

      it("have the MD5 whatever lengths are side by side", () => {
        const next = randomNumbers(3);
        for (let round = 0; round < 20; round++) {
          const files = Array.from({ length: 1 + (round % 17) }, () => noise((next() >> 8) % 3000, next()));
          const { fileDigests } = fingerprintBatch(kernels, files);
          files.forEach((bytes, row) => assert.equal(digestOf(fileDigests, row), md5(bytes)));
        }
      });

      it("have the pixel fingerprint of the definition", () => {
        const png = encodePng({ width: 5, height: 4, colourType: 6, rows: noise(80, 1), filters: [4] });
        const picture = decodePng(png);
        assert.ok(picture);
        const expected = new Uint8Array(16);
        pixelDigest(nodeMd5, picture, expected, 0);
        const columns = fingerprintBatch(kernels, [noise(10, 1), png]);
        assert.deepEqual([...columns.covered], [0, 1]);
        assert.equal(digestOf(columns.pixelDigests, 1), Buffer.from(expected).toString("hex"));
        assert.deepEqual([columns.widths[1], columns.heights[1], columns.modes[1]], [5, 4, 3]);
      });

      it("tell blank pictures from others", () => {
        const level = (value: number, size: number): Uint8Array => new Uint8Array(size).fill(value);
        const almost = level(9, 100);
        almost[99] = 8;
        const blank = fingerprintBatch(kernels, [
          encodePng({ width: 10, height: 10, rows: level(9, 100) }),
          encodePng({ width: 10, height: 10, rows: almost }),
          encodePng({ width: 1, height: 1, rows: level(9, 1) }),
          encodePng({ width: 2, height: 1, colourType: 2, rows: Uint8Array.of(1, 2, 3, 1, 2, 3) }),
          encodePng({ width: 2, height: 1, colourType: 2, rows: Uint8Array.of(1, 1, 1, 1, 1, 2) }),
        ]).blank;
        assert.deepEqual([...blank], [1, 0, 0, 1, 0]);
      });

      it("take files as they are read: a room first, then how much of it was filled", () => {
        const bytes = noise(100, 1);
        const room = kernels.room(4096);
        assert.equal(room.length, 4096);
        room.set(bytes);
        assert.equal(kernels.add(100), false);
        kernels.room(8).set(bytes.subarray(0, 8));
        kernels.add(8);
        const columns = kernels.run();
        assert.equal(columns.count, 2);
        assert.equal(digestOf(columns.fileDigests, 0), md5(bytes));
        assert.equal(digestOf(columns.fileDigests, 1), md5(bytes.subarray(0, 8)));
        assert.deepEqual(Buffer.from(kernels.bytesOf(0)), Buffer.from(bytes));
        assert.deepEqual(Buffer.from(kernels.bytesOf(1)), Buffer.from(bytes.subarray(0, 8)));
        assert.equal(kernels.run().count, 0);
      });

      it("are full after so many files, or so many bytes", () => {
        const full: boolean[] = [];
        for (let i = 0; i < MAX_FILES; i++) {
          kernels.room(0);
          full.push(kernels.add(0));
        }
        assert.equal(full.indexOf(true), MAX_FILES - 1);
        assert.equal(kernels.run().count, MAX_FILES);
        kernels.room(FULL_BYTES);
        assert.equal(kernels.add(FULL_BYTES), true);
        const { count, fileDigests } = kernels.run();
        assert.equal(count, 1);
        assert.equal(fileDigests.length, 16);
      });

      it("let a picture be looked at meanwhile", () => {
        const bytes = noise(500, 9);
        kernels.room(500).set(bytes);
        kernels.add(500);
        kernels.appearance({ width: 40, height: 40, mode: "L", pixels: noise(1600, 2) });
        assert.equal(digestOf(kernels.run().fileDigests, 0), md5(bytes));
      });
    });
  }

  it("are read by the reference where WebAssembly or SIMD is missing", async () => {
    const broken = path.join(path.dirname(await compiled()), "broken.wasm");
    // A module with an instruction that does not exist, as SIMD does not for older engines.
    writeFileSync(
      broken,
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 4, 1, 2, 0, 255),
    );
    assert.equal(loadKernels(broken, {}).name, "reference");
  });
});
