// CleanSplit in hashing.mjs where starting does not count: it answers each folder on its standard input with what its
// inspection took, or what hashing alone took. Arguments: "inspect" or "hash", the folder with the bundles, and worker threads,
// 0 for the default.
import { setMaxListeners } from "node:events";
import { availableParallelism } from "node:os";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { createFingerprints } from "../../src/core/fingerprint/fingerprints";
import { createEngine } from "../../src/engine/createEngine";
import { openDataset } from "../../src/engine/dataset";
import type { Run } from "../../src/engine/engine";
import { Pool } from "../../src/engine/pool/pool";
import { readFolders } from "../../src/engine/reading";
import { inputsOf } from "../../src/engine/recognition/inputs";
import { Unpacked } from "../../src/engine/sources/packed/unpacked";

const [what = "inspect", dist = "", workers = "0"] = process.argv.slice(2);
const count = workers === "0" ? Math.min(availableParallelism(), 8) : Number(workers);
const run: Run<unknown> = { signal: new AbortController().signal, progress: () => undefined };

/** Inspects a folder, and answers how many images it has. */
function inspector(): (folder: string) => Promise<number> {
  const engine = createEngine({ dist, ...(workers === "0" ? {} : { workers: count }) });
  return async (folder) => {
    const { report } = await engine.inspect({ inputs: [folder], assignments: [] }, run);
    return report.timing.samples;
  };
}

/** Lists a folder, reads, decodes and hashes its images, by MD5 too; compares and tells nothing. Answers how many there are. */
function hasher(): (folder: string) => Promise<number> {
  const pool = new Pool(path.join(dist, "worker.js"), count, 8);
  const unpacked = new Unpacked();
  return async (folder) => {
    const { signal } = run;
    const dataset = await openDataset(inputsOf({ inputs: [folder], assignments: [] }), [], pool, run, null, unpacked);
    const into = createFingerprints(dataset.table.count);
    for (const [index, source] of dataset.sources.entries()) {
      if (source.kind !== "folder") throw new Error(`${folder} is no folder of images`);
      const start = dataset.starts[index] ?? 0;
      await readFolders(source, null, { looks: "all", into, start, pool, signal, advance: () => undefined });
    }
    return dataset.table.count;
  };
}

async function main(): Promise<void> {
  // Each folder that is read listens; there are more than Node thinks right.
  setMaxListeners(0, run.signal);
  const call = what === "hash" ? hasher() : inspector();
  for await (const folder of createInterface({ input: process.stdin })) {
    const [wall, cpu] = [performance.now(), process.cpuUsage()];
    const hashed = await call(folder);
    const { user, system } = process.cpuUsage(cpu);
    const took = { wall: (performance.now() - wall) / 1000, cpu: (user + system) / 1e6 };
    console.log("took", JSON.stringify({ hashed, ...took }));
  }
  process.exit(0);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
