import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { pixelDigest } from "../../../src/core/fingerprint/pixels";
import type { Picture } from "../../../src/core/picture";
import { decodeImage, tryDecodeFast } from "../../../src/engine/decode/decode";
import { isImageFileName, sniffFormat } from "../../../src/engine/decode/formats";
import { UnreadableImage } from "../../../src/engine/decode/unreadable";
import type { Kernels } from "../../../src/engine/kernels/kernels";
import { chooseMd5 } from "../../../src/engine/nodeMd5";
import { extractPublished, PUBLISHED_DATA as DATA } from "../engine/support";
import { both, fingerprintWithBoth } from "../kernels/support";

interface Answer {
  readonly file: string;
  readonly bytes: Buffer;
  readonly picture: Picture | undefined;
  readonly reason: string;
}

async function answerTo(folder: string, file: string): Promise<Answer> {
  const bytes = readFileSync(path.join(folder, file));
  try {
    return { file, bytes, picture: await decodeImage(bytes), reason: "" };
  } catch (error) {
    assert.ok(error instanceof UnreadableImage, `${file}: ${String(error)}`);
    return { file, bytes, picture: undefined, reason: error.message };
  }
}

/** Refused files by their names, without folders and in order. */
function refusedOf(answers: readonly Answer[]): string[] {
  return answers.filter(({ picture }) => picture === undefined).map(({ file }) => path.basename(file));
}

describe("published suites of images", () => {
  let kernels: { readonly wasm: Kernels; readonly reference: Kernels };

  before(async function () {
    if (!existsSync(path.join(DATA, "png_suite.tar.gz"))) {
      console.log(
        `    skipped: ${DATA} is not there; set CLEANSPLIT_TEST_DATA to a folder with the published datasets`,
      );
      this.skip();
    }
    kernels = await both();
  });

  /** Decodes the images of a suite in order; the others are counted. */
  async function decodeSuite(name: string): Promise<{ readonly answers: readonly Answer[]; readonly others: number }> {
    const folder = path.join(extractPublished(name), name);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
      .sort();
    const images = files.filter((file) => isImageFileName(path.basename(file)));
    const answers: Answer[] = [];
    for (const file of images) answers.push(await answerTo(folder, file));
    for (const { reason, picture, file } of answers) {
      if (picture === undefined)
        assert.match(reason, /^(?:[A-Z][A-Za-z]+(?: | of |: )|not an image|empty file).{5,110}$/, file);
    }
    return { answers, others: files.length - images.length };
  }

  /** Asserts that the quick decoders, the kernels, their reference and the library agree; counts what each way covers. */
  async function compareWays(answers: readonly Answer[]): Promise<{ quick: number; kernels: number }> {
    const md5 = chooseMd5();
    const ways = { quick: 0, kernels: 0 };
    for (const { file, bytes, picture } of answers) {
      const quick = tryDecodeFast(bytes);
      if (quick !== undefined) {
        ways.quick++;
        assert.deepEqual(quick, picture, file);
        if (sniffFormat(bytes) === "png") {
          const image = sharp(bytes, { failOn: "error", ignoreIcc: true, autoOrient: true });
          const data = await (quick.mode.startsWith("L") ? image.toColourspace("srgb") : image)
            .ensureAlpha()
            .raw()
            .toBuffer();
          assert.ok(toRgba(quick).equals(data), `${file}: the library differs`);
        }
      }
      const columns = fingerprintWithBoth(kernels, [bytes]);
      if (columns.covered[0] !== 1) continue;
      ways.kernels++;
      assert.ok(picture !== undefined, `${file}: only the kernels decode it`);
      const digest = new Uint8Array(16);
      pixelDigest(md5, picture, digest, 0);
      assert.deepEqual(columns.pixelDigests.subarray(0, 16), digest, `${file}: the kernels differ`);
    }
    return ways;
  }

  it("png_suite: what is broken on purpose is refused, everything else is decoded", async () => {
    const { answers, others } = await decodeSuite("png_suite");
    assert.deepEqual([answers.length, others], [201, 3]);
    const broken = answers.map(({ file }) => path.basename(file)).filter((name) => name.startsWith("x"));
    assert.equal(broken.length, 22);
    assert.deepEqual(refusedOf(answers), broken);
    const ways = await compareWays(answers);
    assert.ok(ways.quick >= 37 && ways.kernels >= 37, JSON.stringify(ways));
  });

  it("jpeg_suite: what is legal is decoded, as the PNG beside it; what is refused has a reason", async () => {
    const { answers, others } = await decodeSuite("jpeg_suite");
    assert.deepEqual([answers.length, others], [193, 3]);
    await compareWays(answers);
    const legal = answers.filter(({ file }) => !file.startsWith("crashtest"));
    // They hold less than a whole picture.
    assert.deepEqual(refusedOf(legal), ["partial_progressive.jpg", "progressive-missing-dc.jpg"]);
    const pictures = new Map(legal.map(({ file, picture }) => [file, picture]));
    const distances: number[] = [];
    for (const [file, picture] of pictures) {
      const beside = pictures.get(file.replace(/\.jpg$/, ".png"));
      if (!file.endsWith(".jpg") || picture === undefined || beside === undefined) continue;
      assert.deepEqual([picture.width, picture.height], [beside.width, beside.height], file);
      const most = distance(picture, beside);
      // They were made by another version of libjpeg, and CMYK by ImageMagick.
      assert.ok(most <= 3, `${file} differs by ${String(most)}`);
      distances.push(most);
    }
    assert.ok(distances.length >= 35 && distances.filter((most) => most === 0).length >= 26, distances.join(" "));
    const crash = answers.filter(({ file }) => file.startsWith("crashtest"));
    assert.equal(crash.length, 111);
    // Most are damaged beyond what any decoder takes.
    assert.ok(refusedOf(crash).length >= 90, String(refusedOf(crash).length));
  });

  it("mixed_formats: all are decoded by their content but the two corrupt ones", async () => {
    const { answers, others } = await decodeSuite("mixed_formats");
    assert.deepEqual([answers.length, others], [34, 0]);
    assert.deepEqual(refusedOf(answers), ["ukbench09268_corrupt.jpg", "ukbench09268_corrupt.jpg"]);
    for (const { reason } of answers) assert.ok(reason === "" || reason === "not an image of a known format", reason);
    await compareWays(answers);
    // Names that lie: a PNG, a BMP and an SVG that are JPEGs, among others.
    const kinds: Record<string, number> = {};
    for (const { bytes } of answers) {
      const kind = sniffFormat(bytes) ?? "none";
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    }
    assert.deepEqual(kinds, { gif: 1, jpeg: 25, none: 2, png: 1, pnm: 3, tiff: 1, webp: 1 });
  });
});

/** The largest difference of a colour in 8-bit steps; alpha is left out. */
function distance(a: Picture, b: Picture): number {
  const level = ({ mode, pixels }: Picture, i: number, channel: number): number => {
    const channels = mode.replace("16", "").length;
    const at = i * channels + (channels >= 3 ? channel : 0);
    if (!mode.endsWith("16")) return pixels[at] ?? 0;
    return ((pixels[at * 2] ?? 0) + 256 * (pixels[at * 2 + 1] ?? 0)) / 257;
  };
  let most = 0;
  for (let i = 0; i < a.width * a.height; i++) {
    for (let channel = 0; channel < 3; channel++) {
      most = Math.max(most, Math.abs(level(a, i, channel) - level(b, i, channel)));
    }
  }
  return most;
}

function toRgba({ width, height, mode, pixels }: Picture): Buffer {
  const out = Buffer.alloc(width * height * 4, 255);
  const channels = mode.length;
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < 3; channel++) {
      out[i * 4 + channel] = pixels[i * channels + (channels >= 3 ? channel : 0)] ?? 0;
    }
    if (channels % 2 === 0) out[i * 4 + 3] = pixels[i * channels + channels - 1] ?? 0;
  }
  return out;
}
