// Compiles src/kernels (AssemblyScript) to WebAssembly. `node scripts/kernels.mjs [outdir]` does it by hand.
import asc from "assemblyscript/asc";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

/**
 * The modules: name of the file in dist, source, and first size of the memory in pages of 64 KiB, which holds the fixed
 * buffers of the module.
 */
const MODULES = [
  { name: "kernels", source: "src/kernels/index.ts", pages: 128 },
  { name: "photos", source: "src/kernels/photos/index.ts", pages: 110 },
];

/**
 * Writes `<name>.wasm` of every module into `outdir`.
 * @param {string} outdir
 */
export async function buildKernels(outdir) {
  await mkdir(outdir, { recursive: true });
  for (const { name, source, pages } of MODULES) {
    const { error, stderr } = await asc.main([
      source,
      ...["--baseDir", root, "--outFile", path.relative(root, path.resolve(outdir, `${name}.wasm`))],
      ...["--runtime", "stub", "--enable", "simd", "--initialMemory", String(pages)],
      ...["--optimizeLevel", "3", "--shrinkLevel", "0", "--noAssert", "--use", "abort="],
    ]);
    if (error !== null) throw new Error(`Compiling ${source} failed.\n${stderr.toString()}`, { cause: error });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await buildKernels(process.argv[2] ?? "dist");
}
