import { existsSync } from "node:fs";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { KNN_NEIGHBOURS, MODELS, type ModelName } from "../../../core/training/models";
import type { Backend, Classifier, ClassifierRequest, FeatureTable } from "../classifier";
import { Helper } from "./helper";
import { KernelMemory } from "./memory";
import { neighbourBytes, WasmNeighbours } from "./neighbours";
import { ReferenceNeighbours, ReferenceSoftmax } from "./reference";
import { dimOf } from "./shared";
import { softmaxBytes, WasmSoftmax } from "./softmax";

/** Our own kernels for softmax regression and nearest neighbours. */
export interface KernelBackend extends Backend {
  readonly name: "kernel";
  /** What computes: WebAssembly, or the plain reference where Node cannot run it. Both answer the same bits. */
  readonly variant: "wasm" | "reference";
  /**
   * Room for the pixels of a table, in shared memory, all zero: kernels read pixels where they are if they are here, and copy
   * each batch from elsewhere. It is kept as long as the back end.
   *
   * @throws CleanSplitError "refused" when there is not so much memory
   */
  allocatePixels(length: number): Uint8Array;
}

/** Most memory that a classifier may take beside the pixels, in bytes. */
const MOST_BYTES = 2 ** 30;

/** How the back end is opened. */
export interface KernelOptions {
  /** Folder of the compiled kernels and of the bundles; by default that of this build. */
  readonly dist?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Whether a second thread helps with softmax regression: it is for who trains one model at a time. */
  readonly isHelped?: boolean;
}

/**
 * Opens the back end: the compiled kernels, or the plain reference where Node cannot run them (no WebAssembly, no SIMD), or when
 * the environment says `CLEANSPLIT_WASM=0`. A helper starts with the first model that it can help, and ends with the back end.
 */
export async function openKernelBackend({
  dist = distFolder(),
  environment = process.env,
  isHelped = false,
}: KernelOptions = {}): Promise<KernelBackend> {
  const memory =
    environment["CLEANSPLIT_WASM"] === "0" ? undefined : KernelMemory.open(path.join(dist, "training.wasm"));
  const bytesOf = (model: ModelName, table: FeatureTable, rows: number): number => {
    if (model === "softmax" || model === "softmax-l2") return softmaxBytes(dimOf(table), table.classes);
    if (model !== "knn") return Infinity;
    return neighbourBytes(table, rows, memory !== undefined && memory.addressOf(table.pixels) === undefined);
  };
  let helper: Helper | undefined;
  const helperOf = (of: KernelMemory): Helper | undefined => {
    if (isHelped) helper ??= Helper.start(of, path.join(dist, "trainingHelper.js"));
    return helper;
  };
  return {
    name: "kernel",
    variant: memory === undefined ? "reference" : "wasm",
    supports: (model, table) => bytesOf(model, table, table.labels.length) <= MOST_BYTES,
    create(request) {
      checkTable(request.table);
      const bytes = bytesOf(request.model, request.table, request.train.length);
      if (bytes > MOST_BYTES) throw tooLarge(request.model, bytes);
      return create(memory, request, helperOf);
    },
    allocatePixels: (length) => memory?.allocatePixels(length) ?? new Uint8Array(new SharedArrayBuffer(length)),
    close: async () => {
      const ending = helper;
      helper = undefined;
      await ending?.close();
    },
  };
}

/** What was built lies next to the bundle, or in dist when the sources run unbundled. */
function distFolder(): string {
  return existsSync(path.join(__dirname, "training.wasm")) ? __dirname : path.join(__dirname, "../../../../dist");
}

function create(
  memory: KernelMemory | undefined,
  { model, table, recipe, train }: ClassifierRequest,
  helperOf: (memory: KernelMemory) => Helper | undefined,
): Classifier {
  if (model === "knn") {
    return memory === undefined
      ? new ReferenceNeighbours(table, train, KNN_NEIGHBOURS)
      : new WasmNeighbours(memory, table, train, KNN_NEIGHBOURS);
  }
  if (recipe === null) throw new Error(`The model "${model}" needs a recipe.`);
  return memory === undefined
    ? new ReferenceSoftmax(table, recipe)
    : new WasmSoftmax(memory, table, recipe, () => helperOf(memory));
}

function tooLarge(model: ModelName, bytes: number): CleanSplitError {
  const { title } = MODELS[model];
  return new CleanSplitError(
    "refused",
    Number.isFinite(bytes)
      ? l10n.t(
          "{0} needs {1} MB of memory for pictures of this size and so many classes, which is more than the kernel takes ({2} MB); choose a smaller side for the pictures.",
          title,
          Math.ceil(bytes / 1e6),
          Math.floor(MOST_BYTES / 1e6),
        )
      : l10n.t('The kernel cannot train the model "{0}"; choose another back end.', model),
  );
}

/** Throws an Error unless the table holds what it says. */
function checkTable(table: FeatureTable): void {
  const { pixels, labels, height, width, classes } = table;
  const isWhole = [height, width, classes].every((size) => Number.isSafeInteger(size) && size > 0);
  if (!isWhole || pixels.length !== labels.length * dimOf(table)) {
    throw new Error(
      `The table has ${pixels.length} pixels, but ${labels.length} rows of ${height} x ${width} x ${table.channels} and ${classes} classes.`,
    );
  }
}
