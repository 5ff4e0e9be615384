// Photos and scenes with planted near duplicates, each made by one transform of known strength, among pictures that only
// look alike: the same on every machine that has the same photos. `node test/bench/planted.mjs 100` makes a set.
import { createReadStream, existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createGunzip } from "node:zlib";
import sharp from "sharp";
import { extract } from "tar-stream";
import { cached, randomOf } from "./cache.mjs";
import { ROOT } from "./report.mjs";
import { drawScene, HEIGHT, LOOKALIKES, normal, WIDTH } from "./scenes.mjs";

/** @import { Sharp } from "sharp" */
/** @import { Random } from "./scenes.mjs" */

/** Photos that are there on machines that have them; they are only read. */
const PHOTOS = path.resolve(
  process.env["CLEANSPLIT_TEST_DATA"] ?? path.resolve(ROOT, "../shared/data"),
  "mixed_formats.tar.gz",
);
/** Its pictures of which no two show the same. */
const IS_PHOTO = /(?:base_images\/ukbench\d+\.jpg|baboon\.pgm|Iggy\.1024\.ppm)$/;
const LONGEST_SIDE = 480;
const ORIGINAL_QUALITY = 95;
const COPY_QUALITY = 90;

/**
 * Decoded pixels, three channels.
 * @typedef {{ data: Buffer, width: number, height: number }} Original
 */

/**
 * One way in which a copy differs from its original.
 * @typedef {object} Transform
 * @property {string} kind What is done: rows of the table are those of one kind.
 * @property {string} strength
 * @property {boolean} [turns] It turns or mirrors the picture, which most hashes do not try to find.
 * @property {number} [target] The least share of its copies that CleanSplit is to find.
 * @property {(picture: Sharp, original: Original, random: Random) => Sharp} apply
 * @property {string} [extension] Of the file; JPEG when left out.
 */

/** @param {string} kind @param {readonly (Omit<Transform, "kind">)[]} of @returns {Transform[]} */
const family = (kind, of) => of.map((each) => ({ kind, ...each }));
const [FOUND, PERCENT] = [0.99, 0.01];

/** @type {readonly Transform[]} */
export const TRANSFORMS = [
  ...family("re-encoded", [
    ...[90, 70, 50, 30].map((quality) => ({
      ...{ strength: `JPEG, quality ${quality}`, target: FOUND },
      apply: (/** @type {Sharp} */ picture) => picture.jpeg({ quality }),
    })),
    ...[80, 50].map((quality) => ({
      ...{ strength: `WebP, quality ${quality}`, target: FOUND, extension: "webp" },
      apply: (/** @type {Sharp} */ picture) => picture.webp({ quality }),
    })),
    { strength: "PNG", target: FOUND, extension: "png", apply: (picture) => picture.png() },
  ]),
  ...family("resized", [
    { strength: "to a half", target: FOUND, apply: resized(1 / 2, 1 / 2) },
    { strength: "to a quarter", apply: resized(1 / 4, 1 / 4) },
    { strength: "10 % wider", apply: resized(1.1, 1) },
  ]),
  ...family("grey", [{ strength: "", target: FOUND, apply: (picture) => picture.greyscale() }]),
  ...family("turned", [
    { strength: "mirrored", turns: true, target: FOUND, apply: (picture) => picture.flop() },
    { strength: "upside down", turns: true, target: FOUND, apply: (picture) => picture.flip() },
    ...[90, 180, 270].map((angle) => ({
      ...{ strength: `rotated by ${angle}°`, turns: true, target: FOUND },
      apply: (/** @type {Sharp} */ picture) => picture.rotate(angle),
    })),
    // sharp mirrors before it rotates.
    { strength: "transposed", turns: true, apply: (picture) => picture.flip().rotate(90) },
    { strength: "transversed", turns: true, apply: (picture) => picture.flop().rotate(90) },
    // Stored lying on its side, with an EXIF orientation that says how to show it: shown, it is the same.
    {
      strength: "rotated by its EXIF orientation",
      turns: true,
      apply: (picture) => picture.rotate(270).withMetadata({ orientation: 6 }),
    },
  ]),
  ...family(
    "brightness",
    changes((by) => [1 + by, 0]),
  ),
  ...family(
    "contrast",
    changes((by) => [1 + by, -128 * by]),
  ),
  ...family(
    "shifted, border repeated",
    [1, 2, 3].map((percent) => ({
      ...{ strength: `${percent} %`, target: FOUND },
      apply: shifted(percent * PERCENT, false),
    })),
  ),
  ...family(
    "shifted, cut and stretched",
    [1, 2, 3].map((percent) => ({
      ...{ strength: `${percent} %`, target: FOUND },
      apply: shifted(percent * PERCENT, true),
    })),
  ),
  ...family(
    "cropped",
    [2, 5, 10].map((percent) => ({
      strength: `${percent} % of width and height`,
      apply: cropped(percent * PERCENT),
    })),
  ),
  ...family(
    "black border",
    [2, 5].map((percent) => ({
      strength: `${percent} % at each side`,
      apply: bordered(percent * PERCENT),
    })),
  ),
  ...family(
    "blurred",
    [1, 2].map((sigma) => ({
      strength: `sigma ${sigma} pixels`,
      apply: (/** @type {Sharp} */ picture) => picture.blur(sigma),
    })),
  ),
  ...family(
    "noise",
    [5, 10, 20].map((sigma) => ({
      strength: `sigma ${sigma} grey levels`,
      apply: noisy(sigma),
    })),
  ),
];

/** @param {number} across @param {number} down @returns {Transform["apply"]} */
function resized(across, down) {
  return (picture, { width, height }) =>
    picture.resize(Math.round(width * across), Math.round(height * down), { fit: "fill" });
}

/** Values v become a * v + b. @param {(by: number) => [number, number]} line */
function changes(line) {
  return [10, -10, 20, -20].map((percent) => ({
    strength: `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`,
    target: FOUND,
    apply: (/** @type {Sharp} */ picture) => picture.linear(...line(percent * PERCENT)),
  }));
}

/**
 * Moved by a share of its width, its height or both, in one of eight directions. What comes in is the border repeated; or,
 * `cut`, nothing comes in and the rest is stretched to the size of the original.
 * @param {number} share @param {boolean} cut @returns {Transform["apply"]}
 */
function shifted(share, cut) {
  return (picture, { width, height }, random) => {
    const direction = Math.floor(random() * 8);
    // Of the nine fields around a middle one, all but that.
    const field = direction < 4 ? direction : direction + 1;
    const [dx, dy] = [
      Math.round(((field % 3) - 1) * share * width),
      Math.round((Math.floor(field / 3) - 1) * share * height),
    ];
    const rest = picture.extract({
      ...{ left: Math.max(0, -dx), top: Math.max(0, -dy) },
      ...{ width: width - Math.abs(dx), height: height - Math.abs(dy) },
    });
    return cut
      ? rest.resize(width, height, { fit: "fill" })
      : rest.extend({
          ...{ left: Math.max(0, dx), right: Math.max(0, -dx), top: Math.max(0, dy), bottom: Math.max(0, -dy) },
          extendWith: "copy",
        });
  };
}

/** Anywhere within the picture, at its own size. @param {number} share Of width and height that go. @returns {Transform["apply"]} */
function cropped(share) {
  return (picture, original, random) => {
    const [width, height] = [original.width, original.height].map((side) => Math.round(side * (1 - share)));
    const [left, top] = [original.width - (width ?? 0), original.height - (height ?? 0)].map((spare) =>
      Math.floor(random() * (spare + 1)),
    );
    return picture.extract({ left: left ?? 0, top: top ?? 0, width: width ?? 0, height: height ?? 0 });
  };
}

/** @param {number} share @returns {Transform["apply"]} */
function bordered(share) {
  return (picture, { width, height }) => {
    const [across, down] = [Math.round(width * share), Math.round(height * share)];
    return picture.extend({ left: across, right: across, top: down, bottom: down, background: "black" });
  };
}

/** @param {number} sigma @returns {Transform["apply"]} */
function noisy(sigma) {
  return (_picture, original, random) =>
    openOriginal({
      ...original,
      data: Buffer.from(Uint8ClampedArray.from(original.data, (value) => value + sigma * normal(random))),
    });
}

/** @param {Original} original */
export function openOriginal({ data, width, height }) {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/**
 * @typedef {object} PlantedSet
 * @property {string} folder Of the dataset: `train` holds the originals, `test` their copies; both hold lookalikes.
 * @property {string} list CSV of all true pairs between the two: `first,second,kind`.
 * @property {number} originals @property {number} photos @property {number} copies @property {number} lookalikes
 */

/**
 * A set of so many originals; made when it is not there yet.
 * @param {number} originals @returns {Promise<PlantedSet>}
 */
export async function preparePlanted(originals) {
  const photos = await readPhotos();
  const { folder, made } = await cached(`planted-1-${originals}-${photos.length}`, (into) =>
    plant(into, originals, photos),
  );
  return { folder: path.join(folder, "images"), list: path.join(folder, "pairs.csv"), ...made };
}

/**
 * The first so many originals: the photos that there are, then scenes.
 * @param {number} count @param {readonly Sharp[]} [photos]
 * @returns {Promise<{ name: string, bytes: Buffer, original: Original }[]>} As JPEG, and what that decodes to.
 */
export async function readOriginals(count, photos) {
  const known = photos ?? (await readPhotos());
  return Promise.all(
    Array.from({ length: count }, async (_, number) => {
      const photo = known[number];
      const source =
        photo === undefined
          ? openOriginal({ data: Buffer.from(drawScene(number + 1).buffer), width: WIDTH, height: HEIGHT })
          : photo.resize(LONGEST_SIDE, LONGEST_SIDE, { fit: "inside", withoutEnlargement: true });
      const bytes = await source.jpeg({ quality: ORIGINAL_QUALITY }).toBuffer();
      const decoded = sharp(bytes).toColourspace("srgb").removeAlpha().raw();
      const { data, info } = await decoded.toBuffer({ resolveWithObject: true });
      const name = `${photo === undefined ? "scene" : "photo"}-${String(number).padStart(3, "0")}`;
      return { name, bytes, original: { data, width: info.width, height: info.height } };
    }),
  );
}

/** Lookalikes in each split, for each original; they are spread over all kinds. */
const LOOKALIKES_PER_ORIGINAL = 1;

/** @param {string} into @param {number} count @param {readonly Sharp[]} photos */
async function plant(into, count, photos) {
  const [train, test] = [path.join(into, "images/train"), path.join(into, "images/test")];
  for (const folder of [train, test]) mkdirSync(folder, { recursive: true });
  const rows = ["first,second,kind\n"];
  let copies = 0;
  for (const [number, { name, bytes, original }] of (await readOriginals(count, photos)).entries()) {
    writeFileSync(path.join(train, `${name}.jpg`), bytes);
    const random = randomOf(20_000 + number);
    for (const [index, { kind, strength, apply, extension = "jpg" }] of TRANSFORMS.entries()) {
      const copy = apply(openOriginal(original), original, random);
      const file = `${name}-${String(index).padStart(2, "0")}.${extension}`;
      await (extension === "jpg" && kind !== "re-encoded" ? copy.jpeg({ quality: COPY_QUALITY }) : copy).toFile(
        path.join(test, file),
      );
      rows.push(`train/${name}.jpg,test/${file},"${titleOf(kind, strength)}"\n`);
      copies++;
    }
  }
  const kinds = Object.entries(LOOKALIKES);
  const each = Math.ceil((count * LOOKALIKES_PER_ORIGINAL) / kinds.length);
  for (const [kind, draw] of kinds) {
    for (let number = 0; number < 2 * each; number++) {
      const data = Buffer.from(draw(number).buffer);
      const file = `${kind}-${String(number).padStart(3, "0")}.jpg`;
      await openOriginal({ data, width: WIDTH, height: HEIGHT })
        .jpeg({ quality: COPY_QUALITY })
        .toFile(path.join(number % 2 === 0 ? train : test, file));
    }
  }
  writeFileSync(path.join(into, "pairs.csv"), rows.join(""));
  return { originals: count, photos: Math.min(count, photos.length), copies, lookalikes: 2 * each * kinds.length };
}

/** What a transform is called in lists and tables. @param {string} kind @param {string} strength */
export function titleOf(kind, strength) {
  return strength === "" ? kind : `${kind}: ${strength}`;
}

/** The photos, in the order of their names; none where the archive is missing. @returns {Promise<Sharp[]>} */
async function readPhotos() {
  if (!existsSync(PHOTOS)) return [];
  /** @type {Map<string, Sharp>} */
  const photos = new Map();
  for await (const entry of createReadStream(PHOTOS).pipe(createGunzip()).pipe(extract())) {
    /** @type {Buffer[]} */
    const parts = [];
    for await (const part of entry) parts.push(Buffer.from(/** @type {Uint8Array} */ (part)));
    if (IS_PHOTO.test(entry.header.name)) photos.set(entry.header.name, openPhoto(Buffer.concat(parts)));
  }
  return [...photos].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, photo]) => photo);
}

/** A photo in any format of the archive; the image library reads all of them but PGM and PPM. @param {Buffer} bytes */
function openPhoto(bytes) {
  const [head = "", kind, width, height] = /^P([56])\s(\d+) (\d+)\s255\s/.exec(bytes.toString("latin1", 0, 40)) ?? [];
  if (head === "") return sharp(bytes);
  /** @type {1 | 3} */
  const channels = kind === "5" ? 1 : 3;
  const raw = { width: Number(width), height: Number(height), channels };
  return sharp(bytes.subarray(head.length), { raw });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = performance.now();
  const set = await preparePlanted(Number(process.argv[2] ?? 100));
  console.log(set, `${((performance.now() - started) / 1000).toFixed(1)} s`);
}
