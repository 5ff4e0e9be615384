// Decodes every file of folders with CleanSplit on every path it has, and with reference decoders of others, and compares
// verdicts and pixels. What differs is listed; the counts add up to the number of files.
// npm run bench:conformance -- [FOLDER...] [--generated] [--json FILE]
//   --generated          files of many formats and modes that Pillow and cjpeg make, as one more folder
// npm run bench:conformance -- FOLDER... --repeat 20   four threads decode everything so often, in different orders: do they
//                                                      all say the same of every file?
// Needs pngtopam (netpbm), djpeg (libjpeg-turbo-progs), dwebp (webp) and rsvg-convert (librsvg2-bin) on PATH.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import readline from "node:readline";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import sharp from "sharp";
import { tsImport } from "tsx/esm/api";
import { buildKernels } from "../../scripts/kernels.mjs";
import { pythonWith } from "./peers.mjs";

/** @import { Picture } from "../../src/core/picture" */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    generated: { type: "boolean", default: false },
    json: { type: "string" },
    repeat: { type: "string" },
  },
});
if (positionals.length === 0 && !values.generated) {
  console.error("npm run bench:conformance -- [FOLDER...] [--generated] [--json FILE | --repeat RUNS]");
  process.exit(2);
}

if (values.repeat !== undefined) process.exit(await repeat(positionals, Number(values.repeat)));

/** @type {typeof import("../../src/engine/decode/decode")} */
const { decodeImage, tryDecodeFast } = await tsImport("../../src/engine/decode/decode.ts", import.meta.url);
/** @type {typeof import("../../src/engine/decode/formats")} */
const { isImageFileName, sniffFormat } = await tsImport("../../src/engine/decode/formats.ts", import.meta.url);
/** @type {typeof import("../../src/engine/kernels/kernels")} */
const { fingerprintBatch, loadKernels } = await tsImport("../../src/engine/kernels/kernels.ts", import.meta.url);
/** @type {typeof import("../../src/core/fingerprint/pixels")} */
const { pixelDigest } = await tsImport("../../src/core/fingerprint/pixels.ts", import.meta.url);
/** @type {typeof import("../../src/core/fingerprint/sparkMd5")} */
const { sparkMd5 } = await tsImport("../../src/core/fingerprint/sparkMd5.ts", import.meta.url);

/**
 * Decodes all files in four threads at once; 0 when every answer about a file is the same.
 * @param {string[]} folders @param {number} runs
 */
async function repeat(folders, runs) {
  const files = folders.flatMap(filesOf);
  /** @type {Map<string, Map<string, number>>} */
  const answers = new Map(files.map((file) => [file, new Map()]));
  const threads = Array.from({ length: 4 }, (_, thread) => {
    const worker = new Worker(new URL("./conformance-thread.mjs", import.meta.url), {
      workerData: { files, runs, seed: thread + 1 },
    });
    worker.on("message", (/** @type {[string, string]} */ [file, answer]) => {
      const of = answers.get(file);
      of?.set(answer, (of.get(answer) ?? 0) + 1);
    });
    return new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
  });
  await Promise.all(threads);
  const unsteady = [...answers].filter(([, of]) => of.size !== 1);
  for (const [file, of] of unsteady) console.log(file, Object.fromEntries(of));
  const total = [...answers.values()].flatMap((of) => [...of.values()]).reduce((sum, count) => sum + count, 0);
  console.log(`${files.length} files, ${total} answers of 4 threads: ${unsteady.length} files had more than one`);
  return unsteady.length === 0 ? 0 : 1;
}

/** @param {string} folder */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/**
 * Where decoders may differ, by format: what is compared, and the largest difference in 8-bit steps. All else is compared
 * value for value.
 * @type {Readonly<Record<string, { what: "values" | "brightness" | "seen" | "size", most: number, why: string }>>}
 */
const TOLERANCES = {
  svg: { what: "size", most: 255, why: "another version of librsvg, and its fonts" },
  heif: { what: "brightness", most: 2, why: "libheif repeats halved colours and libavif smooths them; other rounding" },
  gif: { what: "seen", most: 0, why: "the colour of what is fully transparent: black here, of the palette in Pillow" },
};

const PILLOW = "pillow==12.3.0";
const scratch = mkdtempSync(path.join(os.tmpdir(), "cleansplit-conformance-"));
const python = await pythonWith("conformance-1", [PILLOW, "numpy"]);
if (python === undefined) throw new Error("Pillow cannot be installed");
const references = spawn(python, [path.join(import.meta.dirname, "conformance.py")], {
  stdio: ["pipe", "pipe", "inherit"],
});
const answers = readline.createInterface({ input: references.stdout })[Symbol.asyncIterator]();
await buildKernels(scratch);
const kernels = loadKernels(path.join(scratch, "kernels.wasm"), {});

/** What a reference decoder says of a file. @param {string} file @param {string} kind */
async function ask(file, kind) {
  const pixels = path.join(scratch, "pixels");
  references.stdin.write(`${file}\t${kind}\t${pixels}\n`);
  const { value } = await answers.next();
  /** @type {{ decoder: string, complaint: string, decoded: boolean, pillow: string, width: number, height: number }} */
  const answer = JSON.parse(value);
  return { ...answer, rgba: answer.decoded ? wide(readFileSync(pixels)) : undefined };
}

/** @param {Uint8Array} bytes */
function wide(bytes) {
  // A copy: a small file lies somewhere in a pool.
  return new Uint16Array(Uint8Array.from(bytes).buffer);
}

/** A picture as RGBA with 16 bits; undefined when its values are numbers without a scale. @param {Picture} picture */
function toRgba({ width, height, mode, pixels }) {
  if (mode.startsWith("F")) return undefined;
  const channels = mode.replace("16", "").length;
  const source = mode.endsWith("16") ? wide(pixels) : Uint16Array.from(pixels, (value) => value * 257);
  const out = new Uint16Array(width * height * 4).fill(65535);
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < 3; channel++) {
      out[i * 4 + channel] = source[i * channels + (channels >= 3 ? channel : 0)] ?? 0;
    }
    if (channels % 2 === 0) out[i * 4 + 3] = source[i * channels + channels - 1] ?? 0;
  }
  return out;
}

/**
 * The largest difference of two pictures, in 8-bit steps.
 * @param {Uint16Array} a @param {Uint16Array} b @param {"values" | "brightness" | "seen" | "size"} what
 */
function distance(a, b, what) {
  let most = 0;
  for (let i = 0; i < a.length; i += 4) {
    const [red = 0, green = 0, blue = 0, alpha = 0] = [0, 1, 2, 3].map((c) => (a[i + c] ?? 0) - (b[i + c] ?? 0));
    if (what === "seen" && a[i + 3] === 0 && b[i + 3] === 0) continue;
    const differences =
      what === "brightness" ? [0.299 * red + 0.587 * green + 0.114 * blue, alpha] : [red, green, blue, alpha];
    most = Math.max(most, ...differences.map(Math.abs));
  }
  return most / 257;
}

/**
 * Whether the ways CleanSplit has to decode the file agree: the kernels, the quick decoders and the library.
 * @param {Buffer} bytes @param {string | undefined} kind @param {Picture | undefined} picture
 * @returns {Promise<string[]>} What disagrees, and which ways there are.
 */
async function comparePaths(bytes, kind, picture) {
  const found = [];
  const quick = tryDecodeFast(bytes);
  if (quick !== undefined && (picture === undefined || !same(quick, picture))) found.push("the quick decoder differs");
  const columns = fingerprintBatch(kernels, [bytes]);
  if (columns.covered[0] === 1) {
    const digest = new Uint8Array(16);
    if (picture !== undefined) pixelDigest(sparkMd5, picture, digest, 0);
    if (hex(digest) !== hex(columns.pixelDigests.subarray(0, 16))) found.push("the kernels differ");
  }
  if (quick !== undefined && kind === "png") {
    const image = sharp(bytes, { failOn: "error", ignoreIcc: true, autoOrient: true });
    const data = await image
      .ensureAlpha()
      .raw()
      .toBuffer()
      .catch(() => undefined);
    const ours = toRgba(quick);
    if (data === undefined || ours?.some((value, i) => value !== (data[i] ?? 0) * 257)) found.push("sharp differs");
  }
  paths.quick += quick === undefined ? 0 : 1;
  paths.kernels += columns.covered[0] ?? 0;
  paths.library += picture !== undefined && quick === undefined ? 1 : 0;
  return found;
}

/** @param {Picture} a @param {Picture} b */
function same(a, b) {
  return a.width === b.width && a.height === b.height && a.mode === b.mode && Buffer.from(a.pixels).equals(b.pixels);
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Buffer.from(bytes).toString("hex");
}

/** What becomes of a file; every file is one of these. */
const CLASSES = /** @type {const} */ ({
  equal: "decoded, equal to the reference",
  tolerated: "decoded, within the tolerance of its format",
  different: "decoded, not as the reference",
  bothRefuse: "refused, and so does the reference",
  onlyWeRefuse: "refused, though the reference decodes it",
  complained: "refused, and the reference decodes it with a complaint",
  onlyWeDecode: "decoded, though the reference refuses it",
  notCompared: "decoded, no reference",
  notAnImage: "not an image by name: not looked at",
});
/** @typedef {keyof typeof CLASSES} Class */

let paths = { kernels: 0, quick: 0, library: 0 };

/** @param {string} file @returns {Promise<{ as: Class, kind: string, detail: string, faults: string[] }>} */
async function judge(file) {
  if (!isImageFileName(path.basename(file))) return { as: "notAnImage", kind: "", detail: "", faults: [] };
  const bytes = readFileSync(file);
  const kind = sniffFormat(bytes) ?? "unknown";
  /** @type {Picture | undefined} */
  let picture;
  let reason = "";
  try {
    picture = await decodeImage(bytes);
  } catch (error) {
    if (!(error instanceof Error && error.name === "UnreadableImage")) throw error;
    reason = error.message;
  }
  const faults = await comparePaths(bytes, kind, picture);
  const reference = await ask(file, kind);
  const { decoder, complaint, rgba } = reference;
  const pillow = reference.pillow === "" ? "Pillow decodes it" : `Pillow: ${reference.pillow}`;
  const said = `${decoder}: ${complaint === "" ? (rgba === undefined ? "refused" : "decoded") : complaint}; ${pillow}`;
  if (picture === undefined) {
    const as = rgba === undefined ? "bothRefuse" : complaint === "" ? "onlyWeRefuse" : "complained";
    return { as, kind, detail: `${reason} [${said}]`, faults };
  }
  const what = `${picture.width} × ${picture.height} ${picture.mode}`;
  if (rgba === undefined) return { as: "onlyWeDecode", kind, detail: `${what} [${said}]`, faults };
  const ours = toRgba(picture);
  if (ours === undefined) return { as: "notCompared", kind, detail: what, faults };
  if (picture.width !== reference.width || picture.height !== reference.height) {
    return { as: "different", kind, detail: `${what}, ${reference.width} × ${reference.height} [${said}]`, faults };
  }
  const most = distance(ours, rgba, "values");
  if (most === 0) return { as: "equal", kind, detail: complaint === "" ? "" : `${what} [${said}]`, faults };
  const tolerance = TOLERANCES[kind];
  const isTolerated = tolerance !== undefined && distance(ours, rgba, tolerance.what) <= tolerance.most;
  const why = isTolerated ? tolerance.why : said;
  return {
    as: isTolerated ? "tolerated" : "different",
    kind,
    detail: `${what}, up to ${most.toFixed(2)} [${why}]`,
    faults,
  };
}

if (values.generated) {
  const folder = path.join(scratch, "generated");
  mkdirSync(folder);
  execFileSync(python, [path.join(import.meta.dirname, "conformance-files.py"), folder], { stdio: "inherit" });
  positionals.push(folder);
}

/** @type {Record<string, unknown>} */
const everything = {};
for (const folder of positionals) {
  paths = { kernels: 0, quick: 0, library: 0 };
  const files = filesOf(folder);
  const rows = [];
  for (const file of files) rows.push({ file: path.relative(folder, file), ...(await judge(file)) });
  console.log(`\n=== ${folder}: ${files.length} files`);
  for (const [as, title] of Object.entries(CLASSES)) {
    const of = rows.filter((row) => row.as === as);
    if (of.length === 0) continue;
    const kinds = [...new Set(of.map(({ kind }) => kind))].map(
      (kind) => `${of.filter((row) => row.kind === kind).length} ${kind}`,
    );
    console.log(`\n${String(of.length).padStart(4)} ${title}${as === "notAnImage" ? "" : ` (${kinds.join(", ")})`}`);
    for (const { file, detail } of of) if (detail !== "") console.log(`       ${file}: ${detail}`);
  }
  for (const { file, faults } of rows) if (faults.length > 0) console.log(`!!!! ${file}: ${faults.join(", ")}`);
  console.log(`\nways: ${paths.kernels} kernels, ${paths.quick} quick decoders, ${paths.library} the library alone`);
  if (rows.filter(({ as }) => as in CLASSES).length !== files.length) throw new Error("The counts do not add up");
  if (rows.some(({ as, faults }) => faults.length > 0 || as === "different")) process.exitCode = 1;
  everything[path.basename(folder)] = rows;
}
references.stdin.end();
rmSync(scratch, { recursive: true });
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(everything, undefined, 2)}\n`);
