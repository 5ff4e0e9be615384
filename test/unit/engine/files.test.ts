import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { SampleState } from "../../../src/core/dataset/dataset";
import { columnsOf, createFingerprints, type Fingerprints } from "../../../src/core/fingerprint/fingerprints";
import type { Kernels } from "../../../src/engine/kernels/kernels";
import { createReference } from "../../../src/engine/kernels/reference";
import { chooseMd5 } from "../../../src/engine/nodeMd5";
import { fingerprintFiles } from "../../../src/engine/pool/fingerprintFiles";
import { MAX_BATCHED_BYTES } from "../../../src/engine/pool/fingerprintJob";
import type { ReadFiles } from "../../../src/engine/pool/jobs";
import { packNames } from "../../../src/engine/sources/names";
import { encodeJpeg, withSegment, type JpegOptions } from "../../support/jpeg";
import { encodePng } from "../../support/png";
import { both } from "../kernels/support";

const SIZES = [
  0,
  1,
  511,
  512,
  513,
  MAX_BATCHED_BYTES - 1,
  MAX_BATCHED_BYTES,
  MAX_BATCHED_BYTES + 1,
  3 * MAX_BATCHED_BYTES + 7,
];

const bytesOf = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 7 + size) % 251);

describe("files of a job", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "cleansplit-files-"));

  before(() => {
    for (const size of SIZES) writeFileSync(path.join(folder, `${size}.png`), bytesOf(size));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const dated of [false, true]) {
    /** One file in a job of its own: a job of many may end early on a busy machine. */
    const read = async (name: string): Promise<Readonly<{ fingerprints: Fingerprints; answer: ReadFiles }>> => {
      const fingerprints = createFingerprints(1);
      const into = { columns: columnsOf(fingerprints), at: 0 };
      const parameter = { folder, names: packNames([name]), known: null, dated, exact: false, into };
      return { fingerprints, answer: await fingerprintFiles(parameter, createReference(), chooseMd5()) };
    };

    it(`are read whole, whatever their size, ${dated ? "with" : "without"} their sizes and times`, async () => {
      for (const size of SIZES) {
        const { fingerprints, answer } = await read(`${size}.png`);
        const digest = createHash("md5").update(bytesOf(size)).digest("hex");
        assert.equal(Buffer.from(fingerprints.fileDigests).toString("hex"), digest);
        const { mtimeMs } = statSync(path.join(folder, `${size}.png`));
        const times = { sizes: Float64Array.of(size), times: Float64Array.of(mtimeMs) };
        assert.deepEqual(answer.found, dated ? times : null);
      }
    });

    it(`are unreadable when they are missing, ${dated ? "with" : "without"} their sizes and times`, async () => {
      const { fingerprints, answer } = await read("missing.png");
      assert.equal(fingerprints.states[0], SampleState.unreadable);
      assert.match(answer.reasons.get(0) ?? "", /cannot be read/);
    });
  }

  it("that are large JPEGs are read where the kernels take them, and whole by the library that the kernels leave them to", async () => {
    const coefficient: JpegOptions["coefficient"] = (component, x, y, k) =>
      ((component + 3 * x + 5 * y + 7 * k) % 11) - (k === 0 ? 0 : 5);
    const plain = encodeJpeg({
      width: 400,
      height: 300,
      sampling: [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
      coefficient,
    });
    // Adobe's segment says that the colours are red, green and blue.
    const rgb = withSegment(plain, 0xee, [...Buffer.from("Adobe"), 0, 100, 0, 0, 0, 0, 0]);
    assert.ok(plain.length > MAX_BATCHED_BYTES);
    const rows = Uint8Array.from({ length: 100 }, (_, i) => i * 2);
    const files = {
      "1.png": encodePng({ width: 10, height: 10, rows }),
      "2.jpg": plain,
      "3.jpg": rgb,
      "4.jpg": Buffer.concat([rgb, Buffer.alloc(2 ** 21, rgb.subarray(-2))]),
      "5.jpg": plain.subarray(0, plain.length - 5000),
      "6.png": encodePng({ width: 10, height: 10, rows: rows.toReversed() }),
    };
    const mixed = path.join(folder, "mixed");
    mkdirSync(mixed);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(path.join(mixed, name), bytes);
    const names = Object.keys(files);
    const readAll = async (kernels: Kernels, exact: boolean, dated: boolean): Promise<Fingerprints> => {
      const fingerprints = createFingerprints(names.length);
      for (let done = 0; done < names.length;) {
        const into = { columns: columnsOf(fingerprints), at: done };
        const parameter = { folder: mixed, names: packNames(names.slice(done)), known: null, dated, exact, into };
        done += (await fingerprintFiles(parameter, kernels, chooseMd5())).done;
      }
      return fingerprints;
    };
    const { wasm, reference } = await both();
    const exact = await readAll(reference, true, false);
    for (const dated of [false, true]) {
      const [own, expected] = [await readAll(wasm, false, dated), await readAll(reference, false, dated)];
      assert.deepEqual(columnsOf(own), columnsOf(expected));
      assert.deepEqual([...own.provisional], [0, 1, 0, 0, 0, 0]);
      assert.deepEqual(
        [...own.states].map((state) => state === SampleState.ok),
        [true, true, true, true, false, true],
      );
      const digests = (of: Fingerprints): Uint8Array => of.pixelDigests.subarray(2 * 16, 4 * 16);
      assert.deepEqual(digests(own), digests(exact));
      names.forEach((name, row) => {
        const digest = createHash("md5")
          .update(files[name as keyof typeof files])
          .digest("hex");
        assert.equal(Buffer.from(own.fileDigests.subarray(16 * row, 16 * row + 16)).toString("hex"), digest, name);
      });
    }
  });
});
