// A thread of `conformance.mjs --repeat`: decodes all files some times, each time in another order.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { tsImport } from "tsx/esm/api";
import { randomOf } from "./cache.mjs";

/** @type {{ files: string[], runs: number, seed: number }} */
const { files, runs, seed } = workerData;
/** @type {typeof import("../../src/engine/decode/decode")} */
const { decodeImage } = await tsImport("../../src/engine/decode/decode.ts", import.meta.url);
const random = randomOf(seed);

for (let run = 0; run < runs; run++) {
  const order = files.map((file) => ({ file, key: random() })).sort((a, b) => a.key - b.key);
  for (const { file } of order) {
    const answer = await decodeImage(readFileSync(file)).then(
      ({ width, height, mode, pixels }) =>
        `${width} × ${height} ${mode} ${createHash("sha1").update(pixels).digest("hex")}`,
      (/** @type {unknown} */ error) => String(error),
    );
    parentPort?.postMessage([file, answer]);
  }
}
