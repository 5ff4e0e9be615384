import { mkdirSync } from "node:fs";
import path from "node:path";
import { inputsOf } from "../../../src/engine/recognition/inputs";
import { openDataset } from "../../../src/engine/dataset";
import type { Engine } from "../../../src/engine/engine";
import { inspectDataset, type Inspection } from "../../../src/engine/inspection";
import { Pool } from "../../../src/engine/pool/pool";
import { Unpacked } from "../../../src/engine/sources/packed/unpacked";
import type { ApplyResult, ImageTransfer } from "../../../src/core/sanitize/plan";
import { inspect, png, quiet, writeTree } from "../engine/support";

/** Worker threads as the engine has them. */
export function createPool(): Pool {
  return new Pool(path.resolve(import.meta.dirname, "../../../dist/worker.js"), 2);
}

/** An inspection as the engine holds it. */
export async function inspectFolder(root: string, pool: Pool): Promise<Inspection> {
  const request = { inputs: [root], assignments: [] };
  const dataset = await openDataset(inputsOf(request), [], pool, quiet(), null, new Unpacked());
  return inspectDataset(dataset, pool, quiet(), new Map());
}

/** A dataset of two splits and classes, `count` images each; image 0 of each class is in both splits. */
export function leakyDataset(root: string, count = 4): string {
  mkdirSync(root, { recursive: true });
  const files: Record<string, Uint8Array> = {};
  for (const [at, place] of ["train/A", "train/B", "test/A", "test/B"].entries()) {
    for (let image = 0; image < count; image++) {
      files[`${place}/${image}.png`] = png(image === 0 ? at % 2 : at * count + image + 2);
    }
  }
  return writeTree(root, files);
}

/** The id of a plan of a dataset. */
export async function planOf(engine: Engine, root: string): Promise<string> {
  const { inspection } = await inspect(engine, [root]);
  return (await engine.plan({ inspection }, quiet())).plan;
}

/** Inspects, plans and writes. */
export async function sanitize(
  engine: Engine,
  root: string,
  out: string,
  images: ImageTransfer = "copy",
): Promise<ApplyResult> {
  return engine.apply({ plan: await planOf(engine, root), out, images }, quiet());
}
