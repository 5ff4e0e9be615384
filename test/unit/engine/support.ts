import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Assignment } from "../../../src/core/dataset/dataset";
import type { Leakage, Report } from "../../../src/core/leakage/report";
import { mix32 } from "../../../src/core/training/random";
import { createEngine } from "../../../src/engine/createEngine";
import type { Engine, InspectionResult, Run } from "../../../src/engine/engine";
import { encodePng } from "../../support/png";

/** The bundles that `npm run build` makes; workers and the trainer run from there. */
const DIST = path.resolve(import.meta.dirname, "../../../dist");

/** Where published datasets lie that are too large to ship; tests that need them say when they are absent. */
export const PUBLISHED_DATA =
  process.env["CLEANSPLIT_TEST_DATA"] ?? path.resolve(import.meta.dirname, "../../../../shared/data");

const extracted = new Map<string, string>();

/** The folder with what a published archive holds; unpacked once for all tests, which do not change it. */
export function extractPublished(name: string): string {
  let folder = extracted.get(name);
  if (folder === undefined) {
    folder = mkdtempSync(path.join(tmpdir(), "cleansplit-published-"));
    extracted.set(name, folder);
    execFileSync("tar", ["-xzf", path.join(PUBLISHED_DATA, `${name}.tar.gz`), "-C", folder]);
  }
  return folder;
}

after(() => {
  for (const folder of extracted.values()) rmSync(folder, { recursive: true, force: true });
});

/** A run that is never cancelled and tells nobody. */
export function quiet(signal = new AbortController().signal): Run<unknown> {
  return { signal, progress: () => undefined };
}

/** An engine that the caller closes. */
export function createEngineForTest(workers: number, indexFolder: string | null = null): Engine {
  return createEngine({ dist: DIST, workers, indexFolder });
}

/** An engine and a scratch folder for the tests of one `describe`; both end with it. */
export function useEngine(workers = 2): { readonly engine: Engine; readonly scratch: string } {
  const scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-test-"));
  const engine = createEngineForTest(workers);
  after(async () => {
    await engine.close();
    rmSync(scratch, { recursive: true, force: true });
  });
  return { engine, scratch };
}

/** Inspects some paths. */
export function inspect(
  engine: Engine,
  inputs: readonly string[],
  assignments: readonly Assignment[] = [],
): Promise<InspectionResult> {
  return engine.inspect({ inputs, assignments }, quiet());
}

/** Images that leak, by "split in split", at one tier; pairs of splits without leakage are left out. */
export function leaks(report: Report, tier: Leakage["tier"] = "pixel"): Record<string, number> {
  const found = report.leakage.filter((entry) => entry.tier === tier && entry.samples > 0);
  return Object.fromEntries(found.map((entry) => [`${entry.split} in ${entry.in}`, entry.samples]));
}

/** A grey PNG of 6 x 6 pixels; equal seeds give equal pixels, levels give other bytes for the same pixels. */
export function png(seed: number, level = 6): Buffer {
  const rows = Uint8Array.from({ length: 36 }, (_, index) => (seed * 37 + index * (seed + 11)) % 256);
  return encodePng({ width: 6, height: 6, rows, zlib: { level } });
}

/** A glyph of black and white blocks, of which one pixel of 256 may be `off` levels off: an RMS of off / 16. */
export function glyph(seed: number, off = 0, level = 6): Buffer {
  const rows = Uint8Array.from(
    { length: 256 },
    (_, i) => (mix32(seed * 64 + (i >> 6) * 4 + ((i & 15) >> 2)) & 1) * 255,
  );
  rows[0] = Math.abs((rows[0] ?? 0) - off);
  return encodePng({ width: 16, height: 16, rows, zlib: { level } });
}

/** Writes files below a folder; names are paths with `/`. */
export function writeTree(root: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return root;
}

/** All files below a folder with the MD5 of their bytes, sorted. */
export function treeOf(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return `${path.relative(root, file)} ${createHash("md5").update(readFileSync(file)).digest("hex")}`;
    })
    .sort();
}

/** A dataset with every fault: 1 leaks as a file, 2 as pixels, 3 is twice in train, 4 carries two labels. */
export function faultyDataset(root: string): string {
  return writeTree(root, {
    "train/A/1.png": png(1),
    "train/A/2.png": png(2),
    "train/A/3.png": png(3),
    "train/A/3 again.png": png(3),
    "train/B/4.png": png(4),
    "train/B/5.png": png(5),
    "train/B/blank.png": encodePng({ width: 6, height: 6, rows: new Uint8Array(36) }),
    "train/notes.txt": "not an image",
    "valid/A/1 copy.png": png(1),
    "valid/B/6.png": png(6),
    "valid/B/empty.png": "",
    "test/A/2 saved again.png": png(2, 0),
    "test/A/4 as A.png": png(4),
    "test/B/7.png": png(7),
    "test/B/blank.png": encodePng({ width: 6, height: 6, rows: new Uint8Array(36) }),
    ".DS_Store": "x",
  });
}
