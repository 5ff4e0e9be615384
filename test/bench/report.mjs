// What benches tell: JSON for programs, Markdown tables for docs/performance.md, lines for the terminal.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import prettier from "prettier";
import { spread } from "./measure.mjs";

/** @import { Measurement, Spread } from "./measure.mjs" */

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DOCUMENT = path.join(ROOT, "docs/performance.md");

/**
 * What a bench answers.
 * @typedef {object} Result
 * @property {unknown} data Everything that was measured, for the JSON.
 * @property {string[]} markdown Paragraphs and tables, for the document.
 */

/** The machine, as far as it explains numbers. */
export function machine() {
  const cpus = os.cpus();
  return {
    cores: cpus.length,
    cpu: (cpus[0]?.model ?? "unknown").replaceAll(/\s+/g, " ").trim(),
    memoryGB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release().replace(/-.*/, "")}`,
    node: process.version,
  };
}

/**
 * A Markdown table; the first column is text, the others are numbers.
 * @param {readonly string[]} head @param {readonly (readonly string[])[]} rows
 */
export function table(head, rows) {
  const row = (/** @type {readonly string[]} */ cells) => `| ${cells.join(" | ")} |`;
  return [row(head), row(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(row)].join("\n");
}

/** @param {Spread} spread */
export const ratioText = ({ median, min, max }) => `${digits(median)} (${digits(min)}–${digits(max)})`;

/** Three digits are more than a busy machine can promise. @param {number} value */
export const digits = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/**
 * Each contestant against the first one: ratios of runs that stood side by side.
 * @param {ReadonlyMap<string, readonly Measurement[]>} results
 */
export function compare(results) {
  const [base = []] = results.values();
  return [...results].map(([name, runs]) => {
    const of = (/** @type {"wall" | "cpu" | "memory"} */ what) => ({
      absolute: spread(runs.map((run) => run[what])),
      ratio: spread(runs.map((run, i) => run[what] / (base[i]?.[what] ?? NaN))),
    });
    return { name, wall: of("wall"), cpu: of("cpu"), memory: of("memory"), runs };
  });
}

/**
 * A table of `compare`: how many times as much as the first contestant each one takes.
 * @param {ReturnType<typeof compare>} rows
 */
export function comparisonTable(rows) {
  const cells = rows.map(({ name, wall, cpu, memory }, i) => [
    name,
    ...[wall, cpu, memory].map(({ ratio }) => (i === 0 ? "1" : ratioText(ratio))),
    ...[wall, cpu].map(({ absolute }) => `${digits(absolute.median)} s`),
    `${memory.absolute.median.toFixed(0)} MB`,
  ]);
  return table(["", "wall time ×", "CPU time ×", "peak memory ×", "wall", "CPU", "memory"], cells);
}

/**
 * A figure at several sizes.
 * @typedef {readonly { files: number, value: number }[]} Points
 */

/** Time grows as files to this power. @param {Points} points */
export function exponent(points) {
  return line(points.map(({ files, value }) => ({ files: Math.log(files), value: Math.log(value) }))).slope;
}

/** The line through the points by least squares: what one more file costs, and the fixed part. @param {Points} points */
export function line(points) {
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(({ files }) => files)), mean(points.map(({ value }) => value))];
  const slope =
    mean(points.map(({ files, value }) => (files - x) * (value - y))) /
    mean(points.map(({ files }) => (files - x) ** 2));
  return { slope, fixed: y - slope * x };
}

/** @param {string} name @param {unknown} data */
export function writeJson(name, data) {
  const file = path.join(ROOT, "artifacts/bench", `${name}.json`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(data, undefined, 2)}\n`);
  return path.relative(ROOT, file);
}

/**
 * Replaces what stands between the markers of a section of docs/performance.md.
 * @param {string} section @param {readonly string[]} paragraphs
 */
export async function updateDocument(section, paragraphs) {
  const text = readFileSync(DOCUMENT, "utf8");
  const [start, end] = [`<!-- bench:${section} -->`, `<!-- /bench:${section} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/performance.md has no ${start} … ${end}.`);
  const updated = `${text.slice(0, from)}${start}\n\n${paragraphs.join("\n\n")}\n\n${text.slice(to)}`;
  const options = await prettier.resolveConfig(DOCUMENT);
  writeFileSync(DOCUMENT, await prettier.format(updated, { ...options, parser: "markdown" }));
}
