import assert from "node:assert/strict";
import sharp, { type JpegOptions as SharpOptions, type Sharp } from "sharp";
import { appearanceOf, blockMeans } from "../../../src/core/fingerprint/signature";
import type { Picture } from "../../../src/core/picture";
import { decodeImage } from "../../../src/engine/decode/decode";
import type { JpegView } from "../../../src/engine/decode/jpeg";
import { fingerprintBatch, type Kernels } from "../../../src/engine/kernels/kernels";
import { encodeJpeg, exifOf, withSegment, type JpegOptions } from "../../support/jpeg";
import { both, randomNumbers } from "./support";

type Seen = Extract<JpegView, { kind: "seen" }>;

/** Most that the luma of a pixel changes when its colours are cut off: at Y, Cb and Cr of 0. */
const MAX_CUT = 79;

let kernels: { readonly wasm: Kernels; readonly reference: Kernels };

/** What both implementations say, which must be equal. */
function look(bytes: Uint8Array): JpegView {
  const expected = kernels.reference.jpeg(bytes);
  assert.deepEqual(kernels.wasm.jpeg(bytes), expected);
  return expected;
}

function see(bytes: Uint8Array): Seen {
  const view = look(bytes);
  assert.equal(view.kind, "seen", view.kind === "damaged" ? view.reason : view.kind);
  return view;
}

function reasonOf(bytes: Uint8Array): string {
  const view = look(bytes);
  return view.kind === "damaged" ? view.reason : view.kind;
}

/** 255 where a colour of a pixel is 0 or 255, so that it may have been cut off. */
function cutOf({ mode, pixels, width, height }: Picture): Uint8Array {
  const channels = mode === "L" ? 1 : 3;
  return Uint8Array.from({ length: width * height }, (_, i) =>
    channels === 3 && pixels.subarray(3 * i, 3 * i + 3).some((level) => level === 0 || level === 255) ? 255 : 0,
  );
}

/** Asserts that a file is seen as its pixels are: to the bit, but for blocks in which colours are cut off. */
async function assertSeenAsDecoded(bytes: Uint8Array): Promise<{ readonly isCut: boolean; readonly view: Seen }> {
  const view = see(bytes);
  const picture = await decodeImage(bytes);
  assert.deepEqual([view.width, view.height, view.mode], [picture.width, picture.height, picture.mode]);
  const expected = appearanceOf(picture);
  const cut = cutOf(picture);
  const isCut = cut.includes(255);
  if (!isCut) assert.deepEqual(view.appearance, expected);
  const shares = blockMeans(cut, picture.width, picture.height, 8, 8);
  for (let i = 0; i < 64; i++) {
    const off = Math.abs((view.appearance.signature[i] ?? 0) - (expected.signature[i] ?? 0));
    const most = 1.5 + (MAX_CUT * ((shares[i] ?? 0) + 0.5)) / 255;
    assert.ok(off <= most, `block ${i} is off by ${off}, at most ${most}`);
  }
  return { isCut, view };
}

/** A picture of slopes and noise; `range` 127 goes to both ends, and colours beyond them. */
function paint(width: number, height: number, channels: 1 | 3, range: number, seed: number): Sharp {
  const next = randomNumbers(seed);
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, at) => {
    const x = Math.floor(at / channels) % width;
    const y = Math.floor(at / channels / width);
    const noise = ((next() >> 10) & 63) - 32;
    const level = Math.sin(x / 9 + (at % channels)) * Math.cos(y / 7 - seed) * range + (noise * range) / 127;
    return Math.min(255, Math.max(0, 128 + level));
  });
  const image = sharp(pixels, { raw: { width, height, channels } });
  return channels === 1 ? image.toColourspace("b-w") : image;
}

const SIZES: readonly (readonly [number, number])[] = [
  ...([
    [1, 2],
    [7, 5],
    [8, 8],
    [9, 17],
    [16, 16],
    [33, 31],
    [64, 40],
    [100, 75],
    [255, 3],
    [3, 300],
    [300, 200],
  ] as const),
];

const ENCODINGS: readonly SharpOptions[] = [
  { quality: 90, chromaSubsampling: "4:2:0" },
  { quality: 97, chromaSubsampling: "4:4:4" },
  { quality: 30, chromaSubsampling: "4:2:0", optimiseCoding: false },
  { quality: 80, chromaSubsampling: "4:2:0", progressive: true },
  { quality: 60, chromaSubsampling: "4:4:4", mozjpeg: true },
];

/** Coefficients that look random, few of them not 0, so small that no level is cut off. */
function smallCoefficient(seed: number): JpegOptions["coefficient"] {
  return (component, x, y, k) => {
    let word =
      Math.imul(seed + 1, 0x9e3779b1) ^
      Math.imul(component + 1, 0x85ebca6b) ^
      Math.imul(64 * (x + 99 * y) + k, 0xc2b2ae35);
    word = Math.imul(word ^ (word >>> 15), 0x27d4eb2f);
    word ^= word >>> 13;
    if (k === 0) return (word & 127) - 64;
    return (word & 7) === 0 ? ((word >> 8) & 15) - 8 : 0;
  };
}

const SAMPLINGS: readonly (readonly (readonly [number, number])[])[] = [
  [[1, 1]],
  [[2, 2]],
  [
    [1, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [1, 2],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 2],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 2],
    [2, 1],
    [1, 2],
  ],
  [
    [4, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [4, 2],
    [1, 1],
    [1, 1],
  ],
  [
    [1, 4],
    [1, 2],
    [1, 1],
  ],
];

describe("JPEGs seen from their coefficients", () => {
  before(async () => {
    kernels = await both();
  });

  it("look as their pixels do, whatever their size and encoding", async () => {
    let uncut = 0;
    for (const [index, [width, height]] of SIZES.entries()) {
      for (const [number, encoding] of ENCODINGS.entries()) {
        for (const channels of [1, 3] as const) {
          const image = paint(width, height, channels, number === 1 ? 127 : 45, index);
          const bytes = await image.jpeg(encoding).toBuffer();
          if (look(bytes).kind === "other") {
            // Few pixels may all be alike.
            assert.ok(appearanceOf(await decodeImage(bytes)).contrast.spread < 6);
            continue;
          }
          const { isCut } = await assertSeenAsDecoded(bytes);
          if (!isCut) uncut++;
        }
      }
    }
    assert.ok(uncut > 80, `only ${uncut} pictures have all their colours`);
  });

  it("look as their pixels do, whatever their sampling, scans and restart markers", async () => {
    for (const [index, sampling] of SAMPLINGS.entries()) {
      for (const kind of ["interleaved", "separate", "progressive"] as const) {
        for (const [width, height, restartInterval] of [
          [41, 37, 0],
          [70, 20, 3],
          [16, 90, 1],
        ] as const) {
          const bytes = encodeJpeg({
            width,
            height,
            sampling,
            restartInterval,
            kind,
            coefficient: smallCoefficient(index),
          });
          const { isCut } = await assertSeenAsDecoded(bytes);
          assert.ok(!isCut);
        }
      }
    }
  });

  it("look as their pixels do where several coefficients are read at once, up to the last of a block", async () => {
    for (let seed = 0; seed < 12; seed++) {
      const some = randomNumbers(seed);
      // Each block begins at another of these.
      const dense = Array.from({ length: 64 }, () => (some() % (2 + (seed % 3)) > 0 ? (some() % 7) - 3 : 0));
      const options: JpegOptions = {
        width: 160,
        height: 120,
        sampling: SAMPLINGS[seed % SAMPLINGS.length] ?? [],
        coefficient: (_, x, y, k) => (k === 0 ? 20 * x - 30 * y : (dense[(k + x + 8 * y) % 64] ?? 0)),
      };
      const short = encodeJpeg({ ...options, codes: "short" });
      const long = encodeJpeg({ ...options, codes: "long" });
      assert.ok(short.length < 0.85 * long.length, `${short.length} of ${long.length} bytes`);
      // In small files they are not.
      assert.ok(short.length > 4096, `${short.length} bytes`);
      assert.deepEqual(see(short).content, see(long).content);
      await assertSeenAsDecoded(short);
      for (let cut = short.length - 1; cut > short.length - 200; cut--)
        assert.notEqual(look(short.subarray(0, cut)).kind, "seen");
    }
  });

  it("look as they are turned", async () => {
    for (let orientation = 1; orientation <= 8; orientation++) {
      for (const [width, height] of [
        [50, 30],
        [20, 77],
      ] as const) {
        const upright = await paint(width, height, 3, 45, orientation).jpeg({ quality: 85 }).toBuffer();
        const turned = withSegment(upright, 0xe1, exifOf(orientation));
        const { view } = await assertSeenAsDecoded(turned);
        assert.equal(view.width, orientation > 4 ? height : width);
        const { content } = see(upright);
        if (orientation === 1) assert.deepEqual(view.content, content);
        else assert.notDeepEqual(view.content, content);
      }
    }
    const jpeg = await paint(20, 20, 1, 45, 1).jpeg().toBuffer();
    for (const exif of [exifOf(0), exifOf(9), exifOf(6).slice(0, 20), [...exifOf(6).slice(0, 8), 0, 0, 0, 0]]) {
      assert.equal(look(withSegment(jpeg, 0xe1, exif)).kind, "other");
    }
    assert.equal(look(withSegment(withSegment(jpeg, 0xe1, exifOf(6)), 0xe1, exifOf(6))).kind, "other");
  });

  it("have the content of their coefficients, however those are written", () => {
    const coefficient = smallCoefficient(5);
    const options = {
      width: 60,
      height: 45,
      sampling: SAMPLINGS[5] ?? [],
      coefficient,
      step: (k: number) => 1 + (k & 3),
    };
    const { content } = see(encodeJpeg(options));
    for (const kind of ["separate", "progressive"] as const) {
      assert.deepEqual(see(encodeJpeg({ ...options, kind })).content, content);
      assert.deepEqual(see(encodeJpeg({ ...options, kind, restartInterval: 2 })).content, content);
    }
    const comment = withSegment(encodeJpeg(options), 0xfe, [1, 2, 3]);
    assert.deepEqual(see(comment).content, content);
    // The same numbers after multiplication.
    const halved = { ...options, step: () => 2, coefficient: smallCoefficient(6) };
    const doubled: JpegOptions = { ...options, step: () => 1, coefficient: (...at) => 2 * halved.coefficient(...at) };
    assert.deepEqual(see(encodeJpeg(halved)).content, see(encodeJpeg(doubled)).content);

    for (const [component, x, y, k] of [
      [0, 0, 0, 0],
      [0, 7, 5, 63],
      [1, 3, 2, 1],
      [2, 0, 1, 40],
    ] as const) {
      const changed: JpegOptions["coefficient"] = (...at) =>
        coefficient(...at) + (at.join() === [component, x, y, k].join() ? 1 : 0);
      assert.notDeepEqual(see(encodeJpeg({ ...options, coefficient: changed })).content, content);
    }
    const swapped: JpegOptions["coefficient"] = (component, x, y, k) => coefficient(component, x ^ 1, y, k);
    assert.notDeepEqual(see(encodeJpeg({ ...options, width: 64, coefficient: swapped })).content, content);
    for (const other of [{ width: 59 }, { height: 44 }, { step: () => 1 }, { sampling: SAMPLINGS[2] ?? [] }]) {
      assert.notDeepEqual(see(encodeJpeg({ ...options, ...other })).content, content);
    }
  });

  it("are cut off at every byte", async () => {
    for (const options of [{ quality: 80 }, { quality: 80, progressive: true }]) {
      const whole = await paint(19, 13, 3, 45, 3).jpeg(options).toBuffer();
      see(whole);
      for (let size = 4; size < whole.length - 2; size++) {
        assert.equal(reasonOf(whole.subarray(0, size)), `JPEG is cut off after ${size} bytes`);
      }
      for (const size of [0, 1, 2, 3]) assert.equal(reasonOf(whole.subarray(0, size)), "other");
      // All pixels are there, but for their end.
      const almost = options.progressive === true ? `JPEG is cut off after ${whole.length - 2} bytes` : "other";
      assert.equal(reasonOf(whole.subarray(0, -2)), almost);
    }
  });

  it("say where they are damaged", async () => {
    const options = { width: 64, height: 64, sampling: SAMPLINGS[2] ?? [], coefficient: smallCoefficient(1) };
    const whole = encodeJpeg({ ...options, restartInterval: 5 });
    const at = (marker: number): number => whole.findIndex((byte, i) => byte === 0xff && whole[i + 1] === marker);
    const wrong = whole.slice();
    wrong[at(0xd1) + 1] = 0xd4;
    assert.equal(reasonOf(wrong), `JPEG is damaged: wrong restart marker at byte ${at(0xd1)}`);
    const early = Uint8Array.of(...whole.subarray(0, at(0xd1) - 30), ...whole.subarray(at(0xd1)));
    assert.match(reasonOf(early), /^JPEG is damaged: its compressed data ends too early, at byte \d+$/);
    // The codes of this table use up 12 of 16: four ones are none, but only those of a progressive file are always noticed.
    const ones = encodeJpeg({ ...options, kind: "progressive" });
    const scan = ones.findIndex((byte, index) => byte === 0xff && ones[index + 1] === 0xda) + 14;
    ones[scan + 9] = 0xfe;
    assert.match(reasonOf(ones), /^JPEG is damaged: invalid Huffman code at byte \d+$/);
    for (const bytes of [wrong, early, ones]) await assert.rejects(decodeImage(bytes));
  });

  it("equal the reference and are no worse than the library when they are damaged", async () => {
    const next = randomNumbers(11);
    const below = (limit: number): number => (next() >> 8) % limit;
    const files: Uint8Array[] = [];
    for (const [i, encoding] of ENCODINGS.entries())
      files.push(
        await paint(24, 18, i % 2 ? 1 : 3, 60, i)
          .jpeg(encoding)
          .toBuffer(),
      );
    for (const kind of ["separate", "progressive"] as const) {
      files.push(
        encodeJpeg({
          width: 33,
          height: 9,
          sampling: SAMPLINGS[6] ?? [],
          restartInterval: 2,
          kind,
          coefficient: smallCoefficient(2),
        }),
      );
    }
    const counts = { seen: 0, damaged: 0, other: 0 };
    for (let i = 0; i < 3000; i++) {
      const bytes = Uint8Array.from(files[below(files.length)] ?? []);
      for (let changes = 1 + below(2); changes > 0; changes--) {
        const from = below(3) === 0 ? 2 : bytes.length >> 1;
        const at = from + below(bytes.length - from);
        bytes[at] = below(3) === 0 ? 0xff : (bytes[at] ?? 0) ^ (1 << below(8));
      }
      const view = look(bytes);
      counts[view.kind]++;
      if (view.kind === "seen" && i % 10 === 0) await assertSeenAsDecoded(bytes);
    }
    for (const count of Object.values(counts)) assert.ok(count > 100, JSON.stringify(counts));
  });

  it("leave to the library what they do not cover", async () => {
    const image = paint(20, 20, 3, 45, 1);
    const plain = await image.jpeg().toBuffer();
    const frame = plain.findIndex((byte, i) => byte === 0xff && plain[i + 1] === 0xc0);
    const changed = (at: number, value: number): Uint8Array => {
      const bytes = Uint8Array.from(plain);
      bytes[at] = value;
      return bytes;
    };
    const cases: Record<string, Uint8Array> = {
      "no bytes": new Uint8Array(),
      "a PNG": await image.png().toBuffer(),
      CMYK: await image.toColourspace("cmyk").jpeg().toBuffer(),
      "one level": await sharp({ create: { width: 9, height: 9, channels: 3, background: "#345" } })
        .jpeg()
        .toBuffer(),
      "arithmetic coding": changed(frame + 1, 0xc9),
      "12 bits": changed(frame + 4, 12),
      "no rows": changed(frame + 6, 0),
      "another revision of JFIF": withSegment(plain, 0xe0, [...Buffer.from("JFIF\0"), 2, 1, 0, 0, 1, 0, 1, 0, 0]),
    };
    for (const [name, bytes] of Object.entries(cases)) assert.equal(look(bytes).kind, "other", name);
    // What Adobe calls RGB, or names nothing, without JFIF.
    const adobe = (transform: number): number[] => [...Buffer.from("Adobe"), 0, 100, 0, 0, 0, 0, transform];
    assert.deepEqual(
      [0, 1, 2].map((transform) => look(withSegment(plain, 0xee, adobe(transform))).kind),
      ["other", "seen", "other"],
    );
  });

  it("cost nothing where a few bytes claim many pixels", () => {
    const options = { width: 24, height: 16, sampling: SAMPLINGS[5] ?? [], coefficient: smallCoefficient(3) };
    for (const [kind, side, said] of [
      ["interleaved", 16000, "JPEG is damaged"],
      ["separate", 16000, "JPEG is damaged"],
      ["interleaved", 65500, "other"],
      ["progressive", 16000, "other"],
      ["progressive", 65500, "other"],
    ] as const) {
      const bytes = encodeJpeg({ ...options, kind });
      const frame = bytes.findIndex((byte, i) => byte === 0xff && (bytes[i + 1] === 0xc0 || bytes[i + 1] === 0xc2));
      bytes.set([side >> 8, side & 255, side >> 8, side & 255], frame + 5);
      const started = performance.now();
      assert.ok(reasonOf(bytes).startsWith(said), `${kind} ${side}: ${reasonOf(bytes)}`);
      assert.ok(performance.now() - started < 1000);
    }
  });

  it("are read where they are while a batch is under way, and after it ran", async () => {
    const jpegs = await Promise.all(
      [1, 2, 3].map((seed) =>
        paint(90, 60, 3, 45, seed)
          .jpeg({ progressive: seed > 1 })
          .toBuffer(),
      ),
    );
    const views = jpegs.map((bytes) => kernels.reference.jpeg(bytes));
    const { wasm } = kernels;
    for (const [i, bytes] of jpegs.entries()) {
      const room = wasm.room(bytes.length);
      room.set(bytes);
      assert.deepEqual(wasm.jpeg(room), views[i]);
      wasm.add(bytes.length);
      assert.deepEqual(wasm.jpeg(bytes), views[i]);
    }
    const { fileDigests } = wasm.run();
    const digests = fileDigests.slice();
    for (const i of jpegs.keys()) assert.deepEqual(wasm.jpeg(wasm.bytesOf(i)), views[i]);
    for (const [i, bytes] of jpegs.entries()) assert.deepEqual(Buffer.from(wasm.bytesOf(i)), Buffer.from(bytes));
    assert.deepEqual(fingerprintBatch(wasm, jpegs).fileDigests.slice(), digests);
  });
});
