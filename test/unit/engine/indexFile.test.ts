import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { createFingerprints } from "../../../src/core/fingerprint/fingerprints";
import { checksumOf, encodeBatch, encodeStart, makeRoom, type IndexBatch } from "../../../src/engine/index/indexFile";
import { IndexReader } from "../../../src/engine/index/indexReader";
import { checksumFile } from "../../../src/engine/index/indexWriter";

/** Two batches of five rows. */
function makeFile(): { readonly bytes: Uint8Array; readonly checksums: Uint8Array } {
  const fingerprints = createFingerprints(5);
  fingerprints.pixelDigests.forEach((_, index, digests) => (digests[index] = index));
  const text = (names: readonly string[]): { bytes: Uint8Array; ends: Int32Array } => {
    let end = 0;
    const ends = [0, ...names.map((name) => (end += name.length))];
    return { bytes: Buffer.from(names.join("")), ends: Int32Array.from(ends) };
  };
  const batch = encodeBatch({
    count: 5,
    folders: text(["a", "a", "a", "b", "b"]),
    names: text(["1.png", "2.png", "3.png", "1.png", "2.png"]),
    reasons: text(["", "empty file", "", "", ""]),
    sizes: Float64Array.of(1, 2, 3, 4, 5),
    times: Float64Array.of(1, 2, 3, 4, 5),
    fingerprints,
  });
  const pieces = [encodeStart(), batch, batch];
  return { bytes: Buffer.concat(pieces), checksums: Buffer.concat(pieces.map(checksumOf)) };
}

describe("files of the fingerprint index", () => {
  const whole = makeFile();
  const scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-test-"));
  after(() => rmSync(scratch, { recursive: true }));

  /** The batches of a file up to the first one that is damaged. */
  function readBatches(bytes: Uint8Array, checksums: Uint8Array): IndexBatch[] {
    const file = path.join(scratch, "file");
    writeFileSync(file, bytes);
    writeFileSync(checksumFile(file), checksums);
    const reader = IndexReader.open(file);
    assert.ok(reader !== null);
    try {
      const batches = reader.pieces.map((piece) => reader.readBatch(piece, makeRoom(piece.length)));
      const damaged = batches.indexOf(null);
      return batches.slice(0, damaged < 0 ? batches.length : damaged).filter((batch) => batch !== null);
    } finally {
      reader.close();
    }
  }

  it("give back what was written, without an end too", () => {
    const batches = readBatches(whole.bytes, whole.checksums);
    const [first, second] = batches;
    assert.deepEqual(
      batches.map((batch) => batch.count),
      [5, 5],
    );
    assert.equal(first?.reasonAt(1), "empty file");
    assert.equal(first.reasonAt(0), null);
    assert.equal(second?.folderAt(3), "b");
    assert.equal(second.columns.pixelDigests[17], 17);
  });

  it("give only batches that are whole, whatever happened to the bytes", () => {
    const damage = fc.array(fc.tuple(fc.nat(whole.bytes.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    const original = readBatches(whole.bytes, whole.checksums);
    fc.assert(
      fc.property(damage, fc.nat(whole.bytes.length), (changes, cut) => {
        const bytes = Uint8Array.from(whole.bytes);
        for (const [at, change] of changes) bytes[at] = (bytes[at] ?? 0) ^ change;
        for (const file of [bytes, bytes.subarray(0, cut)]) {
          for (const batch of readBatches(file, whole.checksums)) {
            assert.deepEqual(batch.columns.pixelDigests.slice(0, 80), original[0]?.columns.pixelDigests.slice(0, 80));
            assert.deepEqual(batch.sizes.slice(0, 5), original[0]?.sizes.slice(0, 5));
          }
        }
      }),
      { numRuns: 400 },
    );
  });
});
