// A whole inspection against tools that hash images so that similar ones are found. Images a second, as ratios.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { CACHE } from "./cache.mjs";
import { interleave, measure, spread } from "./measure.mjs";
import { inspectCommand, pythonWith, SHARED } from "./peers.mjs";
import { preparePhotos } from "./photos.mjs";
import { compare, comparisonTable, digits, ratioText, ROOT, table } from "./report.mjs";
import { prepareTree } from "./tree.mjs";

/** @import { Result } from "./report.mjs" */
/** @import { Options } from "./run.mjs" */

const SCRIPT = fileURLToPath(new URL("hashing.py", import.meta.url));
const [GLYPHS, PHOTOS] = [22_000, 1200];
/**
 * Other images that a process which starts before it is timed does first, so often: what is compiled while it runs is
 * compiled then. And few of them, once, for what would take minutes.
 */
const [WARM_GLYPHS, WARM_PHOTOS, WARM_UPS] = [20_000, 300, 8];
const FEW_GLYPHS = 1000;
/** Seconds that are timed at least: what takes less is done again, and the mean counts. */
const LEAST_SECONDS = 1;
/** What of CleanSplit does as much as the others, and MD5 beside. */
const HASHING = "CleanSplit, hashing alone";
/** Python tools take a minute a run, and their ratios are far from 1. */
const RUNS = 3;

/**
 * @typedef {object} Tool
 * @property {string} name @property {string} version
 * @property {string} says What is run.
 * @property {() => Promise<string | undefined>} python
 * @property {Record<string, string>} [env]
 * @property {readonly string[]} [within] A command that runs it.
 * @property {boolean} [slow] Too slow for many glyphs.
 * @property {boolean} [isTedious] Takes minutes for many glyphs, so it does them once, and few of them to warm up.
 * @property {{ readonly glyphs: number, readonly photos: number }} [target] How many times as many images a second
 *   CleanSplit is to hash, once processes have started.
 */

/** @type {readonly Tool[]} */
const TOOLS = [
  {
    name: "imagededup",
    version: "0.3.3.post2",
    says: "`PHash().encode_images`: hashes, nothing compared; without PyTorch, which only its CNN method needs",
    python: hashers,
    target: { glyphs: 20, photos: 3 },
  },
  {
    name: "cleanvision",
    version: "0.3.7",
    says:
      "the issues `exact_duplicates` and `near_duplicates`; it stops at an unreadable image, " +
      "so there is none in this data",
    python: hashers,
    isTedious: true,
    target: { glyphs: 10, photos: 3 },
  },
  {
    name: "fastdup",
    version: "2.54",
    says: "`run`: embeds images with a small network and finds neighbours, which is more work than hashing",
    // Its own pins contradict those of the others.
    python: () => pythonWith("python-fastdup-1", ["fastdup==2.54"]),
    // It reports home unless it is told not to; it is also given no network.
    env: { SENTRY_OPT_OUT: "1" },
    within: ["unshare", "-n"],
    slow: true,
  },
];

/** imagededup without PyTorch, which hashing does not need. */
function hashers() {
  return pythonWith("python-hashers-1", [...SHARED, "cleanvision==0.3.7", "tqdm"], ["imagededup==0.3.3.post2"]);
}

/** @param {Options} options @returns {Promise<Result>} */
export async function hashing(options) {
  const notes = [
    "CleanSplit: a whole inspection, with MD5 of bytes, and of pixels but those of JPEGs that look like no other picture; " +
      "near duplicates, which have a bench of their own, are not searched (`--tier pixel`).",
  ];
  /** @type {(Tool & { start: string[] })[]} */
  const tools = [];
  for (const tool of TOOLS) {
    const within = tool.within ?? [];
    const python = await tool.python();
    const [file = "true", ...args] = [...within, "true"];
    if (python === undefined) notes.push(`${tool.name} cannot be installed here: skipped.`);
    else if (spawnSync(file, args).status !== 0) notes.push(`${tool.name} needs \`${within.join(" ")}\`: skipped.`);
    else {
      tools.push({ ...tool, start: [...within, python, SCRIPT, tool.name] });
      notes.push(`${tool.name}: ${tool.says}.`);
    }
  }
  const [glyphs, photos] = options.quick ? [GLYPHS / 4, PHOTOS / 4] : [GLYPHS, PHOTOS];
  const few = (await prepareTree(FEW_GLYPHS, { readable: true })).folder;
  /** @type {{ name: string, count: number, folder: string, warm: string, many?: boolean }[]} */
  const inputs = [
    {
      name: `${glyphs.toLocaleString("en")} glyphs, PNG 28x28`,
      count: glyphs,
      folder: (await prepareTree(glyphs, { readable: true })).folder,
      warm: (await prepareTree(WARM_GLYPHS, { readable: true })).folder,
      many: true,
    },
    {
      name: `${photos} photos, JPEG 640x480`,
      count: photos,
      folder: await preparePhotos(photos),
      warm: await preparePhotos(WARM_PHOTOS),
    },
  ];
  const work = path.join(CACHE, "fastdup-work");
  mkdirSync(work, { recursive: true });

  const own = path.join(ROOT, "out/test/bench/hashingContestant.js");
  await bundle(own);
  const data = [];
  const started = [];
  const verdicts = [];
  const runs = Math.min(options.runs, RUNS);
  const markdown = [
    `${runs} runs of each in turn, of cleanvision one on glyphs. Peers: ${tools.map(({ name, version }) => `${name} ${version}`).join(", ") || "none"}.`,
    "### Whole processes",
    "One process each from start to end, so starting counts too, and more the smaller the input is.",
  ];
  for (const { name, count, folder, warm, many = false } of inputs) {
    const commandOf = (
      /** @type {typeof tools[number]} */ { name, start, env, isTedious = false },
      /** @type {number} */ workers,
    ) => ({
      ...{ name, env, once: many && isTedious },
      argv: [...start, folder, String(workers), work],
    });
    /** @type {typeof tools} */
    const able = [];
    for (const tool of tools) {
      if (many && tool.slow) {
        notes.push(`${tool.name} on ${name}: not run, because it takes over ten milliseconds an image.`);
        continue;
      }
      const problem = await check(commandOf(tool, 0), count);
      if (problem === undefined) able.push(tool);
      else notes.push(`${tool.name} on ${name}: ${problem}`);
    }
    for (const workers of [0, 1]) {
      const title = `${name}, ${workers === 0 ? "workers as each tool chooses" : "one worker"}`;
      console.log(`\n${title}`);
      const inspect = inspectCommand(
        folder,
        "--tier",
        "pixel",
        ...(workers === 0 ? [] : ["--workers", String(workers)]),
      );
      const peers = able.map((tool) => commandOf(tool, workers));
      const rows = compare(await interleave([{ name: "CleanSplit", argv: inspect }, ...peers], runs));
      const speed = digits(count / (rows[0]?.wall.absolute.median ?? NaN));
      data.push({ title, count, rows });
      markdown.push(`**${title}.** CleanSplit: ${speed} images a second.`, comparisonTable(rows));

      console.log(`\n${title}, started processes`);
      const ownCall = (/** @type {string} */ title, /** @type {string} */ what) => ({
        ...{ name: title, once: false },
        argv: [process.execPath, own, what, path.join(ROOT, "dist"), String(workers)],
      });
      const peerCalls = able.map((tool) => ({
        ...commandOf(tool, workers),
        argv: [...tool.start, "-", String(workers), work],
      }));
      const calls = await timeCalls(
        [ownCall("CleanSplit", "inspect"), ownCall(HASHING, "hash"), ...peerCalls].map((command) => ({
          ...command,
          warmUps: command.once ? [few] : Array.from({ length: WARM_UPS }, () => warm),
        })),
        { folder, count },
        runs,
      );
      started.push({ title, count, calls });
      if (workers === 0) verdicts.push(...verdictsOf(name, able, calls, many ? "glyphs" : "photos"));
    }
  }
  markdown.push(
    "### Started processes",
    `The call alone, in a process that has started and done the same on ${WARM_GLYPHS.toLocaleString("en")} other glyphs or ` +
      `${WARM_PHOTOS} other photos, ${WARM_UPS} times, so that its code is compiled (cleanvision, which takes minutes for so ` +
      `many glyphs: once on ${FEW_GLYPHS.toLocaleString("en")}): a new process for each run, and in it the mean of as many ` +
      "calls as take a second together. Of CleanSplit it is `inspect` of the engine, " +
      "without an index, listing and report included, and hashing alone: list, read, decode and hash, by MD5 too, with " +
      "nothing compared and no report; of the others what is named below.",
    ...started.flatMap(({ title, count, calls }) => [`**${title}.**`, callTable(calls, count)]),
    table(["images a second, times those of", "at least", "what of ours", "by wall time", "by CPU time"], verdicts),
  );
  return { data: { runs, data, started, notes }, markdown: [...markdown, notes.map((note) => `- ${note}`).join("\n")] };
}

/** @param {string} outfile */
async function bundle(outfile) {
  await build({
    entryPoints: [path.join(ROOT, "test/bench/hashingContestant.ts")],
    outfile,
    ...{ bundle: true, platform: "node", target: "node20", format: "cjs", logLevel: "warning" },
    external: ["sharp", "@tensorflow/tfjs-node"],
  });
}

/** @typedef {{ hashed: number, wall: number, cpu: number }} Call What one call took, in seconds. */

/**
 * Times calls in started processes, in turn.
 * @param {readonly (import("./measure.mjs").Command & { name: string, once: boolean, warmUps: readonly string[] })[]} commands
 * @param {{ folder: string, count: number }} input @param {number} runs
 * @returns {Promise<Map<string, Call[]>>} By name.
 */
async function timeCalls(commands, { folder, count }, runs) {
  /** @type {Map<string, Call[]>} */
  const calls = new Map(commands.map(({ name }) => [name, []]));
  for (let run = 1; run <= runs; run++) {
    for (const command of commands) {
      if (command.once && run > 1) continue;
      const call = await timeCall(command, folder);
      if (call.hashed !== count) throw new Error(`${command.name} hashed ${call.hashed} of ${count} images`);
      calls.get(command.name)?.push(call);
      console.log(`  run ${run}: ${command.name} ${digits(call.wall)} s, CPU ${digits(call.cpu)} s`);
    }
  }
  return calls;
}

/**
 * Starts a process, has it warm up, and answers what the folder took then: the mean of as many calls as take `LEAST_SECONDS`.
 * @param {import("./measure.mjs").Command & { warmUps: readonly string[] }} command @param {string} folder
 * @returns {Promise<Call>}
 */
async function timeCall({ argv: [file = "", ...args], env, warmUps }, folder) {
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  let errors = "";
  child.stderr.on("data", (data) => (errors = (errors + String(data)).slice(-2000)));
  const ended = new Promise((resolve) => child.on("close", resolve).on("error", resolve));
  const first = [...warmUps];
  /** @type {Call[]} */
  const timed = [];
  const sum = (/** @type {"wall" | "cpu"} */ what) => timed.reduce((all, call) => all + call[what], 0);
  child.stdin.write(`${first.shift() ?? folder}\n`);
  let isWarm = warmUps.length === 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("took ")) continue;
    if (isWarm) timed.push(JSON.parse(line.slice("took ".length)));
    if (sum("wall") < LEAST_SECONDS) {
      isWarm = first.length === 0;
      child.stdin.write(`${first.shift() ?? folder}\n`);
      continue;
    }
    child.stdin.end();
    await ended;
    return { hashed: timed[0]?.hashed ?? 0, wall: sum("wall") / timed.length, cpu: sum("cpu") / timed.length };
  }
  throw new Error(`${file} ${args.join(" ")} ended: ${errors.trim()}`);
}

/** How many times as long as ours each call took. @param {readonly Call[]} calls @param {readonly Call[]} ours */
function ratiosOf(calls, ours) {
  const of = (/** @type {"wall" | "cpu"} */ what) =>
    spread(calls.map((call, run) => call[what] / (ours[run]?.[what] ?? NaN)));
  return { wall: of("wall"), cpu: of("cpu") };
}

/** @param {ReadonlyMap<string, readonly Call[]>} calls @param {number} count */
function callTable(calls, count) {
  const [ours = []] = calls.values();
  const rows = [...calls].map(([name, own], i) => {
    const { wall, cpu } = ratiosOf(own, ours);
    const [seconds, busy] = [own.map((call) => call.wall), own.map((call) => call.cpu)].map(spread);
    return [
      name,
      ...[wall, cpu].map((ratio) => (i === 0 ? "1" : ratioText(ratio))),
      ...[seconds, busy].map((value) => `${digits(value?.median ?? NaN)} s`),
      digits(count / (seconds?.median ?? NaN)),
    ];
  });
  return table(["", "wall time ×", "CPU time ×", "wall", "CPU", "images a second"], rows);
}

/**
 * @param {string} name @param {readonly Tool[]} tools @param {ReadonlyMap<string, readonly Call[]>} calls
 * @param {"glyphs" | "photos"} kind
 */
function verdictsOf(name, tools, calls, kind) {
  return tools.flatMap((tool) => {
    const target = tool.target?.[kind];
    if (target === undefined) return [];
    const verdict = (/** @type {number} */ ratio) => `${digits(ratio)}, ${ratio >= target ? "holds" : "does not hold"}`;
    return ["CleanSplit", HASHING].map((own) => {
      const { wall, cpu } = ratiosOf(calls.get(tool.name) ?? [], calls.get(own) ?? []);
      const part = own === HASHING ? "hashing alone" : "a whole inspection";
      return [`${tool.name}: ${name}`, `${target}`, part, verdict(wall.median), verdict(cpu.median)];
    });
  });
}

/**
 * Does the tool really hash all images?
 * @param {import("./measure.mjs").Command} command @param {number} count
 * @returns {Promise<string | undefined>} Why it cannot be compared.
 */
async function check(command, count) {
  try {
    const { output } = await measure(command, { keep: true });
    const hashed = Number(/^hashed (\d+)/m.exec(output)?.[1] ?? NaN);
    return hashed === count ? undefined : `it hashed ${hashed} of ${count} images: skipped.`;
  } catch (error) {
    return `${String(error).split("\n").at(-1)}: skipped.`;
  }
}
