// Sanitizes datasets with the built command line, as copies and as indexes, and has check_outputs.py open what was written with
// the libraries that people use. Without sources it takes the published datasets.
// node test/support/check-outputs.mjs [SOURCE...]       PYTHON names the interpreter, python3 by default
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const CLI = path.resolve(import.meta.dirname, "../../dist/cli.js");
const CHECK = path.join(import.meta.dirname, "check_outputs.py");
const PYTHON = process.env["PYTHON"] ?? "python3";
const DATA = process.env["CLEANSPLIT_TEST_DATA"] ?? path.resolve(import.meta.dirname, "../../../shared/data");

function publishedDatasets() {
  const formats = path.join(DATA, "formats");
  if (!existsSync(formats)) {
    console.error(`${formats} is not there. Name sources, or set CLEANSPLIT_TEST_DATA.`);
    process.exit(2);
  }
  return readdirSync(formats)
    .sort()
    .map((name) => path.join(formats, name));
}

/** What became of one dataset: whether the command line wrote it, and whether what it wrote is right. */
function checked(/** @type {string} */ source, /** @type {string} */ out, /** @type {"copy" | "index"} */ images) {
  const words = [CLI, "sanitize", source, "--out", out, "--images", images];
  const written = spawnSync(process.execPath, words, { encoding: "utf8" });
  if (!existsSync(out)) return { state: "not written", text: written.stderr.trim().split("\n").slice(-2).join(" ") };
  const check = spawnSync(PYTHON, [CHECK, source, out], { encoding: "utf8" });
  if (check.error !== undefined) throw check.error;
  return { state: check.status === 0 ? "right" : "WRONG", text: `${check.stdout}${check.stderr}`.trimEnd() };
}

const scratch = mkdtempSync(path.join(os.tmpdir(), "cleansplit-outputs-"));
let wrong = 0;
try {
  const named = process.argv.slice(2).map((name) => path.resolve(name));
  for (const source of named.length > 0 ? named : publishedDatasets()) {
    for (const images of /** @type {const} */ (["copy", "index"])) {
      const { state, text } = checked(source, path.join(scratch, `${images} of ${path.basename(source)}`), images);
      console.log(`${path.basename(source)}, ${images}: ${state}\n${text.replaceAll(/^/gm, "  ")}`);
      if (state === "WRONG") wrong++;
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = wrong === 0 ? 0 : 1;
