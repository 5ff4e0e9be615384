// A whole inspection against tools that hash images so that similar ones are found. Images a second, as ratios.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { CACHE } from "./cache.mjs";
import { interleave, measure } from "./measure.mjs";
import { inspectCommand, pythonWith, SHARED } from "./peers.mjs";
import { preparePhotos } from "./photos.mjs";
import { compare, comparisonTable, digits } from "./report.mjs";
import { prepareTree } from "./tree.mjs";

/** @import { Result } from "./report.mjs" */
/** @import { Options } from "./run.mjs" */

const SCRIPT = fileURLToPath(new URL("hashing.py", import.meta.url));
const [GLYPHS, PHOTOS] = [22_000, 1200];
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
 */

/** @type {readonly Tool[]} */
const TOOLS = [
  {
    name: "imagededup",
    version: "0.3.3.post2",
    says: "`PHash().encode_images`: hashes, nothing compared; without PyTorch, which only its CNN method needs",
    python: hashers,
  },
  {
    name: "cleanvision",
    version: "0.3.7",
    says:
      "the issues `exact_duplicates` and `near_duplicates`; it stops at an unreadable image, " +
      "so there is none in this data",
    python: hashers,
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
  /** @type {{ name: string, count: number, folder: string, many?: boolean }[]} */
  const inputs = [
    {
      name: `${glyphs.toLocaleString("en")} glyphs, PNG 28x28`,
      count: glyphs,
      folder: (await prepareTree(glyphs, { readable: true })).folder,
      many: true,
    },
    { name: `${photos} photos, JPEG 640x480`, count: photos, folder: await preparePhotos(photos) },
  ];
  const work = path.join(CACHE, "fastdup-work");
  mkdirSync(work, { recursive: true });

  const data = [];
  const runs = Math.min(options.runs, RUNS);
  const markdown = [
    `${runs} runs of each in turn, one process each from start to end, so starting counts too, and more the smaller the input is. Peers: ` +
      `${tools.map(({ name, version }) => `${name} ${version}`).join(", ") || "none"}.`,
  ];
  for (const { name, count, folder, many = false } of inputs) {
    const commandOf = (/** @type {typeof tools[number]} */ { name, start, env }, /** @type {number} */ workers) => ({
      ...{ name, env },
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
    }
  }
  return { data: { runs, data, notes }, markdown: [...markdown, notes.map((note) => `- ${note}`).join("\n")] };
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
