// How many JPEGs a second one thread sees from their coefficients, and how many it decodes and looks at instead.
// node test/bench/jpeg.mjs <folder of JPEGs> [--files 60] [--rounds 20]
// Of each file the fastest round counts, because other work on the machine only ever slows it down.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { tsImport } from "tsx/esm/api";
import { buildKernels } from "../../scripts/kernels.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { files: { type: "string", default: "60" }, rounds: { type: "string", default: "20" } },
});

/** @type {typeof import("../../src/engine/kernels/kernels")} */
const { loadKernels } = await tsImport("../../src/engine/kernels/kernels.ts", import.meta.url);
/** @type {typeof import("../../src/engine/decode/decode")} */
const { decodeImage } = await tsImport("../../src/engine/decode/decode.ts", import.meta.url);

const built = mkdtempSync(path.join(os.tmpdir(), "cleansplit-bench-"));
await buildKernels(built);
const wasm = loadKernels(path.join(built, "kernels.wasm"), {});
const reference = loadKernels("", { CLEANSPLIT_WASM: "0" });
rmSync(built, { recursive: true });

const folder = positionals[0] ?? ".";
const files = readdirSync(folder)
  .filter((name) => /\.jpe?g$/i.test(name))
  .slice(0, Number(values.files))
  .map((name) => readFileSync(path.join(folder, name)));

/** @type {Record<string, (bytes: Uint8Array) => unknown>} */
const WAYS = {
  "wasm, from coefficients": (bytes) => wasm.jpeg(bytes),
  "reference, from coefficients": (bytes) => reference.jpeg(bytes),
  "decoded by the library, then looked at": async (bytes) => wasm.appearance(await decodeImage(bytes)),
};
const best = Object.keys(WAYS).map(() => files.map(() => Infinity));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [index, see] of Object.values(WAYS).entries()) {
    for (const [i, bytes] of files.entries()) {
      const started = performance.now();
      await see(bytes);
      const times = best[index] ?? [];
      times[i] = Math.min(times[i] ?? Infinity, performance.now() - started);
    }
  }
}
const kilobytes = files.reduce((sum, bytes) => sum + bytes.length, 0) / files.length / 1000;
console.log(`${files.length} files of ${kilobytes.toFixed(0)} KB`);
for (const [index, name] of Object.keys(WAYS).entries()) {
  const mean = (best[index] ?? []).reduce((sum, time) => sum + time, 0) / files.length;
  console.log(`${name}: ${mean.toFixed(2)} ms, ${(1000 / mean).toFixed(0)} a second`);
}
