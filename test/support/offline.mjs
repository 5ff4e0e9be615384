// Runs a command without a network: `node test/support/offline.mjs COMMAND ARG...`. Of the network there is only this
// machine itself, for the command and for all that it starts. Only Linux can do that; elsewhere it says so and runs the
// command as it is.
import { spawn, spawnSync } from "node:child_process";
import os from "node:os";
import process from "node:process";

/** As root, or as anybody where the system lets people make namespaces of their own. */
const WAYS = [
  ["unshare", "--net", "--"],
  ["unshare", "--map-root-user", "--net", "--"],
];
// A new network has nothing but a loopback interface that is down.
const INSIDE = ["sh", "-c", 'ip link set lo up && exec "$@"', "offline"];

const command = process.argv.slice(2);
const way = WAYS.find((prefix) => runs([...prefix, ...INSIDE, "true"]));
if (way === undefined)
  console.log("The network cannot be switched off here (that takes Linux, unshare and ip): it stays on.");
else console.log("The network is off.");

const [file = "", ...args] = way === undefined ? command : [...way, ...INSIDE, ...command];
const child = spawn(file, args, { stdio: "inherit" });
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
  process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
child.on("exit", (code, signal) => {
  process.exitCode = code ?? 128 + (signal === null ? 1 : os.constants.signals[signal]);
});

/** @param {readonly string[]} line */
function runs([file = "", ...args]) {
  return spawnSync(file, args, { stdio: "ignore" }).status === 0;
}
