import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { readIdx } from "../../../src/engine/sources/arrays/idx";
import { bytes, refuses, summary, temporaryFolder } from "./support";

/** An IDX file: type code, lengths, elements (big endian). */
function idx(type: number, lengths: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * lengths.length);
  header[2] = type;
  header[3] = lengths.length;
  for (const [axis, length] of lengths.entries()) header.writeUInt32BE(length, 4 + 4 * axis);
  return bytes(header, data);
}

const SIX = Uint8Array.of(1, 2, 3, 4, 5, 6);
const VALID = idx(8, [2, 3], SIX);

describe("IDX files", () => {
  const folder = temporaryFolder();
  const read = (content: Uint8Array, name = "x-idx2-ubyte"): string[] => summary(readIdx(folder.file(name, content)));

  it("reads every type, plain and gzipped, whatever the name", () => {
    const eight = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);
    const cases = [
      [0x08, [2, 4], " u1 [2,4] 0001020304050607"],
      [0x09, [8], " i1 [8] 0001020304050607"],
      [0x0b, [2, 2], " i2 [2,2] 0100030205040706"],
      [0x0c, [2, 1, 1], " i4 [2,1,1] 0302010007060504"],
      [0x0d, [2], " f4 [2] 0302010007060504"],
      [0x0e, [1], " f8 [1] 0706050403020100"],
    ] as const;
    for (const [type, lengths, expected] of cases) {
      assert.deepEqual(read(idx(type, lengths, eight)), [expected]);
      assert.deepEqual(read(gzipSync(idx(type, lengths, eight)), "plain.idx"), [expected]);
    }
    assert.deepEqual(read(VALID, "x.gz"), [" u1 [2,3] 010203040506"]);
    assert.deepEqual(read(idx(8, [0, 28, 28], Buffer.of())), [" u1 [0,28,28] "]);
  });

  it("reads gzip of several members", () => {
    const members = bytes(gzipSync(VALID.subarray(0, 14)), gzipSync(VALID.subarray(14)));
    assert.deepEqual(read(members), [" u1 [2,3] 010203040506"]);
  });

  it("refuses what is no IDX file", () => {
    for (const content of [
      Buffer.of(),
      Buffer.from("\x89PNG"),
      idx(7, [1], SIX),
      idx(8, [], SIX),
      VALID.subarray(0, 9),
    ]) {
      refuses(() => read(content), "corrupt", /x-idx2-ubyte is not an IDX file/);
    }
    refuses(() => read(gzipSync(Buffer.from("text"))), "corrupt", /is not an IDX file/);
  });

  it("says what is missing", () => {
    assert.equal(
      refuses(() => read(VALID.subarray(0, -2)), "corrupt", /ends early/),
      "x-idx2-ubyte ends early: its header declares 2 x 3 = 6 bytes, the file holds 4. Download it again.",
    );
    refuses(() => read(gzipSync(VALID.subarray(0, -1))), "corrupt", /declares 2 x 3 = 6 bytes, the file holds 5\./);
    const random = idx(
      8,
      [100, 100],
      Uint8Array.from({ length: 10_000 }, (_, i) => (i * i * 2654435761) >>> 13),
    );
    const packed = gzipSync(random);
    const message = refuses(() => read(packed.subarray(0, 5000)), "corrupt", /declares 100 x 100 = 10,000 bytes/);
    assert.match(message, /the file holds \d,\d{3}\. Download it again\.$/);
    refuses(() => read(packed.subarray(0, -3)), "corrupt", /the checksum that ends a gzip file is missing/);
  });

  it("refuses more than declared", () => {
    refuses(() => read(bytes(VALID, 0)), "corrupt", /holds more than the 2 x 3 = 6 bytes/);
    refuses(() => read(gzipSync(bytes(VALID, 0))), "corrupt", /holds more than/);
    const bomb = gzipSync(bytes(VALID, Buffer.alloc(50_000_000)));
    const before = process.memoryUsage().arrayBuffers;
    refuses(() => read(bomb), "corrupt", /holds more than/);
    assert(process.memoryUsage().arrayBuffers - before < 20_000_000);
  });

  it("refuses forged sizes before taking memory for them", () => {
    const forged = idx(8, [60000, 28, 2800], SIX);
    const before = process.memoryUsage().arrayBuffers;
    refuses(() => read(forged), "corrupt", /the file holds 6\./);
    refuses(() => read(gzipSync(forged)), "corrupt", /its \d+ compressed bytes cannot hold that many/);
    refuses(() => read(idx(8, [2 ** 31, 2 ** 31, 2 ** 31], SIX)), "corrupt", /is not an IDX file/);
    assert(process.memoryUsage().arrayBuffers - before < 1_000_000);
  });

  it("refuses damaged compression", () => {
    const packed = gzipSync(VALID);
    packed.writeUInt32LE(5, packed.length - 8);
    refuses(() => read(packed), "corrupt", /is damaged: its compressed data does not match its checksum/);
  });
});
