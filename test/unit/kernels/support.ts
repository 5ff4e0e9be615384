import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { fingerprintBatch, loadKernels, type FileColumns, type Kernels } from "../../../src/engine/kernels/kernels";

let built: Promise<string> | undefined;

/** The module of that name compiled from the sources, all of them once for all tests. */
export async function compiled(name = "kernels"): Promise<string> {
  built ??= (async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "cleansplit-kernels-"));
    await promisify(execFile)(process.execPath, [path.join(__dirname, "../../../scripts/kernels.mjs"), folder]);
    return folder;
  })();
  return path.join(await built, `${name}.wasm`);
}

/** Both implementations, new ones. */
export async function both(): Promise<{ readonly wasm: Kernels; readonly reference: Kernels }> {
  const file = await compiled();
  const wasm = loadKernels(file, {});
  const reference = loadKernels(file, { CLEANSPLIT_WASM: "0" });
  assert.deepEqual([wasm.name, reference.name], ["wasm", "reference"]);
  return { wasm, reference };
}

/** Fingerprints files with both implementations, asserts that all they find is equal, and answers it. */
export function fingerprintWithBoth(
  { wasm, reference }: { readonly wasm: Kernels; readonly reference: Kernels },
  files: readonly Uint8Array[],
): FileColumns {
  const expected = fingerprintBatch(reference, files);
  const found = fingerprintBatch(wasm, files);
  files.forEach((_, row) => assert.deepEqual(rowOf(found, row), rowOf(expected, row)));
  return expected;
}

/** What means something in a row. */
function rowOf(columns: FileColumns, row: number): unknown {
  const cut = (column: Uint8Array | Uint16Array | Uint32Array, size = 1): number[] => [
    ...column.subarray(row * size, (row + 1) * size),
  ];
  const covered = columns.covered[row];
  const always = { covered, file: cut(columns.fileDigests, 16) };
  if (covered === 0) return always;
  return {
    ...always,
    shape: [cut(columns.widths), cut(columns.heights), cut(columns.modes)],
    pixels: cut(columns.pixelDigests, 16),
    blank: cut(columns.blank),
    signature: cut(columns.signatures, 64),
    dHash: cut(columns.dHashes, 2),
    pHash: cut(columns.pHashes, 2),
    contrast: [cut(columns.darkest), cut(columns.brightest), cut(columns.spreads)],
  };
}

/** Numbers that look random and are the same every time, 0..2^31-1. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff);
}
