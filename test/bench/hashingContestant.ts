// CleanSplit in hashing.mjs where starting does not count: it answers each folder on its standard input with what its
// inspection took. Arguments: the folder with the bundles, and worker threads, 0 for the default.
import process from "node:process";
import { createInterface } from "node:readline";
import { createEngine } from "../../src/engine/createEngine";

const [dist = "", workers = "0"] = process.argv.slice(2);

async function main(): Promise<void> {
  const engine = createEngine({ dist, ...(workers === "0" ? {} : { workers: Number(workers) }) });
  const run = { signal: new AbortController().signal, progress: (): void => undefined };
  for await (const folder of createInterface({ input: process.stdin })) {
    const [wall, cpu] = [performance.now(), process.cpuUsage()];
    const { report } = await engine.inspect({ inputs: [folder], assignments: [] }, run);
    const { user, system } = process.cpuUsage(cpu);
    const took = { wall: (performance.now() - wall) / 1000, cpu: (user + system) / 1e6 };
    console.log("took", JSON.stringify({ hashed: report.timing.samples, ...took }));
  }
  process.exit(0);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
