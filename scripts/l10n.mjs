// Collects the sentences of the program into l10n/bundle.l10n.json, and says what each translation lacks. `--check` writes nothing.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { getL10nJson } from "@vscode/l10n-dev";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLES = path.join(ROOT, "l10n");

/** @typedef {Record<string, string | { message: string, comment: string[] }>} Bundle */

/**
 * The sentences that the sources hold, in order.
 * @returns {Promise<Bundle>}
 */
export async function sentences() {
  const files = ["src", "webview-ui/src"].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => path.join(ROOT, folder, name)),
  );
  const scripts = files.map((file) => ({ contents: readFileSync(file, "utf8"), extension: path.extname(file) }));
  const found = await getL10nJson(scripts);
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * What is wrong with a translation, a line each: sentences that it lacks, that are gone, or whose places for values differ.
 * @param {Bundle} source @param {Bundle} translation
 * @returns {string[]}
 */
export function faults(source, translation) {
  const places = (/** @type {string | { message: string }} */ text) =>
    [...(typeof text === "string" ? text : text.message).matchAll(/\{(\w+)\}/g)].map(([, place]) => place).sort();
  const differ = Object.entries(translation).filter(
    ([key, text]) => key in source && places(source[key] ?? "").join() !== places(text).join(),
  );
  return [
    ...Object.keys(source).flatMap((key) => (key in translation ? [] : [`is missing: ${key}`])),
    ...Object.keys(translation).flatMap((key) => (key in source ? [] : [`is not used any more: ${key}`])),
    ...differ.map(([key]) => `has other places for values: ${key}`),
  ];
}

/** @param {string} file @returns {Bundle} */
export function readBundle(file) {
  return JSON.parse(readFileSync(path.join(ROOT, file), "utf8"));
}

/** Names of the translations beside a file, e.g. "l10n/bundle.l10n.es.json". @param {string} folder @param {RegExp} name */
export function translations(folder, name) {
  return readdirSync(path.join(ROOT, folder))
    .filter((file) => name.test(file))
    .map((file) => path.join(folder, file));
}

/** Writes the bundle and says what is wrong with translations of it. */
async function main() {
  const source = await sentences();
  const text = `${JSON.stringify(source, null, 2)}\n`;
  if (!process.argv.includes("--check")) writeFileSync(path.join(BUNDLES, "bundle.l10n.json"), text);
  const problems = [
    ...translations("l10n", /^bundle\.l10n\..+\.json$/).flatMap((file) =>
      faults(source, readBundle(file)).map((fault) => `${file}: ${fault}`),
    ),
    ...translations(".", /^package\.nls\..+\.json$/).flatMap((file) =>
      faults(readBundle("package.nls.json"), readBundle(file)).map((fault) => `${file}: ${fault}`),
    ),
  ];
  for (const problem of problems) console.log(problem);
  console.log(`${Object.keys(source).length} sentences, ${problems.length} problems.`);
  if (problems.length > 0) process.exitCode = 1;
}

// Tests import it, and a module that awaits at its top cannot be required.
if (process.argv[1] === fileURLToPath(import.meta.url)) void main();
