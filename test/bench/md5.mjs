// spark-md5, which runs anywhere, against node:crypto, on a tiny picture's bytes and on a megabyte.
import { createHash } from "node:crypto";
import process from "node:process";
import SparkMD5 from "spark-md5";
import { randomOf } from "./cache.mjs";
import { spread } from "./measure.mjs";
import { ratioText, table } from "./report.mjs";

/** @import { Result } from "./report.mjs" */
/** @import { Options } from "./run.mjs" */

const SIZES = [
  { name: "500 B", bytes: 500 },
  { name: "1 MB", bytes: 1_000_000 },
];
/** Long enough that starting and stopping the clock does not count. */
const SECONDS_A_RUN = 0.3;

/** As the engine uses them: one digest of one buffer. @type {Record<string, (bytes: Uint8Array<ArrayBuffer>) => string>} */
const HASHES = {
  "node:crypto": (bytes) => createHash("md5").update(bytes).digest("hex"),
  "spark-md5": (bytes) => SparkMD5.ArrayBuffer.hash(bytes.buffer),
};

/** @param {Options} options @returns {Promise<Result>} */
export async function md5({ runs }) {
  const rounds = Math.max(runs, 5);
  const rows = [];
  for (const { name, bytes } of SIZES) {
    const random = randomOf(bytes);
    const input = Uint8Array.from({ length: bytes }, () => random() * 256);
    const digests = Object.values(HASHES).map((hash) => hash(input));
    if (new Set(digests).size !== 1) throw new Error(`The two digests of ${name} differ.`);
    /** CPU seconds a digest, by name. @type {Map<string, number[]>} */
    const taken = new Map(Object.keys(HASHES).map((key) => [key, []]));
    for (let round = -1; round < rounds; round++) {
      for (const [key, hash] of Object.entries(HASHES)) {
        const seconds = secondsOf(() => hash(input));
        if (round >= 0) taken.get(key)?.push(seconds);
      }
    }
    const [node = [], spark = []] = taken.values();
    rows.push({ name, ratio: spread(spark.map((seconds, i) => seconds / (node[i] ?? NaN))), node, spark });
  }
  return {
    data: rows,
    markdown: [
      `CPU time of spark-md5 in that of \`node:crypto\` (\`createHash\`), ${rounds} runs of each in turn.`,
      table(
        ["input", "spark-md5 takes ×"],
        rows.map(({ name, ratio }) => [name, ratioText(ratio)]),
      ),
    ],
  };
}

/** CPU seconds a call. @param {() => void} call */
function secondsOf(call) {
  const started = process.cpuUsage();
  let calls = 0;
  let seconds = 0;
  while (seconds < SECONDS_A_RUN) {
    // Asking for the CPU time costs as much as hashing 500 bytes, so it is asked for seldom.
    for (let i = 0; i < 100; i++) call();
    calls += 100;
    const { user, system } = process.cpuUsage(started);
    seconds = (user + system) / 1e6;
  }
  return seconds / calls;
}
