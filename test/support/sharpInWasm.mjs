// Runs the tests of decoding with sharp in WebAssembly, as the package of all platforms has it: it is to answer what the
// native one answers: `node test/support/sharpInWasm.mjs MOCHA_ARG...`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { stageBinaries, stageManifests, TARGETS } from "../../scripts/package/stage.mjs";

const ROOT = path.resolve(import.meta.dirname, "../..");
// Within the project it would find the native one.
const stage = mkdtempSync(path.join(os.tmpdir(), "cleansplit-sharp-"));
try {
  stageManifests(ROOT, stage);
  stageBinaries(stage, TARGETS.universal);
  const hook = path.join(import.meta.dirname, "sharpInWasm.cjs");
  const { status } = spawnSync(
    process.execPath,
    [path.join(ROOT, "node_modules/mocha/bin/mocha.js"), "--require", hook, ...process.argv.slice(2)],
    { cwd: ROOT, stdio: "inherit", env: { ...process.env, CLEANSPLIT_SHARP: path.join(stage, "node_modules") } },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(stage, { recursive: true, force: true, maxRetries: 5 });
}
