// `npm run bench:train`: softmax regression by our kernel and by other libraries, on the same pictures, in turn.
// Results go to artifacts/bench/train.json and into docs/performance.md.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { cached, CACHE, randomOf } from "./cache.mjs";
import { spread } from "./measure.mjs";
import { pythonWith, SHARED } from "./peers.mjs";
import { digits, machine, ratioText, ROOT, table, updateDocument, writeJson } from "./report.mjs";

const [ROWS, DIM, CLASSES] = [200_000, 784, 10];
const MB = 1e6;
const MOST_MEMORY = 400;
const LIBRARIES = [...SHARED, "torch==2.15.0", "tensorflow-cpu==2.21.0", "keras==3.15.1"];
const SCRIPT = fileURLToPath(new URL("train.py", import.meta.url));
const DIST = path.join(ROOT, "dist");

/**
 * @typedef {object} Entrant
 * @property {string} name @property {string} title
 * @property {string} says What is run.
 * @property {boolean} [isPython]
 * @property {number} [target] How many times as many samples a second we are to train.
 */

/** @type {readonly Entrant[]} */
const ENTRANTS = [
  { name: "kernel", title: "CleanSplit", says: "the back end `kernel`, with its helper, a second thread" },
  { name: "kernel-one", title: "CleanSplit, one thread", says: "the same without the helper, as label audits use it" },
  {
    name: "tfjs",
    title: "TensorFlow.js WASM",
    says: "the gradient written out, its SIMD module, which is faster than having it derived",
    target: 3,
  },
  {
    name: "tfjs-threads",
    title: "TensorFlow.js WASM, threads",
    says: "the same with its module of threads",
    target: 3,
  },
  {
    name: "torch",
    title: "PyTorch",
    says: "the plain loop on one thread: batches by index from a tensor of bytes, converted there",
    isPython: true,
    target: 0.7,
  },
  {
    name: "sklearn",
    title: "SGDClassifier",
    says: 'scikit-learn, `loss="log_loss"`, epoch by epoch; it goes sample by sample and trains one model a class',
    isPython: true,
    target: 8,
  },
  {
    name: "keras",
    title: "Keras `fit`",
    says: "TensorFlow with the threads it chooses, on floats made before",
    isPython: true,
    target: 15,
  },
];

const USAGE = `npm run bench:train -- [options]
  --python FILE  a Python that has torch, scikit-learn, keras and tensorflow; by default an environment is made in
                 ${CACHE} (CLEANSPLIT_BENCH_DIR), which downloads them
  --runs N       epochs of each in turn that count; 5
  --only A,B     only these and our own kernel: ${ENTRANTS.map(({ name }) => name).join(", ")}
  --dry          only print: leave artifacts/bench and docs/performance.md as they are`;

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    runs: { type: "string", default: "5" },
    only: { type: "string" },
    dry: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
const runs = Number(values.runs);
if (values.help || !Number.isInteger(runs) || runs < 1) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
if (process.platform !== "linux") {
  console.error("The bench needs Linux: it reads the memory of processes from /proc.");
  process.exit(2);
}

/** A contestant in a process of its own, which is asked for one epoch at a time. */
class Contestant {
  /** @type {{ wall: number, cpu: number }[]} */
  epochs = [];
  accuracy = NaN;
  /** Peak of the resident set, in MB. */
  memory = NaN;

  /** @param {Entrant} entrant @param {readonly string[]} argv */
  constructor(entrant, [file = "", ...args]) {
    this.entrant = entrant;
    this.errors = "";
    this.child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.child.on("error", (error) => (this.errors = error.message));
    this.child.stderr.on("data", (data) => (this.errors = (this.errors + String(data)).slice(-2000)));
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Waits until it has its data; its version, or why it takes no part. */
  async start() {
    const { value } = await this.lines.next();
    if (value === undefined) {
      const line = this.errors.trim().split("\n").at(-1);
      return { missing: line === undefined || line === "" ? "it does not start" : line };
    }
    return { version: String(value).slice("ready".length).trim() };
  }

  /** @param {string} line @returns {Promise<any>} */
  async ask(line) {
    this.child.stdin.write(`${line}\n`);
    const { value } = await this.lines.next();
    if (value === undefined) throw new Error(`${this.entrant.title} ended: ${this.errors.trim()}`);
    return JSON.parse(value);
  }

  async end() {
    this.accuracy = (await this.ask("accuracy")).accuracy;
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    this.memory = (Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024) / MB;
    const ended = once(this.child, "exit");
    this.child.stdin.end();
    await ended;
  }
}

/** Pictures of noise with a faint pattern for each class; one label in ten is random. */
function makePictures(/** @type {string} */ folder) {
  const random = randomOf(1);
  const patterns = Array.from({ length: CLASSES }, () => Uint8Array.from({ length: DIM }, () => random() * 32));
  const labels = new Uint8Array(ROWS);
  const file = openSync(path.join(folder, "pixels.bin"), "w");
  const row = new Uint8Array(DIM);
  for (let i = 0; i < ROWS; i++) {
    const label = Math.floor(random() * CLASSES);
    for (let p = 0; p < DIM; p++) row[p] = random() * 224 + (patterns[label]?.[p] ?? 0);
    writeSync(file, row);
    labels[i] = random() < 0.1 ? random() * CLASSES : label;
  }
  closeSync(file);
  writeFileSync(path.join(folder, "labels.bin"), labels);
  return { rows: ROWS };
}

async function main() {
  const { folder } = await cached("train-1", makePictures);
  const own = path.join(ROOT, "out/test/bench/trainContestant.js");
  await build({
    entryPoints: [path.join(ROOT, "test/bench/trainContestant.ts")],
    outfile: own,
    ...{ bundle: true, platform: "node", target: "node20", format: "cjs", logLevel: "warning" },
    external: ["@tensorflow/tfjs-node"],
  });
  const wanted = ENTRANTS.filter(
    ({ name }) => values.only === undefined || name === "kernel" || values.only.split(",").includes(name),
  );
  const python = wanted.some(({ isPython }) => isPython)
    ? (values.python ?? (await pythonWith("python-train-1", LIBRARIES)))
    : undefined;

  /** @type {Contestant[]} */
  const contestants = [];
  const notes = [];
  for (const entrant of wanted) {
    const { name, title, says, isPython = false } = entrant;
    if (isPython && python === undefined) {
      notes.push(`${title}: missing; its libraries cannot be installed here.`);
      continue;
    }
    const argv = isPython ? [python ?? "", SCRIPT, name, folder] : [process.execPath, own, name, folder, DIST];
    const contestant = new Contestant(entrant, argv);
    const { version = "", missing } = await contestant.start();
    if (missing === undefined) {
      contestants.push(contestant);
      notes.push(`${title}${version === "" ? "" : ` ${version}`}: ${says}.`);
    } else notes.push(`${title}: missing (${missing}).`);
  }
  const [load = 0] = os.loadavg();
  for (let run = 0; run <= runs; run++) {
    for (const contestant of contestants) {
      const epoch = await contestant.ask("epoch");
      const { title } = contestant.entrant;
      console.log(
        `  ${run === 0 ? "warm-up" : `run ${run}`}: ${title} ${digits(epoch.wall)} s, CPU ${digits(epoch.cpu)} s`,
      );
      if (run > 0) contestant.epochs.push(epoch);
    }
  }
  for (const contestant of contestants) await contestant.end();
  await report(contestants, notes, load);
}

/** @param {readonly Contestant[]} contestants @param {readonly string[]} notes @param {number} load */
async function report(contestants, notes, load) {
  const [own] = contestants;
  if (own?.entrant.name !== "kernel") throw new Error(`Our own kernel takes no part. ${notes.join(" ")}`);
  const rows = contestants.map(({ entrant, epochs, accuracy, memory }) => {
    const of = (/** @type {"wall" | "cpu"} */ what) => ({
      seconds: spread(epochs.map((epoch) => epoch[what])),
      ratio: spread(epochs.map((epoch, i) => epoch[what] / (own.epochs[i]?.[what] ?? NaN))),
    });
    return { ...entrant, wall: of("wall"), cpu: of("cpu"), accuracy, memory, epochs };
  });
  const verdicts = rows.flatMap(({ title, target, wall, cpu }) => {
    if (target === undefined) return [];
    const verdict = (/** @type {number} */ ratio) => `${digits(ratio)}, ${ratio >= target ? "holds" : "does not hold"}`;
    return [[`${title}: samples a second`, `${target}`, verdict(cpu.ratio.median), verdict(wall.ratio.median)]];
  });
  const fits = own.memory <= MOST_MEMORY ? "holds" : "does not hold";
  const { cores, cpu, memoryGB, system, node } = machine();
  const speed = (/** @type {number} */ seconds) => Math.round(ROWS / seconds / 1000).toLocaleString("en");
  const text = [
    `\`npm run bench:train -- --runs ${runs}\` on ${cores} cores (${cpu}), ${memoryGB} GB, ${system}, Node ${node.slice(1)}.`,
    ...(load > cores / 2
      ? [`The machine was busy with other work (load ${load.toFixed(1)}): CPU time is the ratio to trust.`]
      : []),
    `One epoch of softmax regression on ${ROWS.toLocaleString("en")} x ${DIM} generated bytes, ${CLASSES} classes, batches of 128, plain ` +
      `gradient descent, in a new order each epoch: ${runs} epochs of each in turn, after one that does not count. Reading the data is not ` +
      "timed. Ratios above 1: the peer takes more. Right: of the first 2000 rows after all epochs; one label in eleven is wrong.",
    table(
      ["", "wall time ×", "CPU time ×", "1000 samples a second, wall", "of CPU time", "peak memory", "right"],
      rows.map(({ title, wall, cpu, memory, accuracy }, i) => [
        title,
        ...[wall, cpu].map(({ ratio }) => (i === 0 ? "1" : ratioText(ratio))),
        ...[wall, cpu].map(({ seconds }) => speed(seconds.median)),
        `${memory.toFixed(0)} MB`,
        accuracy.toFixed(3),
      ]),
    ),
    table(
      ["target", "at least", "by CPU time", "by wall time"],
      [...verdicts, ["memory of our process, MB", `at most ${MOST_MEMORY}`, `${own.memory.toFixed(0)}, ${fits}`, ""]],
    ),
    notes.map((note) => `- ${note}`).join("\n"),
  ];
  console.log(`\n${text.join("\n\n")}\n`);
  if (values.dry) return;
  console.log(writeJson("train", { machine: machine(), load, runs, rows, notes }));
  await updateDocument("train", text);
}

await main();
