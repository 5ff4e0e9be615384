/**
 * Makes the sample dataset in media/sample: letters A to J drawn from openly licensed fonts, with the
 * duplicates that fonts bring by nature and with planted faults. Run by hand, never by users:
 *
 *   node scripts/sample/make.mjs [--scratch FOLDER]
 *
 * It needs npm and python3. It installs the fonts of fonts.json and opentype.js, at exactly the versions
 * given there, into the scratch folder (default: a folder in the system's temporary folder) and leaves the
 * unpacked set there in `letters`. The same Node version gives the same bytes every time; another one may
 * carry other zlib and brotli encoders, which changes the archive and the re-encoded files, not the pictures.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { fileURLToPath, pathToFileURL } from "node:url";
import zlib from "node:zlib";
import tar from "tar-stream";
import { plant } from "./faults.mjs";
import { rasterise, SIZE } from "./glyphs.mjs";
import { encode } from "./png.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const OUT = path.resolve(HERE, "../../media/sample");
const LETTERS = [..."ABCDEFGHIJ"];
const SHARES = { train: 0.7, validation: 0.15, test: 0.15 };
const SEED = 20110908;
const MAX_BYTES = 2_000_000;

/** A small seeded generator (mulberry32): numbers from 0 up to 1. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffle(list, random) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

function install(fonts, scratch) {
  const dependencies = { "opentype.js": fonts["opentype.js"] };
  for (const { family, version } of fonts.families) {
    dependencies[`@fontsource/${family}`] = version;
  }
  fs.mkdirSync(scratch, { recursive: true });
  const manifest = path.join(scratch, "package.json");
  const text = JSON.stringify({ private: true, dependencies }, null, 2);
  const done = path.join(scratch, "installed.json");
  if (fs.existsSync(done) && fs.readFileSync(done, "utf8") === text) {
    return;
  }
  fs.writeFileSync(manifest, text);
  execFileSync("npm", ["install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"], {
    cwd: scratch,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  fs.writeFileSync(done, text);
}

/** The licence of one font package, as its copyright lines and the licence's body. */
function readLicence(folder, family) {
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  const meta = JSON.parse(fs.readFileSync(path.join(folder, "metadata.json"), "utf8"));
  const text = fs.readFileSync(path.join(folder, "LICENSE"), "utf8").replaceAll("\r\n", "\n");
  if (manifest.license !== "OFL-1.1" || !text.includes("SIL OPEN FONT LICENSE Version 1.1")) {
    throw new Error(`${family} is not under the SIL Open Font License`);
  }
  const [first, ...rest] = text.split("\n");
  // The first line repeats the statement for every file: "STATEMENT X-Bold.ttf: STATEMENT ...".
  const statements = first.split(/\s(?=\S+\.ttf: )/).map((part) => part.replace(/^\S+\.ttf: /, "").trim());
  return {
    heading: `${meta.family} (@fontsource/${family} ${manifest.version}, font ${meta.version})`,
    copyright: [...new Set(statements)],
    body: rest.join("\n").trim(),
  };
}

/** The copyright line inside a font file. */
function ownCopyright(font, family) {
  const names = font.names.windows ?? font.names.macintosh ?? font.names.unicode ?? font.names;
  const line = names.copyright?.en;
  if (!line) {
    throw new Error(`${family} states no copyright: leave it out of fonts.json`);
  }
  return line.replace(/\s+/g, " ").trim();
}

async function draw(fonts, scratch) {
  const opentype = await import(pathToFileURL(path.join(scratch, "node_modules/opentype.js/dist/opentype.mjs")).href);
  const glyphs = [];
  const licences = [];
  for (const { family, faces } of fonts.families) {
    const folder = path.join(scratch, "node_modules/@fontsource", family);
    const licence = readLicence(folder, family);
    licences.push(licence);
    for (const face of faces) {
      const file = fs.readFileSync(path.join(folder, "files", `${family}-latin-${face}.woff`));
      const font = opentype.parse(new Uint8Array(file).buffer);
      if (!licence.copyright.some((line) => /copyright|©/i.test(line))) {
        // Some packages only name the publisher in their LICENSE; the font itself says more.
        licence.copyright = [ownCopyright(font, family)];
      }
      for (const letter of LETTERS) {
        const glyph = font.charToGlyph(letter);
        const pixels = glyph && glyph.index !== 0 ? rasterise(glyph.path.commands) : null;
        if (pixels === null) {
          throw new Error(`${family} ${face} has no ${letter}: leave it out of fonts.json`);
        }
        glyphs.push({ letter, family, name: `${family}-${face.replace("-normal", "")}`, pixels });
      }
    }
  }
  return { glyphs, licences };
}

/** Deals every letter's pictures out to the splits at random. */
function deal(glyphs, random) {
  return LETTERS.flatMap((letter) => {
    const own = shuffle(
      glyphs.filter((glyph) => glyph.letter === letter),
      random,
    );
    const validation = Math.round(own.length * SHARES.validation);
    const test = Math.round(own.length * SHARES.test);
    return own.map((glyph, i) => {
      const split = i < test ? "test" : i < test + validation ? "validation" : "train";
      return { ...glyph, split, path: `${split}/${letter}/${glyph.name}.png` };
    });
  });
}

/** The picture at half its size, for quick comparison: sums of 2x2 pixels. */
function shrink({ pixels }) {
  const half = SIZE / 2;
  return Int32Array.from({ length: half * half }, (_, i) => {
    const at = Math.floor(i / half) * 2 * SIZE + (i % half) * 2;
    return pixels[at] + pixels[at + 1] + pixels[at + SIZE] + pixels[at + SIZE + 1];
  });
}

/** Whether the most similar picture of another font family shows another letter. */
function isUnusual(image, images) {
  let [least, letter] = [Infinity, image.letter];
  for (const other of images) {
    if (other.family === image.family) {
      continue;
    }
    let distance = 0;
    for (let at = 0; at < image.small.length && distance < least; at++) {
      const difference = image.small[at] - other.small[at];
      distance += difference * difference;
    }
    if (distance < least) {
      [least, letter] = [distance, other.letter];
    }
  }
  return letter !== image.letter;
}

async function pack(tree) {
  const archive = tar.pack();
  const bytes = buffer(archive);
  for (const name of [...tree.keys()].sort()) {
    const header = { name: `letters/${name}`, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) };
    await new Promise((resolve, reject) => {
      archive.entry(header, tree.get(name), (error) => (error ? reject(error) : resolve()));
    });
  }
  archive.finalize();
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  const plain = await bytes;
  return zlib.brotliCompressSync(plain, {
    params: { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_SIZE_HINT]: plain.length },
  });
}

async function unpack(file, into) {
  fs.rmSync(path.join(into, "letters"), { recursive: true, force: true });
  const extract = tar.extract();
  extract.end(zlib.brotliDecompressSync(fs.readFileSync(file)));
  for await (const entry of extract) {
    const target = path.join(into, entry.header.name);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, await buffer(entry));
  }
}

function licenceText(licences) {
  const bodies = new Set(licences.map((licence) => licence.body));
  if (bodies.size !== 1) {
    throw new Error("The licence texts differ between the font packages: look at them, then keep each one");
  }
  const families = licences.map((licence) => [licence.heading, ...licence.copyright].join("\n"));
  return [
    "The pictures in letters.tar.br were drawn from the fonts below. Every one of them is under the SIL Open",
    "Font License 1.1, whose text follows the list and applies to each. No font file is part of the archive.",
    "",
    families.join("\n\n"),
    "",
    "-".repeat(80),
    "",
    [...bodies][0],
    "",
  ].join("\n");
}

function table(head, rows) {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const KINDS = {
  "leak-file": "The same file in another split, under another name",
  "leak-pixel": "The same picture in another split, written by another encoder",
  "leak-everywhere": "One picture in all three splits (validation: same file; test: re-encoded)",
  "duplicate-file": "The same file twice in one split",
  "duplicate-pixel": "The same picture twice in one split, re-encoded",
  "duplicate-mixed": "Three times in one split: original, same file, re-encoded",
  "conflict-file": "The same file under two letters",
  "conflict-pixel": "The same picture under two letters, re-encoded",
  blank: "All black, or all white",
  unreadable: "Picture files that cannot be decoded",
  stray: "Files that are no pictures",
  near: "Shifted by a pixel, brighter, darker or mirrored: near duplicates, never counted as exact",
};

function readme(truth, fonts, bytes) {
  const faces = fonts.families.reduce((sum, family) => sum + family.faces.length, 0);
  const count = (kind) => truth.planted.filter((fault) => fault.kind === kind).length;
  const both = (pick) => [pick(truth), pick(truth.withoutBlank)];
  const leaks = truth.leakage.filter((leak) => leak.tier === "pixel");
  const test = truth.splits.find((split) => split.name === "test");
  const leaked = leaks.find((leak) => leak.split === "test" && leak.in === "train");
  const file = (leak) => truth.leakage.find((l) => l.tier === "file" && l.split === leak.split && l.in === leak.in);
  const clean = (leak) =>
    truth.withoutBlank.leakage.find((l) => l.tier === "pixel" && l.split === leak.split && l.in === leak.in);
  const share = ((100 * leaked.samples) / (test.samples - test.unreadable)).toFixed(1);
  return `# Sample dataset: letters

${truth.images} pictures of the letters A to J, 28x28 pixels, 8-bit grey, white on black, in
\`letters/{train,validation,test}/{A..J}\`. They are drawn from ${faces} faces of ${fonts.families.length} open font
families (see FONT-LICENSES.txt) and packed into \`letters.tar.br\` (${(bytes / 1e6).toFixed(2)} MB, a tar archive
compressed with brotli). Files are named after the font's package, weight and style.

Some duplicates come with the fonts: sister families share capitals, and the I of many sans-serif faces is the same
bar. The rest was planted. Both are counted here; \`truth.json\` has the same numbers for programs, and the path of
every planted fault.

## What is in it

${table(
  ["Split", "Pictures", "Unreadable", ...LETTERS],
  truth.splits.map((split) => [split.name, split.samples, split.unreadable, ...LETTERS.map((l) => split.classes[l])]),
)}

Unreadable files are part of the pictures counted, and never counted as duplicates. ${truth.blank.samples} pictures are
blank (all pixels equal).

${table(
  ["Duplicates", "Groups", "Pictures in them", "More than needed"],
  ["file", "pixel"].flatMap((tier) => {
    const [all, without] = both((counts) => counts.duplicates[tier]);
    return [
      [`${tier}-identical`, all.groups, all.samples, all.extra],
      [`${tier}-identical, without blanks`, without.groups, without.samples, without.extra],
    ];
  }),
)}

Pixel-identical includes file-identical. The largest group has ${truth.largestGroup.samples} pictures
(${truth.withoutBlank.largestGroup.samples} without blanks).

${table(
  ["Pictures of", "also in", "Same file", "Same pixels", "Groups", "Pairs", "Same pixels, without blanks"],
  leaks.map((leak) => [
    leak.split,
    leak.in,
    file(leak).samples,
    leak.samples,
    leak.groups,
    leak.pairs,
    clean(leak).samples,
  ]),
)}

${share} % of the readable test pictures are also in train. Groups and pairs are those of the same pixels.

A copy under another letter in another split counts both as leakage and as a conflict.

Label conflicts: ${truth.conflicts.groups} groups of identical pixels have more than one letter, ${
    truth.conflicts.samples
  } pictures (without blanks: ${truth.withoutBlank.conflicts.groups} groups, ${
    truth.withoutBlank.conflicts.samples
  } pictures).

## What was planted

${table(
  ["Kind", "How many", "What"],
  Object.entries(KINDS).map(([kind, what]) => [kind, count(kind), what]),
)}

Half of the leaks planted between train and test are unusual shapes, most similar to another letter in every other
font family. A model gets them right only when it has seen them, so the leakage shows in its accuracy: compare it with
that of a model trained without the leaked pictures.

## How it is made

\`node scripts/sample/make.mjs\` makes everything in this folder; \`scripts/sample/count.py\` counts, from the unpacked
files and with code of its own.
`;
}

async function main() {
  const option = process.argv.indexOf("--scratch");
  const scratch = path.resolve(option > 0 ? process.argv[option + 1] : path.join(os.tmpdir(), "cleansplit-sample"));
  const fonts = JSON.parse(fs.readFileSync(path.join(HERE, "fonts.json"), "utf8"));
  install(fonts, scratch);

  const { glyphs, licences } = await draw(fonts, scratch);
  const random = generator(SEED);
  const images = deal(glyphs, random).map((image) => ({ ...image, small: shrink(image) }));
  const tree = new Map(images.map((image) => [image.path, encode(image.pixels, SIZE)]));

  const copies = new Map();
  const print = (image) => createHash("sha256").update(image.pixels).digest("hex");
  for (const image of images) {
    copies.set(print(image), (copies.get(print(image)) ?? 0) + 1);
  }
  const unique = images.filter((image) => copies.get(print(image)) === 1);
  const originals = unique.map((image) => ({ ...image, unusual: isUnusual(image, images) }));
  const planted = plant(tree, originals, SIZE, random);
  fs.writeFileSync(path.join(scratch, "planted.json"), JSON.stringify(planted));

  fs.mkdirSync(OUT, { recursive: true });
  const archive = path.join(OUT, "letters.tar.br");
  fs.writeFileSync(archive, await pack(tree));
  await unpack(archive, scratch);
  const count = [path.join(HERE, "count.py"), path.join(scratch, "letters"), path.join(scratch, "planted.json")];
  const text = execFileSync("python3", count, { encoding: "utf8", maxBuffer: 1 << 26 });
  fs.writeFileSync(path.join(OUT, "truth.json"), text);
  fs.writeFileSync(path.join(OUT, "FONT-LICENSES.txt"), licenceText(licences));
  fs.writeFileSync(path.join(OUT, "README.md"), readme(JSON.parse(text), fonts, fs.statSync(archive).size));

  const sizes = fs.readdirSync(OUT).map((name) => [name, fs.statSync(path.join(OUT, name)).size]);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  console.log(`${sizes.map(([name, size]) => `${name} ${size}`).join("\n")}\ntotal ${total} bytes`);
  if (total > MAX_BYTES) {
    throw new Error(`The sample may take ${MAX_BYTES} bytes at most`);
  }
}

await main();
