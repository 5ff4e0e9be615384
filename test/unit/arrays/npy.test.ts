import assert from "node:assert/strict";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { deflateRawSync } from "node:zlib";
import { crc32 } from "node:zlib";
import { totalBytes, type Dtype } from "../../../src/engine/sources/arrays/ndarray";
import { readNpy } from "../../../src/engine/sources/arrays/npy";
import { readNpz } from "../../../src/engine/sources/arrays/npz";
import type { ArrayEntry } from "../../../src/engine/write/arrayFile";
import { writeNpz } from "../../../src/engine/write/npz";
import { DEFLATED_NPZ, STORED_NPZ } from "./fixtures";
import { bytesOf, npy, refuses, summary, temporaryFolder, zip } from "./support";

const SIX = Uint8Array.of(1, 2, 3, 4, 5, 6);
const HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }\n";
const VALID = npy(HEADER, SIX);

describe("npy files", () => {
  const folder = temporaryFolder();
  const read = (bytes: Uint8Array): string[] => summary(readNpy(folder.file("x.npy", bytes)));

  it("reads versions 1, 2 and 3", () => {
    for (const version of [1, 2, 3]) assert.deepEqual(read(npy(HEADER, SIX, version)), [" u1 [2,3] 010203040506"]);
  });

  it("reads what other writers put into headers", () => {
    assert.deepEqual(read(npy('{"shape":(6L,),"fortran_order":False,"descr":"|u1"}', SIX)), [" u1 [6] 010203040506"]);
    assert.deepEqual(read(npy("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", new Uint8Array(8))), [
      " f8 [] 0000000000000000",
    ]);
  });

  it("reads Fortran order and big endian", () => {
    const header = "{'descr': '>u2', 'fortran_order': True, 'shape': (2, 3)}";
    const stored = Uint8Array.of(0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6);
    assert.deepEqual(read(npy(header, stored)), [" u2 [2,3] 010002000300040005000600"]);
  });

  it("refuses what is no header", () => {
    const headers = [
      "",
      "{}",
      "[1]",
      "{'descr': '|u1', 'fortran_order': False}",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), 'more': 1}",
      "{'descr': '|u1', 'fortran_order': 0, 'shape': (2, 3)}",
      "{'descr': '|u1', 'fortran_order': False, 'shape': [2, 3]}",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (6)}",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (-6,)}",
      "{'descr': '|u1', 'fortran_order': False, 'shape': ('6',)}",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (94906266, 94906267)}",
      "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (6,)}",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (6,)} x",
      "{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (6,)}",
      `{'descr': ${"[".repeat(1000)}, 'fortran_order': False, 'shape': (6,)}`,
    ];
    for (const header of headers) refuses(() => read(npy(header, SIX)), "corrupt", /x\.npy is not a valid npy file/);
    refuses(() => read(npy(HEADER, SIX, 4)), "corrupt", /its version is 4/);
    refuses(() => read(VALID.subarray(0, 20)), "corrupt", /ends inside its header/);
    refuses(() => read(VALID.subarray(0, 9)), "corrupt", /ends inside its header/);
    refuses(() => read(Buffer.from("PNG")), "corrupt", /does not begin with/);
    refuses(() => read(Buffer.alloc(0)), "corrupt", /does not begin with/);
  });

  it("refuses dtypes without numbers by name", () => {
    const withDescr = (descr: string): Buffer =>
      npy(`{'descr': ${descr}, 'fortran_order': False, 'shape': (1,)}`, new Uint8Array(8));
    refuses(() => read(withDescr("'|O'")), "forbidden", /x\.npy holds Python objects/);
    refuses(() => read(withDescr("'<U2'")), "unsupported", /x\.npy holds text \(dtype <U2\)/);
    refuses(() => read(withDescr("'<c8'")), "unsupported", /complex/);
    refuses(() => read(withDescr("[('a', '<f4'), ('b', '<i4')]")), "unsupported", /structured records/);
  });

  it("refuses other sizes than declared, before taking memory", () => {
    const message = refuses(() => read(VALID.subarray(0, -2)), "corrupt", /ends early/);
    assert.equal(
      message,
      "x.npy ends early: its header declares 2 x 3 = 6 bytes, the file holds 4. Download it again.",
    );
    refuses(() => read(npy(HEADER, Buffer.alloc(7))), "corrupt", /holds 1 bytes behind the 2 x 3 = 6 bytes/);
    const forged = HEADER.replace("(2, 3)", "(94906266, 3)").replace("|u1", "<f8");
    refuses(() => read(npy(forged, SIX)), "corrupt", /declares 94,906,266 x 3 x 8 = 2,277,750,384 bytes/);
  });

  it("reads rows of a large file without loading it", () => {
    const rows = 1000;
    const row = 100_000;
    const path = join(folder.path, "large.npy");
    const start = npy(`{'descr': '|u1', 'fortran_order': False, 'shape': (${rows}, ${row})}`, SIX);
    const descriptor = openSync(path, "w");
    writeSync(descriptor, start);
    ftruncateSync(descriptor, start.length - 6 + rows * row);
    writeSync(descriptor, SIX, 0, 6, start.length - 6 + rows * row - 6);
    closeSync(descriptor);
    const before = process.memoryUsage().arrayBuffers;
    const file = readNpy(path);
    const [array] = file.arrays;
    assert.deepEqual(array?.rows(0, 1).subarray(0, 6), SIX);
    assert.deepEqual(array.rows(rows - 1, 1).subarray(row - 6), SIX);
    file.close();
    assert(process.memoryUsage().arrayBuffers - before < 10_000_000);
    assert.throws(() => array.rows(0, 1), /after it was closed/);
  });

  it("says what is wrong with a path", () => {
    refuses(() => readNpy(join(folder.path, "missing.npy")), "not-found", /missing\.npy does not exist/);
    refuses(() => readNpy(folder.path), "unsupported", /is not a file/);
  });
});

describe("npz files", () => {
  const folder = temporaryFolder();
  const open = (bytes: Uint8Array): ReturnType<typeof readNpz> => readNpz(folder.file("x.npz", bytes));
  const read = (bytes: Uint8Array): string[] => summary(open(bytes));
  const deflated = { name: "a.npy", data: deflateRawSync(VALID), method: 8, size: VALID.length, crc: crc32(VALID) };

  for (const [how, base64] of [
    ["savez", STORED_NPZ],
    ["savez_compressed", DEFLATED_NPZ],
  ] as const) {
    it(`reads what numpy.${how} writes and names what it skips`, () => {
      const file = open(Buffer.from(base64, "base64"));
      assert.deepEqual(
        file.skipped.map(({ key, reason }) => [key, reason.replace(/;.*| \(.*/, "")]),
        [
          ["names", "names in x.npz holds text"],
          ["objects", "objects in x.npz holds Python objects"],
        ],
      );
      assert.deepEqual(summary(file), [
        "images u1 [2,2,3] 000a0d1a27225cff80755541",
        "labels i4 [2] 03000000ffffffff",
        "fortran f4 [2,3] 000000000000803f0000004000004040000080400000a040",
      ]);
    });
  }

  it("reads zip64 fields, stored and deflated", () => {
    const wide = [
      { name: "b.npy", data: VALID, wide: true },
      { ...deflated, wide: true },
    ];
    assert.deepEqual(read(zip(wide, { wide: true })), ["b u1 [2,3] 010203040506", "a u1 [2,3] 010203040506"]);
  });

  it("leaves other entries out", () => {
    const entries = [
      { name: "readme.txt", data: SIX },
      { name: "d/", data: Buffer.of() },
      { name: "d/a.npy", data: VALID },
    ];
    assert.deepEqual(read(zip(entries)), ["d/a u1 [2,3] 010203040506"]);
    refuses(() => read(zip(entries.slice(0, 2))), "unsupported", /x\.npz holds no numpy arrays/);
    refuses(() => read(zip([])), "unsupported", /x\.npz holds no numpy arrays/);
  });

  it("says why when nothing is left", () => {
    const objects = npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", SIX);
    refuses(() => read(zip([{ name: "o.npy", data: objects }])), "forbidden", /o in x\.npz holds Python objects/);
  });

  it("refuses forged directories", () => {
    const entry = { name: "a.npy", data: VALID };
    const other = { name: "b.npy", data: VALID };
    refuses(() => read(zip([entry, entry])), "corrupt", /holds a\.npy twice/);
    refuses(() => read(zip([entry, { ...other, at: 0 }])), "corrupt", /disagree about b\.npy/);
    refuses(() => read(zip([{ ...entry, localName: "c.npy" }])), "corrupt", /disagree/);
    refuses(() => read(zip([{ ...entry, at: 1e9 }])), "corrupt", /lies outside/);
    refuses(() => read(zip([{ ...entry, packedSize: 1e6, size: 1e6 }])), "corrupt", /lies outside/);
    refuses(() => read(zip([{ ...entry, size: 5 }])), "corrupt", /two sizes/);
    refuses(() => read(zip([entry], { count: 2 })), "corrupt", /has 1 of the 2 entries|cannot hold/);
    refuses(() => read(zip([entry], { count: 60000 })), "corrupt", /cannot hold the 60,000 entries/);
    refuses(() => read(zip([entry], { offset: 5 })), "corrupt", /has 0 of the 1 entries|damaged/);
    refuses(() => read(zip([entry], { offset: 1e9 })), "corrupt", /outside/);
    refuses(() => read(zip([{ ...entry, flags: 1 }])), "unsupported", /encrypted/);
    refuses(() => read(zip([{ ...entry, method: 12 }])), "unsupported", /method 12/);
    refuses(() => read(zip([entry]).subarray(0, -5)), "corrupt", /ends early: the directory/);
    refuses(() => read(Buffer.from("PK")), "corrupt", /ends early/);
  });

  it("refuses entries that lie over each other", () => {
    const a = { name: "a.npy", data: VALID };
    const first = 30 + 5;
    // The second entry's header stands in the first entry's data.
    const inside = zip([{ name: "b.npy", data: VALID }]).subarray(0, 30 + 5 + VALID.length);
    const outer = { name: "a.npy", data: inside };
    refuses(
      () =>
        read(
          zip([
            outer,
            { ...a, name: "b.npy", at: first, data: Buffer.of(), size: VALID.length, packedSize: VALID.length },
          ]),
        ),
      "corrupt",
      /a\.npy and b\.npy lie over each other/,
    );
  });

  it("refuses bombs and forged sizes without unpacking them", () => {
    const zeros = deflateRawSync(npy(HEADER.replace("2, 3", "50000, 1000"), Buffer.alloc(50_000_000)));
    const bomb = { name: "a.npy", data: zeros, method: 8, crc: 0 };
    const tooMuch = deflateRawSync(Buffer.concat([VALID, Buffer.alloc(20_000_000)]));
    const taken = (): number => {
      const before = process.memoryUsage().arrayBuffers;
      refuses(() => read(zip([{ ...bomb, size: 100 }])), "corrupt", /damaged or forged/);
      refuses(
        () => read(zip([{ ...bomb, data: tooMuch, size: VALID.length }])),
        "corrupt",
        /more than the 76 bytes it declares/,
      );
      const forged = npy(HEADER.replace("2, 3", "94906266, 3"), SIX);
      refuses(
        () => read(zip([{ ...bomb, data: deflateRawSync(forged), size: forged.length - 6 + 3 * 94906266 }])),
        "corrupt",
        /damaged or forged/,
      );
      return process.memoryUsage().arrayBuffers - before;
    };
    // What earlier tests left running may take memory meanwhile; unpacking would take it every time.
    assert(Math.min(taken(), taken(), taken()) < 20_000_000);
  });

  it("checks what it unpacks", () => {
    assert.deepEqual(read(zip([deflated])), ["a u1 [2,3] 010203040506"]);
    refuses(() => read(zip([{ ...deflated, crc: 5 }])), "corrupt", /a in x\.npz is damaged/);
    const short = deflateRawSync(VALID.subarray(0, -1));
    refuses(() => read(zip([{ ...deflated, data: short }])), "corrupt", /declares 76 bytes and unpacks to 75/);
    refuses(() => read(zip([{ ...deflated, data: SIX }])), "corrupt", /damaged|ends inside/);
  });
});

describe("writing npz files", () => {
  const folder = temporaryFolder();
  const never = new AbortController().signal;
  let files = 0;
  const path = (): string => join(folder.path, `${files++}.npz`);
  const entry = (chunks: ArrayEntry["chunks"], key = "a"): ArrayEntry => ({ key, dtype: "u1", shape: [2, 3], chunks });

  it("reads back what it wrote, for every dtype and shape", async () => {
    const arrays = fc.uniqueArray(
      fc.record({
        key: fc.stringMatching(/^[a-zA-Z_é][\w é-]{0,8}(\/[a-z]{1,3})?$/),
        dtype: fc.constantFrom<Dtype>("b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"),
        shape: fc.array(fc.nat({ max: 5 }), { maxLength: 4 }),
        seed: fc.nat(),
        pieces: fc.integer({ min: 1, max: 9 }),
      }),
      { selector: ({ key }) => key, minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(arrays, async (given) => {
        const entries = given.map(({ key, dtype, shape, seed, pieces }) => {
          const bytes = Uint8Array.from({ length: totalBytes(dtype, shape) ?? 0 }, (_, index) => seed + index * 31);
          const chunks = Array.from({ length: Math.ceil(bytes.length / pieces) }, (_, index) =>
            bytes.subarray(index * pieces, (index + 1) * pieces),
          );
          return { key, dtype, shape, chunks, bytes };
        });
        const file = path();
        await writeNpz(file, entries, never);
        const opened = readNpz(file);
        assert.deepEqual(
          opened.arrays.map((array) => ({ ...array, rows: undefined, bytes: bytesOf(array) })),
          entries.map(({ key, dtype, shape, bytes }) => ({ key, dtype, shape, rows: undefined, bytes })),
        );
        opened.close();
      }),
      { numRuns: 25 },
    );
  });

  it("writes the same bytes for the same arrays at any time", async () => {
    const write = async (): Promise<Buffer> => {
      const file = path();
      await writeNpz(file, [entry([SIX]), entry([SIX.subarray(0, 2), SIX.subarray(2)], "b")], never);
      return readFileSync(file);
    };
    const written = await write();
    assert.deepEqual(await write(), written);
    // Midnight of 1 January 1980, in the time zone of whoever runs this.
    assert.equal(written.readUInt32LE(10), 0x00210000);
  });

  it("asks for one array after the other", async () => {
    const events: string[] = [];
    async function* chunks(key: string): AsyncGenerator<Uint8Array> {
      events.push(`${key} begins`);
      yield SIX;
      await Promise.resolve();
      events.push(`${key} ends`);
    }
    const file = path();
    await writeNpz(
      file,
      ["a", "b"].map((key) => entry(chunks(key), key)),
      never,
    );
    assert.deepEqual(events, ["a begins", "a ends", "b begins", "b ends"]);
    assert.deepEqual(summary(readNpz(file)), ["a u1 [2,3] 010203040506", "b u1 [2,3] 010203040506"]);
  });

  const rejects = async (entries: readonly ArrayEntry[], reason: string, message: RegExp): Promise<void> => {
    const file = path();
    await assert.rejects(writeNpz(file, entries, never), { name: "CleanSplitError", reason, message });
    assert.throws(() => readFileSync(file), { code: "ENOENT" });
  };

  it("refuses arrays whose bytes do not match and removes the file", async () => {
    await rejects([entry([SIX, SIX])], "corrupt", /array a gave more bytes than the 6/);
    await rejects([entry([SIX], "b"), entry([SIX.subarray(1)])], "corrupt", /array a gave fewer bytes than the 6/);
  });

  it("refuses keys that are no names of entries", async () => {
    for (const key of ["", "../a", "/a", "a\\b", "c:a", "a//b", "a/..", "a\nb"]) {
      await rejects([entry([SIX], key)], "refused", /cannot be the name/);
    }
    await rejects([entry([SIX]), entry([SIX])], "conflict", /both be named "a"/);
  });

  it("passes an array's error on and removes the file", async () => {
    const file = path();
    const failing = (function* (): Generator<Uint8Array> {
      yield SIX.subarray(0, 3);
      throw new Error("the disk is gone");
    })();
    await assert.rejects(writeNpz(file, [entry(failing)], never), /the disk is gone/);
    assert.throws(() => readFileSync(file), { code: "ENOENT" });
  });

  it("never writes over a file", async () => {
    const file = folder.file("there.npz", SIX);
    await assert.rejects(writeNpz(file, [entry([SIX])], never), { reason: "conflict" });
    assert.deepEqual(new Uint8Array(readFileSync(file)), SIX);
    await assert.rejects(writeNpz(join(folder.path, "no", "x.npz"), [], never), { reason: "stopped" });
  });

  it("stops when it is aborted, also while an array keeps it waiting", async () => {
    const file = path();
    const abort = new AbortController();
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield SIX.subarray(0, 1);
      setTimeout(() => abort.abort(), 5);
      await new Promise(() => undefined);
    }
    await assert.rejects(writeNpz(file, [entry(endless())], abort.signal), { name: "AbortError" });
    assert.throws(() => readFileSync(file), { code: "ENOENT" });
    await assert.rejects(writeNpz(file, [], abort.signal), { name: "AbortError" });
  });
});
