#!/usr/bin/env node
// Stands in for the executable of the VS Code desktop where there is none: it takes the same flags, so that runTests()
// of @vscode/test-electron can start it, and runs the tests in the extension host of a VS Code Server.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { PROJECT_ROOT, prepareHost, resolveHost } from "./prepare.mjs";
import { startVsCode } from "./session.mjs";

const EXIT_USAGE = 2;
const EXIT_TIMEOUT = 124;
const DEFAULT_TIMEOUT_MS = 180_000;
const CRASH_GRACE_MS = 5_000;
const LOG_TAIL_LINES = 40;
const CRASH = /Extension Host Process exited|VS Code Server ended|the page crashed/;

const timeoutMs = Number(process.env.TEST_TIMEOUT_MS || DEFAULT_TIMEOUT_MS);
const { folder, flags } = parseArguments(process.argv.slice(2));
const testsPath = flags.get("extensionTestsPath");
if (testsPath === undefined) {
  console.error("Usage: vscode-executable.mjs [FOLDER] --extensionDevelopmentPath=DIR --extensionTestsPath=FILE");
  process.exit(EXIT_USAGE);
}

const host = resolveHost();
await prepareHost({ host });

/** @type {(exitCode: number) => void} */
let finish = () => {};
/** @type {Promise<number>} */
const finished = new Promise((resolve) => {
  finish = resolve;
});
setTimeout(() => {
  console.error(`The tests did not end within ${timeoutMs} ms.`);
  finish(EXIT_TIMEOUT);
}, timeoutMs).unref();

const starting = startVsCode({
  host,
  folder,
  testsPath,
  extension: flags.get("extensionDevelopmentPath"),
  settings: readSettings(flags.get("user-data-dir")),
  trust: process.env.CLEANSPLIT_TEST_TRUST !== "restricted",
  onTestOutput: (text, isError) => (isError ? console.error(text) : console.log(text)),
  onTestExit: finish,
});

try {
  const session = await Promise.race([starting, finished.then(() => undefined)]);
  if (session) {
    const watch = setInterval(() => {
      if (!CRASH.test(session.log())) return;
      clearInterval(watch);
      // The tests may just have ended; only without their exit code it was a crash.
      setTimeout(() => finish(1), CRASH_GRACE_MS);
    }, 1_000);
    const exitCode = await finished;
    if (exitCode !== 0) await saveEvidence(session);
    await session.close();
  }
  process.exit(await finished);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

/**
 * The folder to open is the first argument that is not a flag; flags come as `--name=value`.
 * @param {readonly string[]} args
 */
function parseArguments(args) {
  return {
    folder: args.find((arg) => !arg.startsWith("--")),
    flags: new Map(
      args
        .filter((arg) => arg.startsWith("--"))
        .map((arg) => {
          const [name = "", ...value] = arg.slice(2).split("=");
          return /** @type {const} */ ([name, value.join("=")]);
        }),
    ),
  };
}

/**
 * The user settings that the desktop would take from its profile.
 * @param {string | undefined} userDataDir
 * @returns {Record<string, unknown>}
 */
function readSettings(userDataDir) {
  const file = userDataDir === undefined ? undefined : path.join(userDataDir, "User", "settings.json");
  return file !== undefined && fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : {};
}

/** @param {import("./session.mjs").Session} session */
async function saveEvidence(session) {
  const base = path.join(PROJECT_ROOT, "artifacts", `integration-${host}`);
  const log = session.log();
  console.error(`\nEnd of the log of VS Code:\n${log.trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n")}`);
  try {
    fs.mkdirSync(path.dirname(base), { recursive: true });
    fs.writeFileSync(`${base}.log`, log);
    await session.screenshot(`${base}.png`);
    console.error(`Saved: ${base}.log, ${base}.png`);
  } catch (error) {
    console.error(`The evidence could not be saved: ${String(error)}`);
  }
}
