// Builds everything that ships into dist/. `--watch` rebuilds on change, `--production` minifies, `--outdir DIR` builds
// elsewhere and `--inputs FILE` writes down which files went into the bundles, as JSON.
import { context } from "esbuild";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";
import { buildKernels } from "./scripts/kernels.mjs";

const require = createRequire(import.meta.url);
const { production, watch, outdir, inputs } = parseArgs({
  options: {
    production: { type: "boolean", default: false },
    watch: { type: "boolean", default: false },
    outdir: { type: "string", default: "dist" },
    inputs: { type: "string" },
  },
}).values;

/** @type {import("esbuild").BuildOptions} */
const common = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : "linked",
  metafile: inputs !== undefined,
  logLevel: "warning",
};

/**
 * Each file that imports everything of `vscode` would copy its 500 names when it is loaded: half of the time that the
 * activation takes. So one module copies them for all.
 * @type {import("esbuild").Plugin}
 */
const sharedVscode = {
  name: "shared-vscode",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^vscode$/ }, ({ namespace }) =>
      namespace === "shared" ? { path: "vscode", external: true } : { path: "vscode", namespace: "shared" },
    );
    onLoad({ filter: /.*/, namespace: "shared" }, () => ({ contents: 'export * from "vscode";' }));
  },
};

/**
 * Large libraries that most runs never use are files of their own, loaded when something of them is used first: to compile and
 * run them would be a quarter of the time that the extension takes to activate, or that the command line takes to begin. So
 * nothing of them is named where a module begins, but in functions.
 */
const OWN_FILES = {
  "vscode-jsonrpc/node": "rpcLibrary",
  "apache-arrow": "arrowLibrary",
  "hyparquet-compressors": "compressorsLibrary",
};

/** Names that Node and esbuild add to modules themselves. */
const INTEROP = ["default", "__esModule", "module.exports"];

/** @type {import("esbuild").Plugin} */
const ownFiles = {
  name: "own-files",
  setup: ({ onResolve, onLoad }) => {
    const filter = new RegExp(`^(${Object.keys(OWN_FILES).join("|")})$`);
    onResolve({ filter }, ({ path: library, kind }) =>
      kind === "entry-point" ? undefined : { path: library, namespace: "own-file" },
    );
    onResolve({ filter: /.*/, namespace: "own-file" }, ({ path: file }) => ({ path: file, external: true }));
    onLoad({ filter: /.*/, namespace: "own-file" }, async ({ path: library }) => {
      const file = JSON.stringify(`./${OWN_FILES[/** @type {keyof typeof OWN_FILES} */ (library)]}.js`);
      const names = JSON.stringify(Object.keys(await import(library)).filter((name) => !INTEROP.includes(name)));
      const contents = `for (const name of ${names})
        Object.defineProperty(exports, name, { enumerable: true, get: () => require(${file})[name] });`;
      return { contents };
    });
  },
};

/** Native packages cannot be bundled. */
const external = ["sharp", "@tensorflow/tfjs-node"];

const node = {
  ...common,
  platform: /** @type {const} */ ("node"),
  target: "node20",
  format: /** @type {const} */ ("cjs"),
  external,
  plugins: [sharedVscode, ownFiles],
  outdir,
  entryPoints: {
    ...Object.fromEntries(Object.entries(OWN_FILES).map(([library, file]) => [file, library])),
    extension: "src/extension.ts",
    cli: "src/cli/main.ts",
    engine: "src/engine/process/engineMain.ts",
    trainer: "src/engine/process/trainerMain.ts",
    nativeCheck: "src/engine/process/nativeCheckMain.ts",
    worker: "src/engine/pool/workerMain.ts",
    fold: "src/engine/lab/foldMain.ts",
    trainingHelper: "src/engine/training/kernel/helperMain.ts",
  },
};

const webview = {
  ...common,
  platform: /** @type {const} */ ("browser"),
  target: "es2022",
  format: /** @type {const} */ ("esm"),
  jsx: /** @type {const} */ ("automatic"),
  jsxImportSource: "preact",
  outdir: path.join(outdir, "webview"),
  entryPoints: {
    report: "webview-ui/src/report/main.tsx",
    training: "webview-ui/src/training/main.tsx",
    labels: "webview-ui/src/labels/main.tsx",
  },
};

/** The page of a report in one file, which holds its script, its styles and its icons itself: as small as it gets. */
const reportFile = {
  ...webview,
  minify: true,
  sourcemap: /** @type {const} */ (false),
  format: /** @type {const} */ ("iife"),
  entryPoints: { reportFile: "webview-ui/src/report/file/main.tsx" },
  loader: { ".ttf": /** @type {const} */ ("dataurl") },
};

async function copyAssets() {
  const pages = path.join(outdir, "webview");
  await mkdir(pages, { recursive: true });
  const codicons = path.dirname(require.resolve("@vscode/codicons/dist/codicon.css"));
  for (const file of ["codicon.css", "codicon.ttf"]) await cp(path.join(codicons, file), path.join(pages, file));
  // The WebAssembly back end of TensorFlow.js loads these by name at run time.
  const wasm = path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"));
  for (const file of ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"]) {
    await cp(path.join(wasm, "dist", file), path.join(outdir, file));
  }
  // Run anew for each HDF5 file: see src/engine/sources/arrays/hdf5Library.ts.
  await cp("node_modules/h5wasm/dist/iife/h5wasm.js", path.join(outdir, "h5wasm.js"));
  // It and the HDF5 library in it are to be passed on with their licences.
  await cp("node_modules/h5wasm/LICENSE.txt", path.join(outdir, "h5wasm.LICENSE.txt"));
}

const builds = await Promise.all([node, webview, reportFile].map(context));
await Promise.all([copyAssets(), buildKernels(outdir)]);
if (watch) {
  await Promise.all(builds.map((build) => build.watch()));
} else {
  const results = await Promise.all(builds.map((build) => build.rebuild()));
  await Promise.all(builds.map((build) => build.dispose()));
  if (inputs !== undefined) await writeFile(inputs, JSON.stringify(results.flatMap(inputsOf)));
}

/** @param {import("esbuild").BuildResult} result */
function inputsOf({ metafile }) {
  // Only what is left in a bundle after what is never used was dropped.
  return Object.values(metafile?.outputs ?? {}).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
}
