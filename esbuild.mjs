// Builds everything that ships into dist/. `--watch` rebuilds on change, `--production` minifies.
import { context } from "esbuild";
import { cp, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { buildKernels } from "./scripts/kernels.mjs";

const require = createRequire(import.meta.url);
const production = process.argv.includes("--production");
const watch = process.argv.includes("--watch");

/** @type {import("esbuild").BuildOptions} */
const common = { bundle: true, minify: production, sourcemap: production ? false : "linked", logLevel: "warning" };

/** Native packages cannot be bundled; `vscode` exists only inside the editor. */
const external = ["vscode", "sharp", "@tensorflow/tfjs-node"];

const node = {
  ...common,
  platform: /** @type {const} */ ("node"),
  target: "node20",
  format: /** @type {const} */ ("cjs"),
  external,
  outdir: "dist",
  entryPoints: {
    extension: "src/extension.ts",
    cli: "src/cli/main.ts",
    engine: "src/engine/process/engineMain.ts",
    trainer: "src/engine/process/trainerMain.ts",
    nativeCheck: "src/engine/process/nativeCheckMain.ts",
    worker: "src/engine/pool/workerMain.ts",
    fold: "src/engine/lab/foldMain.ts",
  },
};

const webview = {
  ...common,
  platform: /** @type {const} */ ("browser"),
  target: "es2022",
  format: /** @type {const} */ ("esm"),
  jsx: /** @type {const} */ ("automatic"),
  jsxImportSource: "preact",
  outdir: "dist/webview",
  entryPoints: {
    report: "webview-ui/src/report/main.tsx",
    training: "webview-ui/src/training/main.tsx",
    labels: "webview-ui/src/labels/main.tsx",
  },
};

async function copyAssets() {
  await mkdir("dist/webview", { recursive: true });
  const codicons = path.dirname(require.resolve("@vscode/codicons/dist/codicon.css"));
  for (const file of ["codicon.css", "codicon.ttf"]) await cp(path.join(codicons, file), `dist/webview/${file}`);
  // The WebAssembly back end of TensorFlow.js loads these by name at run time.
  const wasm = path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"));
  for (const file of ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"]) {
    await cp(path.join(wasm, "dist", file), `dist/${file}`);
  }
  // Run anew for each HDF5 file: see src/engine/sources/arrays/hdf5Library.ts.
  await cp("node_modules/h5wasm/dist/iife/h5wasm.js", "dist/h5wasm.js");
  // It and the HDF5 library in it are to be passed on with their licences.
  await cp("node_modules/h5wasm/LICENSE.txt", "dist/h5wasm.LICENSE.txt");
}

const builds = await Promise.all([context(node), context(webview)]);
await Promise.all([copyAssets(), buildKernels("dist")]);
if (watch) {
  await Promise.all(builds.map((build) => build.watch()));
} else {
  await Promise.all(builds.map((build) => build.rebuild()));
  await Promise.all(builds.map((build) => build.dispose()));
}
