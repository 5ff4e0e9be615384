// Damages tar, tar.gz and zip files at random, with their checksums made right as a rule, and asks whether each is read or refused
// in an orderly way, in little time and memory. node test/bench/fuzz-archives.mjs [--format zip]... and the options in fuzzing.mjs
import { gzipSync } from "node:zlib";
import { tsImport } from "tsx/esm/api";
import { below, damaged, fuzz, oneOf } from "./fuzzing.mjs";

/** @type {typeof import("./fuzzed")} */
const { openPackedFile, tarOf, Unpacked, withChecksum, zipOf } = await tsImport("./fuzzed.ts", import.meta.url);

const FILES = {
  "train/A/1.png": "one",
  "train/A/1.cls": "5",
  "test/B/2.jpg": "two".repeat(400),
  [`${"long/".repeat(40)}3.png`]: "three",
  "é.json": '{"label": 1}',
  ".DS_Store": "x",
};
const FEW = { "train/A/1.png": "one", "test/B/2.png": "two" };
const TARS = [await tarOf(FILES), await tarOf(FEW)];
const ZIPS = [await zipOf(FILES), await zipOf(FILES, false), await zipOf(FEW, false)];
const { signal } = new AbortController();

/** A damaged tar file, in most cases with right checksums: else these are all that a reader sees. */
function damagedTar() {
  const bytes = damaged(oneOf(TARS));
  if (below(8) === 0) return bytes;
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    if (bytes.toString("latin1", at + 257, at + 262) === "ustar") withChecksum(bytes.subarray(at, at + 512));
  }
  return bytes;
}

/** A tar file that is damaged, or its compressed data is. */
function damagedTarGz() {
  return below(2) === 0 ? gzipSync(damagedTar(), { level: 1 }) : damaged(gzipSync(oneOf(TARS), { level: 1 }));
}

/** Opens an archive and reads all its images. */
async function readAll(/** @type {string} */ file) {
  const packed = await openPackedFile(file);
  try {
    for (const { key, count } of packed?.images ?? []) await packed?.read(key, 0, count);
  } finally {
    packed?.close();
  }
}

async function readCompressed(/** @type {string} */ file) {
  const unpacked = new Unpacked();
  try {
    await readAll(await unpacked.readable(file, signal));
  } finally {
    await unpacked.close();
  }
}

await fuzz({
  tar: { file: "x.tar", make: damagedTar, read: readAll },
  "tar-gzip": { file: "x.tar.gz", make: damagedTarGz, read: readCompressed },
  zip: { file: "x.zip", make: () => damaged(oneOf(ZIPS)), read: readAll },
});
