// Compiles src/kernels (AssemblyScript) to WebAssembly modules. `node scripts/kernels.mjs [outdir]` does it by hand.
import asc from "assemblyscript/asc";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

/**
 * The modules: name of the file in dist, source, and options for its memory, in pages of 64 KiB.
 * @type {readonly { name: string, source: string, memory: readonly string[] }[]}
 */
const MODULES = [
  // 8 MiB: the fixed buffers of src/kernels/layout.ts and the first input.
  { name: "kernels", source: "src/kernels/index.ts", memory: ["--initialMemory", "128"] },
  // About 14 MiB: its fixed buffers, with a tile of looks and layouts.
  { name: "photos", source: "src/kernels/photos/index.ts", memory: ["--initialMemory", "220"] },
  // The memory of src/engine/near/glyphSpace.ts, which threads share.
  {
    name: "glyphs",
    source: "src/kernels/glyphs/index.ts",
    memory: [
      ...["--importMemory", "--sharedMemory", "--enable", "threads"],
      ...["--initialMemory", "1", "--maximumMemory", "65536"],
    ],
  },
  // The memory of src/engine/training/kernel/memory.ts, which threads share.
  {
    name: "training",
    source: "src/kernels/training/index.ts",
    memory: [
      ...["--importMemory", "--sharedMemory", "--enable", "threads"],
      ...["--initialMemory", "1", "--maximumMemory", "65536"],
    ],
  },
];

/**
 * Writes `<name>.wasm` of every module into `outdir`.
 * @param {string} outdir
 */
export async function buildKernels(outdir) {
  await mkdir(outdir, { recursive: true });
  for (const { name, source, memory } of MODULES) {
    const { error, stderr } = await asc.main([
      source,
      ...["--baseDir", root, "--outFile", path.relative(root, path.resolve(outdir, `${name}.wasm`))],
      ...["--runtime", "stub", "--enable", "simd", ...memory],
      ...["--optimizeLevel", "3", "--shrinkLevel", "0", "--noAssert", "--use", "abort="],
    ]);
    if (error !== null) throw new Error(`Compiling ${source} failed.\n${stderr.toString()}`, { cause: error });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await buildKernels(process.argv[2] ?? "dist");
}
