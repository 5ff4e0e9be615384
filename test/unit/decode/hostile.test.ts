import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { decodeImage } from "../../../src/engine/decode/decode";
import { UnreadableImage } from "../../../src/engine/decode/unreadable";
import { encodeChunk, encodePng, headerData, PNG_SIGNATURE } from "../../support/png";

const image = sharp(new Uint8Array(8 * 8 * 3).fill(90), { raw: { width: 8, height: 8, channels: 3 } });
const frames = sharp(Buffer.alloc(8 * 16 * 3, 90).fill(7, 0, 99), {
  raw: { width: 8, height: 16, channels: 3, pageHeight: 8 },
});

function patched(bytes: Uint8Array, ...patches: readonly (readonly [number, ArrayLike<number>])[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, values] of patches) copy.set(values, at);
  return copy;
}

/** Small files whose headers declare enormous pictures. */
async function bombs(): Promise<Record<string, Buffer>> {
  const jpeg = await image.clone().jpeg().toBuffer();
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  const gif = await image.clone().gif().toBuffer();
  const picture = gif.indexOf(Buffer.from([0x2c, 0, 0, 0, 0, 8, 0, 8, 0]));
  const tiff = await image.clone().tiff({ compression: "lzw" }).toBuffer();
  const directory = tiff.readUInt32LE(4);
  const webp = await frames.clone().webp({ lossless: true }).toBuffer();
  const avif = await image.clone().avif({ effort: 0 }).toBuffer();
  const spatial = avif.indexOf("ispe");
  const bmp = Buffer.alloc(58);
  bmp.write("BM");
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(60000, 18);
  bmp.writeInt32LE(60000, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(24, 28);
  // 60,000, big and little endian.
  const [big, little] = [
    [0xea, 0x60],
    [0x60, 0xea],
  ];
  return {
    PNG: Buffer.concat([
      PNG_SIGNATURE,
      encodeChunk({ type: "IHDR", data: headerData(60000, 60000, 8, 6) }),
      encodeChunk({ type: "IDAT", data: new Uint8Array(9) }),
      encodeChunk({ type: "IEND", data: new Uint8Array(0) }),
    ]),
    JPEG: patched(jpeg, [frame + 5, [...big, ...big]]),
    GIF: patched(gif, [6, [...little, ...little]], [picture + 5, [...little, ...little]]),
    TIFF: patched(tiff, [directory + 2 + 8, little], [directory + 2 + 12 + 8, little]),
    WebP: patched(webp, [24, [0x5f, 0xea, 0, 0x5f, 0xea, 0]]),
    HEIF: patched(avif, [spatial + 8, [0, 0, ...big, 0, 0, ...big]]),
    BMP: bmp,
    PNM: Buffer.from("P6 60000 60000 255\n"),
    PAM: Buffer.from("P7\nWIDTH 60000\nHEIGHT 60000\nDEPTH 4\nMAXVAL 255\nENDHDR\n"),
    SVG: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="60000" height="60000"/>`),
  };
}

async function reasonFor(bytes: Uint8Array): Promise<string> {
  try {
    await decodeImage(bytes);
  } catch (error) {
    assert.ok(error instanceof UnreadableImage, String(error));
    return error.message;
  }
  return assert.fail("decoded");
}

describe("pictures that declare enormous sizes", () => {
  it("are refused by their declared size", async () => {
    for (const [name, bytes] of Object.entries(await bombs())) {
      const kind = name === "PAM" ? "PNM" : name;
      const most = name === "WebP" ? "16,383 a side" : "268,435,456";
      const reason = `${kind} is too large: it declares 60000 × 60000 pixels, at most ${most} are read`;
      assert.equal(await reasonFor(bytes), reason);
    }
  });

  it("are refused before memory is taken", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "cleansplit-bombs-"));
    try {
      const small = path.join(folder, "small");
      writeFileSync(small, await image.clone().webp().toBuffer());
      const files = Object.entries(await bombs()).map(([name, bytes]) => {
        const file = path.join(folder, name);
        writeFileSync(file, bytes);
        return file;
      });
      // PNGs of permitted sizes that hold next to nothing.
      const empty = path.join(folder, "empty");
      writeFileSync(
        empty,
        patched(encodePng({ width: 9, height: 9, depth: 16, rows: new Uint8Array(9 * 18) }), [
          16,
          encodeChunk({ type: "IHDR", data: headerData(16000, 16000, 16, 0) }).subarray(8),
        ]),
      );
      const script = `
        const { readFileSync } = require("node:fs");
        const { decodeImage } = require(${JSON.stringify(path.resolve(__dirname, "../../../src/engine/decode/decode.ts"))});
        (async () => {
          const peaks = [];
          for (const files of [[${JSON.stringify(small)}], ${JSON.stringify([...files, empty])}]) {
            for (const file of files) await decodeImage(readFileSync(file)).catch(() => undefined);
            peaks.push(process.resourceUsage().maxRSS);
          }
          console.log(peaks.join(" "));
        })();`;
      const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", "-e", script]);
      const [before = 0, after = Infinity] = stdout.trim().split(" ").map(Number);
      assert.ok(after - before < 48 * 1024, `peaks of ${String(before)} and ${String(after)} KB`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are decoded when they are within the limit, if only in one direction", async () => {
    const wide = sharp(Buffer.alloc(50_000, 5), { raw: { width: 50_000, height: 1, channels: 1 } });
    for (const bytes of [
      await wide.clone().toColourspace("b-w").png().toBuffer(),
      await wide.clone().jpeg().toBuffer(),
      await wide.clone().tiff().toBuffer(),
    ]) {
      const { width, height } = await decodeImage(bytes);
      assert.deepEqual([width, height], [50_000, 1]);
    }
  });
});

describe("pictures of one pixel", () => {
  it("are decoded in every format", async () => {
    const pixel = sharp(Uint8Array.of(10, 200, 90), { raw: { width: 1, height: 1, channels: 3 } });
    const bmp = patched(
      Buffer.alloc(58),
      [0, Buffer.from("BM")],
      [10, [54]],
      [14, [40]],
      [18, [1]],
      [22, [1]],
      [26, [1, 0, 24]],
      [54, [90, 200, 10]],
    );
    const exact: Record<string, Buffer> = {
      PNG: await pixel.clone().png().toBuffer(),
      WebP: await pixel.clone().webp({ lossless: true }).toBuffer(),
      TIFF: await pixel.clone().tiff({ compression: "none" }).toBuffer(),
      GIF: await pixel.clone().gif().toBuffer(),
      BMP: bmp,
      PNM: Buffer.from([...Buffer.from("P6 1 1 255\n"), 10, 200, 90]),
      SVG: Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><path fill="#0ac85a" d="M0 0h1v1H0z"/></svg>`,
      ),
      JPEG: await pixel.clone().jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer(),
      AVIF: await pixel.clone().avif({ quality: 100, effort: 0, chromaSubsampling: "4:4:4" }).toBuffer(),
    };
    for (const [name, bytes] of Object.entries(exact)) {
      const { width, height, mode, pixels } = await decodeImage(bytes);
      assert.deepEqual([width, height], [1, 1], name);
      assert.match(mode, /^RGBA?$/, name);
      const isLossy = name === "JPEG" || name === "AVIF";
      for (const [channel, value] of [10, 200, 90].entries()) {
        assert.ok(Math.abs((pixels[channel] ?? 0) - value) <= (isLossy ? 3 : 0), `${name}: ${pixels.join(" ")}`);
      }
    }
  });
});

describe("AVIF", () => {
  it("is decoded with and without alpha", async () => {
    const pixels = Uint8Array.from({ length: 20 * 10 * 4 }, (_, i) => (i % 4 === 3 ? 255 - (i >> 3) : 40 + (i % 80)));
    const source = sharp(pixels, { raw: { width: 20, height: 10, channels: 4 } });
    const options = { quality: 100, effort: 0, chromaSubsampling: "4:4:4" } as const;
    const clear = await decodeImage(await source.clone().avif(options).toBuffer());
    assert.deepEqual([clear.width, clear.height, clear.mode], [20, 10, "RGBA"]);
    const solid = await decodeImage(await source.clone().removeAlpha().avif(options).toBuffer());
    assert.deepEqual([solid.width, solid.height, solid.mode], [20, 10, "RGB"]);
    let most = 0;
    for (let i = 0; i < 200; i++) {
      for (let channel = 0; channel < 3; channel++) {
        most = Math.max(most, Math.abs((solid.pixels[i * 3 + channel] ?? 0) - (pixels[i * 4 + channel] ?? 0)));
      }
    }
    assert.ok(most <= 8, String(most));
  });
});
