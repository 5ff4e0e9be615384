// How long VS Code takes to activate the packaged extension: its code loaded and its `activate` called.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startVsCode } from "./session.mjs";

const PROBE = fileURLToPath(new URL("activation-probe.cjs", import.meta.url));
const RESULT = "activated in ";
const TIMEOUT_MS = 60_000;

/**
 * One activation, in milliseconds: until it was done, and what the extension host computed meanwhile. On a machine that is
 * busy with other work only the latter tells something.
 * @typedef {{ wall: number, cpu: number }} Activation
 */

/**
 * Installs a .vsix into a fresh VS Code again and again, and has it activated there.
 * @param {string} vsix
 * @param {number} starts
 * @returns {Promise<Activation[]>} one of each start
 */
export async function activationTimes(vsix, starts) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cleansplit-activation-"));
  /** @type {Activation[]} */
  const times = [];
  try {
    while (times.length < starts) times.push(await activationTime(vsix, folder));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  return times;
}

/** @param {string} extension @param {string} folder @returns {Promise<Activation>} */
async function activationTime(extension, folder) {
  /** @type {Activation | undefined} */
  let answer;
  /** @type {() => void} */
  let end = () => undefined;
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => (end = resolve));
  const session = await startVsCode({
    extension,
    folder,
    testsPath: PROBE,
    onTestOutput: (text) => {
      if (text.startsWith(RESULT)) answer = JSON.parse(text.slice(RESULT.length));
    },
    onTestExit: () => end(),
  });
  const timer = setTimeout(end, TIMEOUT_MS);
  try {
    await ended;
    if (answer === undefined) throw new Error(`The extension was not activated.\n${session.log().slice(-4000)}`);
    return answer;
  } finally {
    clearTimeout(timer);
    await session.close();
  }
}
