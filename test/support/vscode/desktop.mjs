// Decides what runs the integration tests: a VS Code desktop where there is or can be one, else the stand-in.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { downloadAndUnzipVSCode } from "@vscode/test-electron";
import { findOnPath } from "../chromium.mjs";
import { CACHE_DIR, resolveHost } from "./prepare.mjs";

const UPDATE_SERVER = "https://update.code.visualstudio.com/api/releases/stable";
const PROBE_TIMEOUT_MS = 5_000;
const REMEMBER_MS = 24 * 60 * 60_000;
const UNREACHABLE = path.join(CACHE_DIR, "desktop-unreachable");
const STAND_IN = fileURLToPath(new URL("vscode-executable.mjs", import.meta.url));

/** The desktop versions that match the hosts of prepare.mjs. */
const VERSIONS = Object.freeze({ "1.100": "1.100.3", newest: "stable" });

/**
 * The executable of a VS Code desktop, downloaded if need be, or undefined where none can run. CLEANSPLIT_VSCODE=desktop
 * insists on one, CLEANSPLIT_VSCODE=server rules it out.
 * @returns {Promise<string | undefined>}
 */
export async function findDesktop() {
  const wish = process.env.CLEANSPLIT_VSCODE;
  if (wish === "server") return undefined;
  const insists = wish === "desktop";
  const headless = process.platform === "linux" && !process.env.DISPLAY;
  const xvfb = headless ? findOnPath("xvfb-run") : undefined;
  if (headless && xvfb === undefined) {
    if (insists) throw new Error("VS Code desktop needs a display: set DISPLAY or install xvfb.");
    return undefined;
  }
  if (!insists && !(await canDownload())) return undefined;
  const executable = await downloadAndUnzipVSCode({ version: VERSIONS[resolveHost()], cachePath: CACHE_DIR });
  return xvfb === undefined ? executable : wrapInXvfb(xvfb, executable);
}

/**
 * What to give `runTests()` as `vscodeExecutablePath`.
 * @returns {Promise<string>}
 */
export async function vscodeExecutable() {
  return (await findDesktop()) ?? STAND_IN;
}

/** Whether the update server answers; a no is remembered for a day, so that it costs its seconds only once. */
async function canDownload() {
  const failedAt = fs.statSync(UNREACHABLE, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (Date.now() - failedAt < REMEMBER_MS) return false;
  const reached = await fetch(UPDATE_SERVER, { method: "HEAD", signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).then(
    (response) => response.ok,
    () => false,
  );
  if (!reached) {
    fs.mkdirSync(CACHE_DIR, { recursive: true });
    fs.writeFileSync(UNREACHABLE, "The VS Code update server did not answer. Remove this file to try again.\n");
  }
  return reached;
}

/**
 * @param {string} xvfb
 * @param {string} executable
 */
function wrapInXvfb(xvfb, executable) {
  const script = path.join(CACHE_DIR, "desktop-in-xvfb.sh");
  fs.writeFileSync(script, `#!/bin/sh\nexec "${xvfb}" -a "${executable}" "$@"\n`, { mode: 0o755 });
  return script;
}
