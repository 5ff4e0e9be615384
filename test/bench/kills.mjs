// Kills `cleansplit sanitize` at random moments of writing, sometimes several times in a row, and checks after each that the source
// is untouched and that there is no copy or a whole one; then goes on to the end or takes it back, in turn.
// node test/bench/kills.mjs [--kills 200] [--images 2000] [--seed 1]
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import {
  command,
  digestTree,
  faultsAfterKill,
  faultsAfterUndo,
  makeDataset,
  partOf,
  sanitize,
} from "../support/kills.mjs";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    images: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
  },
});

let state = Number(values.seed);
/** A number from 0 to 1. */
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 0) / 2 ** 32;
}

const scratch = mkdtempSync(path.join(os.tmpdir(), "cleansplit-kills-"));
const scene = {
  cli: path.resolve(import.meta.dirname, "../../dist/cli.js"),
  source: path.join(scratch, "data"),
  out: path.join(scratch, "copy"),
};
const counts = { kills: 0, late: 0, parts: 0, whole: 0, resumed: 0, undone: 0 };
/** @type {string[]} */
const faults = [];
try {
  makeDataset(scene.source, Number(values.images));
  const before = digestTree(scene.source);
  let { milliseconds } = await sanitize(scene, null);
  faults.push(...command(scene, "verify"), ...faultsAfterUndo(scene, before));
  console.log(`Writing ${values.images} images takes ${Math.round(milliseconds)} ms without a kill.`);
  while (counts.kills < Number(values.kills)) {
    // The later run goes on with what the earlier ones left.
    const run = existsSync(scene.out) ? null : await sanitize(scene, random() * milliseconds);
    const killed = run?.killed === true;
    if (killed) counts.kills += 1;
    else counts.late += 1;
    // How busy the machine is changes.
    if (run?.killed === false) milliseconds = run.milliseconds;
    faults.push(...faultsAfterKill(scene, before));
    if (existsSync(partOf(scene.out))) counts.parts += 1;
    const next = random();
    if (killed && next < 0.25) continue;
    if (existsSync(scene.out)) counts.whole += 1;
    else if (next < 0.6) {
      await sanitize(scene, null);
      counts.resumed += 1;
      faults.push(...command(scene, "verify"));
      if (existsSync(partOf(scene.out))) faults.push("a copy that was finished left its part");
    }
    if (!existsSync(scene.out)) counts.undone += 1;
    if (existsSync(scene.out) || existsSync(partOf(scene.out))) faults.push(...faultsAfterUndo(scene, before));
    if (killed && counts.kills % 20 === 0) console.log(JSON.stringify({ ...counts, faults: faults.length }));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(JSON.stringify({ ...counts, faults }));
process.exit(faults.length === 0 ? 0 : 1);
