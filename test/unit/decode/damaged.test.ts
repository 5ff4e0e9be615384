import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import sharp, { type Sharp } from "sharp";
import { decodeImage } from "../../../src/engine/decode/decode";
import { UnreadableImage } from "../../../src/engine/decode/unreadable";
import { randomNumbers } from "../kernels/support";

const width = 40;
const height = 30;

/** A picture with a slope and some noise. */
function source(): Sharp {
  const next = randomNumbers(5);
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i % 120) + ((next() >> 8) & 31));
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** One file of every format and compression that is left to the library. */
async function wholeFiles(): Promise<Record<string, Buffer>> {
  return {
    "JPEG, baseline": await source().jpeg().toBuffer(),
    "JPEG, progressive": await source().jpeg({ progressive: true }).toBuffer(),
    "JPEG, CMYK": await source().toColourspace("cmyk").jpeg().toBuffer(),
    "TIFF, plain": await source().tiff({ compression: "none" }).toBuffer(),
    "TIFF, LZW": await source().tiff({ compression: "lzw" }).toBuffer(),
    "TIFF, Deflate": await source().tiff({ compression: "deflate" }).toBuffer(),
    "TIFF, JPEG": await source().tiff({ compression: "jpeg" }).toBuffer(),
    "TIFF, tiles": await source().tiff({ compression: "lzw", tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
    "TIFF, big": await source().tiff({ compression: "lzw", bigtiff: true, tile: true }).toBuffer(),
    "WebP, lossy": await source().webp().toBuffer(),
    "WebP, lossless": await source().webp({ lossless: true }).toBuffer(),
    GIF: await source().gif().toBuffer(),
    AVIF: await source().avif({ effort: 0 }).toBuffer(),
    PNG: await source().png({ progressive: true }).toBuffer(),
    SVG: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>`),
  };
}

/** The file cut off at several places, and with a few bytes changed. */
function damage(whole: Buffer, seed: number): Buffer[] {
  const next = randomNumbers(seed);
  const cuts = [0.2, 0.5, 0.8, 0.97].map((part) => whole.subarray(0, 12 + Math.floor((whole.length - 12) * part)));
  const changed = Array.from({ length: 6 }, () => {
    const bytes = Buffer.from(whole);
    for (let i = 0; i < 2; i++) bytes[12 + ((next() >> 8) % (bytes.length - 12))] = next() >> 8;
    return bytes;
  });
  return [...cuts, ...changed];
}

/** The reason, or what was decoded. */
async function answerTo(bytes: Uint8Array): Promise<string> {
  try {
    const { width: w, height: h, mode, pixels } = await decodeImage(bytes);
    return `${String(w)}×${String(h)} ${mode} ${createHash("sha1").update(pixels).digest("hex")}`;
  } catch (error) {
    assert.ok(error instanceof UnreadableImage, String(error));
    return error.message;
  }
}

describe("damaged files", () => {
  it("get the same verdict and reason whatever is decoded at the same time", async () => {
    const whole = await wholeFiles();
    const files = Object.values(whole).flatMap((bytes, i) => damage(bytes, i + 1));
    const alone: string[] = [];
    for (const bytes of files) alone.push(await answerTo(bytes));
    const refused = alone.filter((answer) => !answer.includes("×"));
    assert.ok(refused.length > files.length / 2, `${String(refused.length)} of ${String(files.length)}`);
    // Messages of the library would mix: it decodes four files at once.
    for (let run = 0; run < 5; run++) {
      const order = files.map((_, i) => (i * 37 + run * 11) % files.length);
      const together = await Promise.all(order.map((i) => answerTo(files[i] ?? Buffer.alloc(0))));
      for (const [at, i] of order.entries()) assert.equal(together[at], alone[i]);
    }
  });

  it("are refused when they are cut off, with a reason that says so", async () => {
    for (const [name, bytes] of Object.entries(await wholeFiles())) {
      if (name === "SVG") continue;
      for (const part of [0.3, 0.6, 0.9]) {
        const cut = 12 + Math.floor((bytes.length - 12) * part);
        const answer = await answerTo(bytes.subarray(0, cut));
        assert.match(answer, new RegExp(`^[A-Za-z]+ is cut off after ${String(cut)} `), name);
      }
    }
  });

  it("are refused where the library would fill up what is missing", async () => {
    const gif = await source().gif({ colours: 4 }).toBuffer();
    // The last bytes of the indices: an end code far too early.
    const table = 13 + 3 * 4;
    const image = gif.indexOf(0x2c, table);
    const early = Buffer.concat([gif.subarray(0, image + 10), Buffer.from([2, 2, 0x4c, 0x01, 0, 0x3b])]);
    assert.equal(await answerTo(early), "GIF is damaged: its first frame holds fewer pixels than it declares");

    for (const bigtiff of [false, true]) {
      const tiles = await source().tiff({ compression: "lzw", tile: true, tileWidth: 16, bigtiff }).toBuffer();
      const bad = Buffer.from(tiles).fill(0xff, 40, 60);
      assert.equal(await answerTo(bad), "TIFF is damaged: its compressed pixels are not valid");
    }
  });

  it("do not include tiled TIFFs with private tags", async () => {
    for (const bigtiff of [false, true]) {
      const tiles = await source().tiff({ compression: "lzw", tile: true, tileWidth: 16, bigtiff }).toBuffer();
      const other = Buffer.from(tiles);
      const [directory, count, entry] = bigtiff ? [other.readUInt32LE(8), 8, 20] : [other.readUInt32LE(4), 2, 12];
      other.writeUInt16LE(60000, directory + count + (other.readUInt16LE(directory) - 1) * entry);
      assert.equal(await answerTo(other), await answerTo(tiles));
      assert.match(await answerTo(other), /^40×30 RGB/);
    }
  });

  it("do not include JPEGs with oddities that do no harm", async () => {
    const whole = await source().jpeg().toBuffer();
    const expected = await answerTo(whole);
    const frame = whole.indexOf(Buffer.from([0xff, 0xc0]));
    const strange = Buffer.concat([whole.subarray(0, frame), Buffer.from([1, 2, 3]), whole.subarray(frame)]);
    assert.equal(await answerTo(strange), expected);
    const header = Buffer.from("JFIF\0\x09\x09\0\0\x01\0\x01\0\0", "latin1");
    const jfif = Buffer.concat([whole.subarray(0, 2), Buffer.from([0xff, 0xe0, 0, 16]), header, whole.subarray(2)]);
    assert.equal(await answerTo(jfif), expected);
    const adobe = Buffer.concat([
      whole.subarray(0, 2),
      Buffer.from([0xff, 0xee, 0, 14]),
      Buffer.from("Adobe\0\x64\0\0\0\0\x07", "latin1"),
      whole.subarray(2),
    ]);
    assert.equal(await answerTo(adobe), expected);
  });

  it("do not include JPEGs of video cameras: without tables, and with bytes to spare before restart markers", async () => {
    const grey = (rows: number, ...data: readonly number[]): Buffer =>
      Buffer.concat([
        Buffer.from([0xff, 0xd8, 0xff, 0xdb, 0, 67, 0, ...new Uint8Array(64).fill(1)]),
        Buffer.from([0xff, 0xc0, 0, 11, 8, 0, rows, 0, 16, 1, 1, 0x11, 0, 0xff, 0xdd, 0, 4, 0, 1]),
        Buffer.from([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, ...data, 0xff, 0xd9]),
      ]);
    // Of each block the codes for no difference and no further coefficients: 00 1010, filled up with ones.
    const expected = await answerTo(grey(8, 0x2b, 0xff, 0xd0, 0x2b));
    assert.match(expected, /^16×8 L/);
    assert.equal(await answerTo(grey(8, 0x2b, 1, 2, 3, 0xff, 0xd0, 0x2b)), expected);
    assert.equal(await answerTo(grey(8, 0x2b, 1, 0xff, 0, 0xff, 0xd0, 0x2b, 9)), expected);
    // Not in the last row of blocks, where the library does not look.
    const last = [0xff, 0xd1, 0x2b, 0xff, 0xd2, 0x2b];
    const reason = "JPEG is damaged: its compressed pixels are not valid";
    assert.equal(await answerTo(grey(16, 0x2b, 1, 2, 3, 0xff, 0xd3, 0x2b, ...last)), reason);
    assert.equal(await answerTo(grey(16, 0xff, 0xd0, 0x2b, 1, ...last)), reason);
  });

  it("say which kind of JPEG is not supported", async () => {
    const whole = await source().jpeg().toBuffer();
    const frame = whole.indexOf(Buffer.from([0xff, 0xc0]));
    const changed = (at: number, ...values: readonly number[]): Buffer => {
      const bytes = Buffer.from(whole);
      bytes.set(values, frame + at);
      return bytes;
    };
    assert.equal(await answerTo(changed(1, 0xc3)), "JPEG: lossless compression is not supported");
    assert.equal(await answerTo(changed(4, 9)), "JPEG of 9 bits a sample is not supported");
    assert.equal(await answerTo(changed(5, 0, 0)), "JPEG is damaged: it declares no pixels");
    const scan = whole.indexOf(Buffer.from([0xff, 0xda]));
    const without = Buffer.concat([whole.subarray(0, scan), Buffer.from([0xff, 0xd9])]);
    assert.equal(await answerTo(without), "JPEG is damaged: it holds no pixels");
    const twice = Buffer.concat([whole.subarray(0, scan), whole.subarray(frame)]);
    assert.equal(await answerTo(twice), "JPEG is damaged: it has two frame headers");
  });
});
