import path from "node:path";
import { setMaxListeners } from "node:events";
import type { Findings } from "../../../src/core/leakage/findings";
import { openDataset, type Dataset } from "../../../src/engine/dataset";
import { inspectDataset } from "../../../src/engine/inspection";
import { Pool } from "../../../src/engine/pool/pool";
import { inputsOf } from "../../../src/engine/recognition/inputs";
import { Unpacked } from "../../../src/engine/sources/packed/unpacked";

const DIST = path.resolve(import.meta.dirname, "../../../dist");

/** A dataset and what an inspection found in it. */
interface Inspected {
  readonly dataset: Dataset;
  readonly findings: Findings;
}

/** Threads with some kernels, for the tests of one `describe`, and what inspects datasets with them. */
export function useDatasets(
  workers: number,
  kernels: "wasm" | "reference" = "wasm",
): { readonly pool: Pool; readonly open: (inputs: readonly string[]) => Promise<Inspected> } {
  const pool = new Pool(path.join(DIST, "worker.js"), workers);
  const run = { signal: new AbortController().signal, progress: () => undefined };
  setMaxListeners(0, run.signal);
  // Workers take the environment as it is when they start.
  before(() => {
    if (kernels === "reference") process.env["CLEANSPLIT_WASM"] = "0";
  });
  after(async () => {
    delete process.env["CLEANSPLIT_WASM"];
    await pool.close();
  });
  return {
    pool,
    async open(inputs) {
      const dataset = await openDataset(inputsOf({ inputs, assignments: [] }), [], pool, run, null, new Unpacked());
      const { findings } = await inspectDataset(dataset, pool, run, new Map());
      return { dataset, findings };
    },
  };
}

/** An .npy file of bytes. */
export function encodeNpy(shape: readonly number[], data: Uint8Array): Buffer {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const head = Buffer.alloc(10, "\x93NUMPY\x01\0", "latin1");
  const padded = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11, " ") + "\n";
  head.writeUInt16LE(padded.length, 8);
  return Buffer.concat([head, Buffer.from(padded, "latin1"), data]);
}
