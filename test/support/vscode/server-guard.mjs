// Owns one VS Code Server and its temporary folder: `node server-guard.mjs TEMP_DIR COMMAND ARG...`.
// When the process that started it ends, in whatever way, its end of the stdin pipe closes; then the server, its
// extension hosts and whatever those started (one process group) are ended and the folder is removed. So not even a
// harness that was killed leaves anything behind.
import { spawn } from "node:child_process";
import fs from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const GRACE_MS = 2_000;
const [tempDir = "", command = "", ...args] = process.argv.slice(2);

const server = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
const serverEnded = new Promise((resolve) => server.once("exit", resolve).once("error", resolve));
const harnessEnded = new Promise((resolve) => process.stdin.once("close", resolve).once("error", resolve).resume());
server.once("exit", (code, signal) => console.error(`VS Code Server ended: code ${code}, signal ${signal}`));
server.once("error", (error) => console.error(`VS Code Server did not start: ${error.message}`));
process.on("SIGTERM", () => {});
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

await Promise.race([serverEnded, harnessEnded]);
process.kill(-process.pid, "SIGTERM");
await Promise.race([serverEnded, sleep(GRACE_MS)]);
try {
  fs.rmSync(tempDir, { recursive: true, force: true, maxRetries: 5 });
} finally {
  process.kill(-process.pid, "SIGKILL");
}
