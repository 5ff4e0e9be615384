// The main job on the sample dataset, in a terminal: inspect it, sanitize it, inspect the copy, train on both.
// Every command is printed before its output, ready to be typed. `node scripts/demo.mjs [FOLDER]`; needs `npm run build`.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
if (!existsSync(cli)) {
  console.error("dist/cli.js is missing: run `npm run build` first, or `npm run demo`, which does both.");
  process.exit(2);
}

const asked = process.argv[2];
const folder = asked === undefined ? mkdtempSync(path.join(os.tmpdir(), "cleansplit-demo-")) : path.resolve(asked);
mkdirSync(folder, { recursive: true });
if (readdirSync(folder).length > 0) {
  console.error(`${folder} is not empty. Name a new folder.`);
  process.exit(2);
}

const colour = process.env.FORCE_COLOR
  ? process.env.FORCE_COLOR !== "0"
  : process.stdout.isTTY && !process.env.NO_COLOR;
const bold = (text) => (colour ? `\u001b[1m${text}\u001b[22m` : text);
const faint = (text) => (colour ? `\u001b[2m${text}\u001b[22m` : text);

// The terminal sends Ctrl+C to the running command as well; it stops in good order and its exit code ends the demo.
process.on("SIGINT", () => undefined);

/** Says why, prints a command line, runs it in the demo's folder, and stops the demo unless it ends as it should. */
async function run(why, args, expected = 0) {
  console.log(`\n${faint(`# ${why}`)}\n${bold(`$ cleansplit ${args.join(" ")}`)}\n`);
  const child = spawn(process.execPath, [cli, ...args], { cwd: folder, stdio: "inherit" });
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => resolve(status ?? 128 + os.constants.signals[signal]));
  });
  if (code === expected) return;
  console.error(`\nThe demo stops: exit code ${code}, expected ${expected}. Its files: ${folder}`);
  process.exit(code === 0 ? 1 : code);
}

/** Files below a folder and the bytes they take. */
function contents(place) {
  if (statSync(place).isFile()) return { files: 1, bytes: statSync(place).size };
  const parts = readdirSync(place).map((name) => contents(path.join(place, name)));
  return parts.reduce((sum, part) => ({ files: sum.files + part.files, bytes: sum.bytes + part.bytes }), {
    files: 0,
    bytes: 0,
  });
}

const started = Date.now();
console.log(bold("CleanSplit: can this dataset be trusted, and what does it cost when it cannot?"));
console.log(`Everything happens in ${folder}`);

await run("A dataset of letters with planted faults.", ["sample", "."]);
await run(
  "Which images occur in more than one split? As in CI, leakage makes it fail: exit code 1.",
  [...["inspect", "letters", "--fail-on", "leakage", "--json", "report.json"]],
  1,
);
await run("A copy without them, nor images that are nearly the same. The source stays as it is.", [
  ...["sanitize", "letters", "--tier", "near", "--out", "letters-sanitized", "--json", "sanitize.json"],
]);
await run("The same question about the copy: no leakage, exit code 0.", [
  ...["inspect", "letters-sanitized", "--fail-on", "leakage,conflicts,unreadable,duplicates"],
]);
await run("What did the leakage do to the score?", ["train", "letters", "--json", "training.json"]);

console.log(`\n${bold("Files")}  in ${folder}, after ${Math.round((Date.now() - started) / 1000)} s`);
for (const name of readdirSync(folder).sort()) {
  const { files, bytes } = contents(path.join(folder, name));
  const size = bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(
    `  ${name.padEnd(20)} ${String(files).padStart(6)} ${files === 1 ? "file " : "files"} ${size.padStart(10)}`,
  );
}
console.log(faint(`Delete the folder when you have seen enough.`));
