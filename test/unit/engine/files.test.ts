import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { SampleState } from "../../../src/core/dataset/dataset";
import { columnsOf, createFingerprints, type Fingerprints } from "../../../src/core/fingerprint/fingerprints";
import { createReference } from "../../../src/engine/kernels/reference";
import { chooseMd5 } from "../../../src/engine/nodeMd5";
import { fingerprintFiles } from "../../../src/engine/pool/fingerprintFiles";
import { MAX_BATCHED_BYTES } from "../../../src/engine/pool/fingerprintJob";
import type { ReadFiles } from "../../../src/engine/pool/jobs";
import { packNames } from "../../../src/engine/sources/names";

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
});
