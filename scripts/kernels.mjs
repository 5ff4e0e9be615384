// Compiles src/kernels (AssemblyScript) to one WebAssembly module. `node scripts/kernels.mjs [outdir]` does it by hand.
import asc from "assemblyscript/asc";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

/** 8 MiB: the fixed buffers of src/kernels/layout.ts and the first input. */
const INITIAL_PAGES = 128;

/**
 * Writes `kernels.wasm` into `outdir`.
 * @param {string} outdir
 */
export async function buildKernels(outdir) {
  await mkdir(outdir, { recursive: true });
  const { error, stderr } = await asc.main([
    "src/kernels/index.ts",
    ...["--baseDir", root, "--outFile", path.relative(root, path.resolve(outdir, "kernels.wasm"))],
    ...["--runtime", "stub", "--enable", "simd", "--initialMemory", String(INITIAL_PAGES)],
    ...["--optimizeLevel", "3", "--shrinkLevel", "0", "--noAssert", "--use", "abort="],
  ]);
  if (error !== null) throw new Error(`Compiling src/kernels failed.\n${stderr.toString()}`, { cause: error });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await buildKernels(process.argv[2] ?? "dist");
}
