import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import type { Picture } from "../../../src/core/picture";
import { decodeImage, tryDecodeFast } from "../../../src/engine/decode/decode";
import { isImageFileName, sniffFormat } from "../../../src/engine/decode/formats";
import { UnreadableImage } from "../../../src/engine/decode/unreadable";
import { encodeChunk, encodePng, headerData, PNG_SIGNATURE } from "../../support/png";

const width = 21;
const height = 13;
const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 5 + ((i * i) >> 6)) & 255);
const raw = { width, height, channels: 3 } as const;
const source = () => sharp(rgb, { raw });

/** The reason why bytes are unreadable. */
async function reasonFor(bytes: Uint8Array, limits?: { pixels: number }): Promise<string> {
  try {
    await decodeImage(bytes, limits === undefined ? {} : { limits });
  } catch (error) {
    assert.ok(error instanceof UnreadableImage, String(error));
    return error.message;
  }
  return assert.fail("decoded");
}

function summary({ width: w, height: h, mode, pixels }: Picture): string {
  return `${String(w)}×${String(h)} ${mode} ${Buffer.from(pixels).toString("hex")}`;
}

function text(value: string): Uint8Array {
  return Buffer.from(value, "latin1");
}

describe("decoding images", () => {
  it("decodes lossless formats to the same pixels", async () => {
    const files = {
      png: await source().png().toBuffer(),
      "interlaced png": await source().png({ progressive: true }).toBuffer(),
      webp: await source().webp({ lossless: true }).toBuffer(),
      tiff: await source().tiff({ compression: "lzw" }).toBuffer(),
      ppm: Buffer.concat([text(`P6 ${String(width)} ${String(height)} 255\n`), rgb]),
    };
    for (const [name, bytes] of Object.entries(files)) {
      assert.equal(summary(await decodeImage(bytes)), summary({ width, height, mode: "RGB", pixels: rgb }), name);
    }
  });

  it("decodes lossy formats to similar pixels", async () => {
    const files = {
      jpeg: await source().jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer(),
      gif: await source().gif().toBuffer(),
      avif: await source().avif({ quality: 100, effort: 0, chromaSubsampling: "4:4:4" }).toBuffer(),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const picture = await decodeImage(bytes);
      assert.deepEqual([picture.width, picture.height], [width, height], name);
      const channels = picture.pixels.length / (width * height);
      assert.equal(picture.mode, channels === 4 ? "RGBA" : "RGB");
      let sum = 0;
      for (let i = 0; i < rgb.length; i++) {
        sum += Math.abs((rgb[i] ?? 0) - (picture.pixels[Math.floor(i / 3) * channels + (i % 3)] ?? 0));
      }
      assert.ok(sum / rgb.length < 16, `${name}: ${String(sum / rgb.length)}`);
    }
  });

  it("keeps grey, alpha and 16 bits", async () => {
    const modes: Record<string, [Buffer, Uint8Array]> = {};
    const add = (mode: string, bytes: Buffer, pixels: Uint8Array) => (modes[mode] = [bytes, pixels]);
    const bytes8 = rgb.subarray(0, 4 * 6 * 4);
    const little = (values: Uint8Array) => Buffer.from(values).swap16();
    for (const [mode, colourType, channels] of [
      ["L", 0, 1],
      ["LA", 4, 2],
      ["RGB", 2, 3],
      ["RGBA", 6, 4],
    ] as const) {
      const rows = bytes8.subarray(0, 24 * channels);
      const options = { width: 6, height: 4, colourType };
      add(mode, encodePng({ ...options, rows }), rows);
      const wide = rgb.subarray(0, 48 * channels);
      add(`${mode}16`, encodePng({ ...options, depth: 16, rows: wide }), little(wide));
      // Interlaced files do not take the fast path.
      const interlaced = await sharp(rows, { raw: { width: 6, height: 4, channels } })
        .toColourspace(channels < 3 ? "b-w" : "srgb")
        .png({ progressive: true })
        .toBuffer();
      assert.equal(
        summary(await decodeImage(interlaced)),
        summary({ width: 6, height: 4, mode, pixels: rows }),
        `interlaced ${mode}`,
      );
    }
    for (const [mode, [bytes, pixels]] of Object.entries(modes)) {
      const picture = await decodeImage(bytes);
      assert.equal(picture.mode, mode);
      assert.ok(Buffer.from(picture.pixels).equals(pixels), mode);
    }
  });

  it("spreads bits and palettes", async () => {
    const bits = encodePng({ width: 4, height: 1, depth: 1, rows: Uint8Array.of(0b0110_0000) });
    assert.deepEqual(await decodeImage(bits), {
      width: 4,
      height: 1,
      mode: "L",
      pixels: Uint8Array.of(0, 255, 255, 0),
    });
    const before = [{ type: "PLTE", data: Uint8Array.of(1, 2, 3, 200, 100, 50) }];
    const palette = { width: 3, height: 1, colourType: 3, depth: 2, rows: Uint8Array.of(0b0001_0000) } as const;
    const opaque = await decodeImage(encodePng({ ...palette, before }));
    assert.deepEqual([opaque.mode, ...opaque.pixels], ["RGB", 1, 2, 3, 200, 100, 50, 1, 2, 3]);
    const clear = await decodeImage(
      encodePng({ ...palette, before: [...before, { type: "tRNS", data: Uint8Array.of(9) }] }),
    );
    assert.deepEqual([clear.mode, ...clear.pixels], ["RGBA", 1, 2, 3, 9, 200, 100, 50, 255, 1, 2, 3, 9]);
  });

  it("takes no notice of profiles and gamma", async () => {
    const profiled = await source().withIccProfile("p3").png().toBuffer();
    const plain = await sharp(profiled, { ignoreIcc: true }).raw().toBuffer();
    assert.ok(Buffer.from((await decodeImage(profiled)).pixels).equals(plain));
    const gamma = [{ type: "gAMA", data: Uint8Array.of(0, 0, 1, 0) }];
    const options = { width, height, colourType: 2, rows: rgb } as const;
    assert.deepEqual((await decodeImage(encodePng({ ...options, before: gamma }))).pixels, rgb);
  });

  it("turns pictures as EXIF says", async () => {
    // The top left corner is marked; where it comes to lie for orientations 1 to 8.
    const corner = ["top left", "top right", "bottom right", "bottom left"];
    const expected = [0, 1, 2, 3, 0, 1, 2, 3].map((index) => corner[index]);
    const marked = new Uint8Array(16 * 8);
    for (let y = 0; y < 4; y++) marked.fill(255, y * 16, y * 16 + 8);
    const found: (string | undefined)[] = [];
    for (let orientation = 1; orientation <= 8; orientation++) {
      const image = sharp(marked, { raw: { width: 16, height: 8, channels: 1 } }).withMetadata({ orientation });
      for (const bytes of [await image.clone().jpeg().toBuffer(), await image.clone().png().toBuffer()]) {
        const picture = await decodeImage(bytes);
        const turned = orientation > 4;
        assert.deepEqual([picture.width, picture.height], turned ? [8, 16] : [16, 8]);
        const channels = picture.pixels.length / (16 * 8);
        const at = (x: number, y: number) => (picture.pixels[(y * picture.width + x) * channels] ?? 0) > 128;
        const [right, bottom] = [picture.width - 1, picture.height - 1];
        found.push(corner[[at(0, 0), at(right, 0), at(right, bottom), at(0, bottom)].indexOf(true)]);
      }
    }
    assert.deepEqual(
      found,
      expected.flatMap((where) => [where, where]),
    );
  });

  it("takes the first frame of an animation", async () => {
    const frames = Buffer.alloc(8 * 24 * 3);
    frames.fill(10, 0, 8 * 8 * 3);
    frames.fill(120, 8 * 8 * 3, 8 * 16 * 3);
    frames.fill(250, 8 * 16 * 3);
    const image = sharp(frames, { raw: { width: 8, height: 24, channels: 3, pageHeight: 8 } });
    for (const bytes of [
      await image
        .clone()
        .gif({ delay: [10, 10, 10] })
        .toBuffer(),
      await image
        .clone()
        .webp({ lossless: true, delay: [10, 10, 10] })
        .toBuffer(),
      await image.clone().tiff().toBuffer(),
    ]) {
      const picture = await decodeImage(bytes);
      assert.deepEqual([picture.width, picture.height, picture.pixels[0]], [8, 8, 10]);
    }
  });

  it("multiplies CMYK out", async () => {
    const inks = Buffer.from([0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 0, 255, 128]);
    const cmyk = tiff(4, 1, 4, 5, inks);
    assert.deepEqual(await decodeImage(cmyk), {
      width: 4,
      height: 1,
      mode: "RGB",
      pixels: Uint8Array.of(255, 255, 255, 0, 0, 0, 0, 255, 255, 127, 127, 0),
    });
  });

  it("keeps the numbers of a one-channel TIFF, and refuses channels it has no name for", async () => {
    const floats = Float32Array.of(-1.5, 0, 0.25, 1e6);
    const picture = await decodeImage(tiff(4, 1, 1, 1, Buffer.from(floats.buffer), 32, 3));
    assert.equal(picture.mode, "F32");
    assert.deepEqual(new Float32Array(picture.pixels.buffer), floats);
    assert.equal(await reasonFor(tiff(2, 1, 5, 1, Buffer.alloc(10))), "TIFF with 5 channels (b-w) is not supported");
    assert.equal(
      await reasonFor(tiff(2, 1, 3, 6, Buffer.alloc(6))),
      "TIFF in YCbCr without JPEG compression is not supported",
    );
  });

  it("paints SVG at its natural size", async () => {
    const svg = `<?xml version="1.0"?>\n<!-- a --><svg xmlns="http://www.w3.org/2000/svg" width="5" height="3"><rect width="5" height="3" fill="#f00"/></svg>`;
    const picture = await decodeImage(text(svg));
    assert.deepEqual([picture.width, picture.height, picture.mode], [5, 3, "RGBA"]);
    assert.deepEqual([...picture.pixels.subarray(0, 4)], [255, 0, 0, 255]);
  });

  it("decodes plain files without waiting", async () => {
    const png = encodePng({ width: 2, height: 1, rows: Uint8Array.of(1, 2) });
    assert.deepEqual(tryDecodeFast(png)?.pixels, Uint8Array.of(1, 2));
    assert.equal(tryDecodeFast(text("P5 2 1 255\n\x01\x02"))?.mode, "L");
    assert.equal(tryDecodeFast(text("P5 2 1 255\n\x01")), undefined);
    assert.equal(tryDecodeFast(await source().jpeg().toBuffer()), undefined);
    assert.equal(tryDecodeFast(new Uint8Array(0)), undefined);
  });

  it("says what unreadable bytes are", async () => {
    assert.equal(await reasonFor(new Uint8Array(0)), "empty file (0 bytes)");
    assert.equal(await reasonFor(text("hello, world")), "not an image: starts with text");
    assert.equal(await reasonFor(text("<!DOCTYPE html><html>")), "not an image: a web page (HTML)");
    assert.equal(await reasonFor(new Uint8Array(1000)), "not an image: starts with zero bytes only");
    assert.equal(await reasonFor(text("PK\x03\x04abcdefgh")), "not an image: a ZIP archive");
    assert.equal(await reasonFor(Uint8Array.of(1, 2, 3)), "not an image: only 3 bytes");
    assert.equal(await reasonFor(Buffer.alloc(64, 0xa5)), "not an image of a known format");
    assert.match(await reasonFor(text("version https://git-lfs.github.com/spec/v1\noid sha256:0")), /Git LFS pointer/);
  });

  it("refuses files that are cut off anywhere, or decodes them whole", async () => {
    const files = {
      PNG: await source().png({ progressive: true }).toBuffer(),
      JPEG: await source().jpeg().toBuffer(),
      WebP: await source().webp().toBuffer(),
      GIF: await source().gif().toBuffer(),
      TIFF: await source().tiff({ compression: "none" }).toBuffer(),
      "TIFF with its palette last": paletteLast(),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const whole = summary(await decodeImage(bytes));
      for (let cut = 12; cut < bytes.length; cut += Math.ceil(bytes.length / 24)) {
        const reason = await decodeImage(bytes.subarray(0, cut)).then(
          (picture) => assert.equal(summary(picture), whole),
          (error: unknown) => {
            assert.ok(error instanceof UnreadableImage, String(error));
            return error.message;
          },
        );
        if (reason !== undefined) assert.match(reason, new RegExp(`^(?:${name.slice(0, 4).trim()} is |not an image)`));
      }
    }
    const png = files.PNG;
    assert.match(await reasonFor(png.subarray(0, 100)), /^PNG is cut off after 100 of at least \d+ bytes$/);
    assert.match(await reasonFor(files.WebP.subarray(0, 90)), /^WebP is cut off after 90 of \d+ bytes$/);
    assert.equal(await reasonFor(files.JPEG.subarray(0, 500)), "JPEG is cut off after 500 bytes");
  });

  it("names the damaged part of a PNG", async () => {
    const options = { width: 4, height: 4, rows: rgb.subarray(0, 16) };
    assert.equal(await reasonFor(encodePng({ ...options, wrongChecksumOf: "IDAT" })), "PNG: checksum of IDAT is wrong");
    assert.equal(await reasonFor(encodePng({ ...options, wrongChecksumOf: "IHDR" })), "PNG: checksum of IHDR is wrong");
    const short = encodePng({ ...options, height: 5 });
    assert.equal(await reasonFor(short), "PNG is damaged: its compressed pixels are not valid");
  });

  it("refuses bombs by their declared size", async () => {
    const bomb = Buffer.concat([
      PNG_SIGNATURE,
      encodeChunk({ type: "IHDR", data: headerData(60000, 60000, 8, 0) }),
      encodeChunk({ type: "IDAT", data: deflateSync(Buffer.alloc(1 << 20)) }),
      encodeChunk({ type: "IEND", data: new Uint8Array(0) }),
    ]);
    const before = process.memoryUsage.rss();
    assert.equal(
      await reasonFor(bomb),
      "PNG is too large: it declares 60000 × 60000 pixels, at most 268,435,456 are read",
    );
    assert.match(await reasonFor(text("P6 60000 60000 255\n")), /^PNM is too large/);
    assert.match(
      await reasonFor(text(`<svg width="30000" height="30000"/>`)),
      /^SVG is too large: it declares 30000 × 30000/,
    );
    assert.ok(process.memoryUsage.rss() - before < 2 ** 27);
    const small = encodePng({ width: 4, height: 4, rows: rgb.subarray(0, 16) });
    assert.match(await reasonFor(small, { pixels: 15 }), /at most 15 are read$/);
  });
});

/** A TIFF of 4 × 1 pixels whose palette is at the end of the file. */
function paletteLast(): Buffer {
  const palette = Buffer.alloc(3 * 256 * 2);
  for (let i = 0; i < palette.length; i++) palette[i] = (i * 7) & 255;
  const bytes = Buffer.concat([tiff(4, 1, 1, 3, Buffer.from([1, 5, 100, 200])), palette]);
  // The sample format of integers is the default: its entry is the last one and gives way.
  const entry = bytes.length - palette.length - 4 - 12;
  bytes.writeUInt16LE(320, entry);
  bytes.writeUInt32LE(3 * 256, entry + 4);
  bytes.writeUInt32LE(bytes.length - palette.length, entry + 8);
  return bytes;
}

/** An uncompressed little-endian TIFF of one strip. */
function tiff(w: number, h: number, channels: number, photometric: number, data: Buffer, bits = 8, kind = 1): Buffer {
  const depths = Buffer.alloc(channels * 2);
  for (let i = 0; i < channels; i++) depths.writeUInt16LE(bits, i * 2);
  const entries: [number, number, number, number][] = [
    [256, 4, 1, w],
    [257, 4, 1, h],
    [258, 3, channels, channels > 2 ? 8 + data.length : bits],
    [259, 3, 1, 1],
    [262, 3, 1, photometric],
    [273, 4, 1, 8],
    [277, 3, 1, channels],
    [278, 4, 1, h],
    [279, 4, 1, data.length],
    [339, 3, 1, kind],
  ];
  const directory = Buffer.alloc(2 + entries.length * 12 + 4);
  directory.writeUInt16LE(entries.length, 0);
  for (const [i, [tag, type, count, value]] of entries.entries()) {
    directory.writeUInt16LE(tag, 2 + i * 12);
    directory.writeUInt16LE(type, 4 + i * 12);
    directory.writeUInt32LE(count, 6 + i * 12);
    directory.writeUInt32LE(value, 10 + i * 12);
  }
  const header = Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(8 + data.length + depths.length, 4);
  return Buffer.concat([header, data, depths, directory]);
}

describe("recognising images", () => {
  it("goes by the content", async () => {
    assert.equal(sniffFormat(await source().jpeg().toBuffer()), "jpeg");
    assert.equal(sniffFormat(await source().avif().toBuffer()), "heif");
    assert.equal(sniffFormat(text("BM is how this text starts")), undefined);
    assert.equal(sniffFormat(text("\xef\xbb\xbf<!DOCTYPE svg>\n<svg/>")), "svg");
    assert.equal(sniffFormat(text("<html><svg/></html>")), undefined);
    assert.equal(sniffFormat(new Uint8Array(0)), undefined);
  });

  it("knows the names of image files", () => {
    for (const name of ["a.png", "b.JPG", "c.d.Jpeg", "e.pgm", "f.TIF"]) assert.ok(isImageFileName(name), name);
    for (const name of ["png", ".png", "a.txt", "a.png.gz", "a.", ""]) assert.ok(!isImageFileName(name), name);
  });
});
