import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { readTfrecord } from "../../../src/engine/sources/packed/tfrecord";
import { maskedCrc } from "../../../src/engine/sources/packed/tfrecord/records";
import { writeTfrecord } from "../../../src/engine/write/packedTfrecord";
import { takesAtMost } from "../../support/takesAtMost";
import {
  change,
  changed,
  example,
  field,
  imagesIn,
  labelsIn,
  plainMaskedCrc,
  png,
  readsOrRefuses,
  refuses,
  rewritten,
  temporaryFolder,
  tfrecord,
} from "./support";

describe("images in TFRecord files", () => {
  const folder = temporaryFolder();

  it("encoded, with labels that are named by a text when every label has one of its own", async () => {
    const records = ["owl", "cat", "owl"].map((text, index) =>
      example({
        "image/class/label": text === "owl" ? 7 : 3,
        "image/class/text": text,
        "image/encoded": png(index),
        "image/height": 4,
        "image/width": 5,
      }),
    );
    const file = await readTfrecord(folder.file("a.tfrecord", tfrecord(records)));
    assert.deepEqual(labelsIn(file), ["owl", "cat", "owl"]);
    assert.equal(file.images[0]?.key, "image/encoded");
    assert.equal(file.images[0].labelReason, 'labels from the feature "image/class/label"');
    assert.deepEqual(file.notes, ['The feature "image/encoded" of a.tfrecord holds images: 3 records.']);
    await assert.rejects(() => file.read("image/encoded", 2, 2), RangeError);
    await assert.rejects(() => file.read("image", 0, 1), RangeError);
    assert.deepEqual(
      await imagesIn(file),
      [0, 1, 2].map((seed) => ({ kind: "encoded", bytes: png(seed) })),
    );

    // Two classes of ImageNet are called crane.
    const cranes = [134, 517, -1].map((label) => example({ image: png(1), label, label_text: "crane" }));
    const named = await readTfrecord(folder.file("b.tfrecord", tfrecord(cranes)));
    assert.deepEqual(labelsIn(named), ["134", "517", null]);
    named.close();
  });

  it("raw pixels with their size; without one the decoder says what the bytes are", async () => {
    const pixels = Uint8Array.from({ length: 24 }, (_, index) => index * 10);
    const records: Parameters<typeof example>[0][] = [
      { image_raw: pixels, height: 4, width: 6, depth: 1, label: 0 },
      { image_raw: pixels, height: 2, width: 4, depth: 3, label: 1 },
      { image_raw: pixels, height: 3, width: 2, label: 1 },
      { image_raw: pixels, height: 5, width: 5, depth: 1, label: 1 },
      { image_raw: pixels },
      { label: 2 },
    ];
    const file = await readTfrecord(folder.file("raw.tfrecord", tfrecord(records.map(example))));
    assert.deepEqual(labelsIn(file), ["0", "1", "1", "1", null, "2"]);
    const picture = (width: number, height: number, mode: string): unknown => ({
      kind: "pixels",
      picture: { width, height, mode, pixels },
    });
    assert.deepEqual(await imagesIn(file), [
      picture(6, 4, "L"),
      picture(4, 2, "RGB"),
      picture(2, 3, "RGBA"),
      { kind: "fault", reason: "its 24 bytes are neither an image file nor 5 x 5 pixels of 8 bits" },
      { kind: "encoded", bytes: pixels },
      { kind: "fault", reason: 'its record has no bytes in the feature "image_raw"' },
    ]);
  });

  it("one damaged record is one image that cannot be read", async () => {
    const bytes = tfrecord([1, 2, 3].map((seed) => example({ image: png(seed), label: seed })));
    const middle = bytes.indexOf(Buffer.from(png(2)));
    bytes[middle + 50] = (bytes[middle + 50] ?? 0) ^ 1;
    const file = await readTfrecord(folder.file("damaged.tfrecord", bytes));
    const [first, second, third] = await imagesIn(file);
    assert.deepEqual(second, { kind: "fault", reason: "its record does not match its checksum" });
    assert.deepEqual(
      [first, third].map((image) => image?.kind),
      ["encoded", "encoded"],
    );
  });

  it("say what is wrong with what they cannot be read from", async () => {
    const open = (bytes: Uint8Array) => () => readTfrecord(folder.file("x.tfrecord", bytes));
    const whole = tfrecord([example({ image: png(1) }), example({ image: png(2) })]);
    await refuses(open(gzipSync(whole)), "unsupported", /compressed as a whole with gzip.*gzip -dc < x\.tfrecord/);
    await refuses(open(new Uint8Array(0)), "corrupt", /holds no records/);
    await refuses(open(whole.subarray(0, whole.length - 5)), "corrupt", /ends inside its record 2/);
    await refuses(open(whole.subarray(0, 7)), "corrupt", /ends inside its record 1/);
    await refuses(open(Buffer.from("a text that is long enough")), "corrupt", /no TFRecord file/);
    await refuses(open(tfrecord([example({ x: 1, name: "n" })])), "unsupported", /features are x, name\. Choose/);
    await refuses(open(tfrecord([Buffer.from("no message")])), "unsupported", /no tf\.train\.Example/);
    // A length that its checksum confirms, and that the file cannot hold.
    const forged = Buffer.alloc(16);
    forged.writeBigUInt64LE(2n ** 63n);
    forged.writeUInt32LE(plainMaskedCrc(forged.subarray(0, 8)), 8);
    await refuses(open(forged), "corrupt", /ends inside its record 1/);
  });

  it("the checksum is CRC-32C, masked", () => {
    // The published value of CRC-32C for these digits is e3069283.
    const masked = (((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8) >>> 0;
    assert.equal(maskedCrc(Buffer.from("123456789")), masked);
    fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.equal(maskedCrc(bytes), plainMaskedCrc(bytes))));
  });

  it("a hundred thousand records are found in seconds", async () => {
    const record = tfrecord([example({ image: png(1), label: 1 })]);
    const bytes = Buffer.alloc(record.length * 100_000, record);
    const many = folder.file("many.tfrecord", bytes);
    await takesAtMost(30_000, async () => {
      const began = performance.now();
      const file = await readTfrecord(many);
      assert.equal(file.images[0]?.count, 100_000);
      assert.equal(labelsIn(file)[99_999], "1");
      assert.equal((await file.read("image", 99_999, 1))[0]?.kind, "encoded");
      file.close();
      return performance.now() - began;
    });
  });
});

describe("TFRecord files written with the records that stay", () => {
  const folder = temporaryFolder();

  it("are the records of the source, byte for byte", async () => {
    const features = fc.dictionary(
      fc.string({ maxLength: 8 }),
      fc.oneof(fc.uint8Array(), fc.integer(), fc.array(fc.float(), { minLength: 1, maxLength: 3 })),
      { maxKeys: 4 },
    );
    const record = fc.oneof(
      fc.tuple(features, fc.nat(9)).map(([others, seed]) => example({ ...others, image: png(seed) })),
      fc.uint8Array(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(record, fc.boolean()), { minLength: 1, maxLength: 20 }), async (entries) => {
        const source = folder.file("source.tfrecord", tfrecord(entries.map(([data]) => data)));
        const stays = entries.map(([, stay]) => stay);
        const { bytes, advanced } = await rewritten(writeTfrecord, source, stays, folder.free("out.tfrecord"));
        const kept = entries.filter(([, stay]) => stay).map(([data]) => data);
        assert.deepEqual(bytes, tfrecord(kept));
        assert.equal(advanced, kept.length);
      }),
      { numRuns: 100 },
    );
  });

  it("a file that changed is refused, and an abort leaves nothing behind", async () => {
    const source = folder.file("two.tfrecord", tfrecord([example({ image: png(1) }), example({ image: png(2) })]));
    const out = folder.free("none.tfrecord");
    await refuses(() => rewritten(writeTfrecord, source, [true], out), "changed", /has 2 records and had 1/, out);
    const signal = AbortSignal.abort(new Error("stopped"));
    const job = {
      source,
      key: "image",
      stays: new Uint8Array(2).fill(1),
      out,
      isGzip: false,
      signal,
      advance: () => undefined,
    };
    await assert.rejects(() => writeTfrecord(job), /stopped/);
    assert(!existsSync(out));
  });
});

describe("damaged TFRecord files", () => {
  const folder = temporaryFolder();

  it("are read or refused, and nothing else", async () => {
    const records = [0, 1, 2, 3].map((seed) =>
      example({ label: seed, "image/class/text": `c${seed}`, image: png(seed), height: 4, width: 5, score: [0.5] }),
    );
    const found = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.nat(records.length - 1),
        fc.boolean(),
        async (changes, index, isDeep) => {
          // Behind checksums that are right, or with those that are wrong.
          const deep = tfrecord(records.map((data, at) => (at === index ? changed(data, changes) : data)));
          const bytes = isDeep ? deep : changed(tfrecord(records), changes);
          const source = folder.file("fuzz.tfrecord", bytes);
          found[await readsOrRefuses(readTfrecord, writeTfrecord, source, folder.free("fuzz.out"))]++;
        },
      ),
      { numRuns: 400 },
    );
    assert(found.read > 50 && found.refused > 20, JSON.stringify(found));
  });

  it("with messages within messages cost nothing, as only those that are known are looked into", async () => {
    let nested: Buffer = Buffer.from([8, 1]);
    for (let depth = 0; depth < 5000; depth++) nested = field(1, nested);
    const source = folder.file("nested.tfrecord", tfrecord([example({ image: png(1) }), nested]));
    const images = await imagesIn(await readTfrecord(source));
    assert.deepEqual(
      images.map(({ kind }) => kind),
      ["encoded", "fault"],
    );
  });
});
