// Reading and sanitizing an array of small pictures against numpy's own load and save of it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { CACHE } from "./cache.mjs";
import { interleave } from "./measure.mjs";
import { compare, comparisonTable, digits, ROOT } from "./report.mjs";

/** @import { Result } from "./report.mjs" */
/** @import { Options } from "./run.mjs" */

const SCRIPT = fileURLToPath(new URL("arrays.py", import.meta.url));
/** Debian's, with its package python3-numpy. */
const PYTHON = "/usr/bin/python3";
const PICTURES = 200_000;
const MB = 1e6;

/** @param {Options} options @returns {Promise<Result>} */
export async function arrays(options) {
  if (spawnSync(PYTHON, ["-c", "import numpy"]).status !== 0) {
    throw new Error(`${PYTHON} has no numpy: apt-get install python3-numpy.`);
  }
  const count = options.files ?? PICTURES;
  const folder = path.join(CACHE, `arrays-${count}`);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(path.join(folder, "float32.npy"))) spawnSync(PYTHON, [SCRIPT, "make", String(count), folder]);
  const out = path.join(folder, "out");
  const data = [];
  const markdown = [
    "CleanSplit inspects the array (MD5 and contrast of every picture, groups), compares equal pictures byte by byte, plans, writes it " +
      "without the extra images, flushes it, takes its SHA-256, inspects it again and compares it picture by picture. numpy loads the same file, saves it and flushes it. " +
      "Both in one process from start to end.",
  ];
  for (const type of ["uint8", "float32"]) {
    const file = path.join(folder, `${type}.npy`);
    const size = statSync(file).size / MB;
    const results = await interleave(
      [
        { name: "numpy, load and save", argv: [PYTHON, SCRIPT, "copy", file, `${out}.npy`] },
        {
          name: "CleanSplit, sanitize",
          argv: [
            ...[process.execPath, path.join(ROOT, "dist/cli.js"), "sanitize", file, "--out", out],
            ...["--tier", "pixel", "--no-cache", "--quiet"],
          ],
        },
      ],
      options.runs,
      {
        before: () => {
          rmSync(out, { recursive: true, force: true });
          rmSync(`${out}.npy`, { force: true });
        },
      },
    );
    const rows = compare(results);
    const memory = rows[1]?.memory.absolute.median ?? NaN;
    data.push({ type, count, megabytes: size, rows });
    markdown.push(
      `### ${count.toLocaleString("en")} x 28 x 28 of ${type}, ${size.toFixed(0)} MB`,
      comparisonTable(rows),
      `CleanSplit takes ${digits(rows[1]?.wall.ratio.median ?? NaN)} times as long, and ${memory.toFixed(0)} MB.`,
    );
  }
  rmSync(out, { recursive: true, force: true });
  rmSync(`${out}.npy`, { force: true });
  return { data, markdown };
}
