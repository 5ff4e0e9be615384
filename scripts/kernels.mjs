// Compiles src/kernels (AssemblyScript) to WebAssembly modules. `node scripts/kernels.mjs [outdir]` does it by hand.
import asc from "assemblyscript/asc";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

/**
 * What is compiled to which module, and the memory it has.
 * @type {readonly { entry: string, module: string, memory: readonly string[] }[]}
 */
const MODULES = [
  // 8 MiB: the fixed buffers of src/kernels/layout.ts and the first input.
  { entry: "src/kernels/index.ts", module: "kernels.wasm", memory: ["--initialMemory", "128"] },
  // The memory of src/engine/near/space.ts, which threads share.
  {
    entry: "src/kernels/glyphs/index.ts",
    module: "glyphs.wasm",
    memory: [
      ...["--importMemory", "--sharedMemory", "--enable", "threads"],
      ...["--initialMemory", "1", "--maximumMemory", "65536"],
    ],
  },
];

/**
 * Writes the modules into `outdir`.
 * @param {string} outdir
 */
export async function buildKernels(outdir) {
  await mkdir(outdir, { recursive: true });
  for (const { entry, module, memory } of MODULES) {
    const { error, stderr } = await asc.main([
      entry,
      ...["--baseDir", root, "--outFile", path.relative(root, path.resolve(outdir, module))],
      ...["--runtime", "stub", "--enable", "simd", ...memory],
      ...["--optimizeLevel", "3", "--shrinkLevel", "0", "--noAssert", "--use", "abort="],
    ]);
    if (error !== null) throw new Error(`Compiling ${entry} failed.\n${stderr.toString()}`, { cause: error });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await buildKernels(process.argv[2] ?? "dist");
}
