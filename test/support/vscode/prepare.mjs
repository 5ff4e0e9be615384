// Fetches what it takes to run CleanSplit in a real VS Code: a VS Code Server, a Node that fits it and a Chromium.
// All of it goes into the git-ignored .vscode-test/ and never becomes a dependency of the project.
import { execFile } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { chromiumPath, findChromium, findOnPath, SHELL } from "../chromium.mjs";

/** @typedef {"1.100" | "newest"} Host */
/** @typedef {{ serverMain: string, node: string, chromium: string }} PreparedHost */

/** The repository root. */
export const PROJECT_ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Where hosts and desktop builds are kept. */
export const CACHE_DIR = path.join(PROJECT_ROOT, ".vscode-test");

/** The oldest VS Code that CleanSplit supports, and the newest one that is known to run here. */
const HOSTS = Object.freeze({
  "1.100": { packages: ["code-server@4.100.3", "@vscode/ripgrep@1.18.0"], node: "20.19.5" },
  newest: { packages: ["code-server@4.139.1"], node: "24.9.0" },
});

/** What the server watches folders with, compiled; without it nothing tells of files that change. */
const WATCHER = `@parcel/watcher-${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}@2.5.1`;

/** Raise this when an install is made differently, so that older ones are made anew. */
const RECIPE = 1;
const INSTALL_TIMEOUT_MS = 10 * 60_000;
const run = promisify(execFile);

/**
 * Which host to run: the given one, else the one that CLEANSPLIT_VSCODE_HOST names, else the oldest supported.
 * @param {string | undefined} [name]
 * @returns {Host}
 */
export function resolveHost(name = process.env.CLEANSPLIT_VSCODE_HOST) {
  const host = name || "1.100";
  if (host === "1.100" || host === "newest") return host;
  throw new Error(`Unknown VS Code host "${host}": use ${Object.keys(HOSTS).join(" or ")}.`);
}

/**
 * Installs a VS Code Server and a Chromium unless they are there already.
 * @param {{ host?: Host, log?: (line: string) => void }} [options]
 * @returns {Promise<PreparedHost>}
 */
export async function prepareHost({ host = resolveHost(), log = console.log } = {}) {
  const spec = HOSTS[host];
  // A Node of the same major is what VS Code of that version runs on; only otherwise one is fetched.
  const ownNode = majorOf(process.versions.node) === majorOf(spec.node);
  const nodePackage = `node-${process.platform}-${process.arch}`;
  const common = [...spec.packages, WATCHER];
  const packages = ownNode ? common : [...common, `${nodePackage}@${spec.node}`];

  const root = path.join(CACHE_DIR, host);
  const stamp = JSON.stringify({ recipe: RECIPE, packages });
  if (readStamp(root) !== stamp) await installHost(host, root, packages, stamp, log);

  const nodeBinary = process.platform === "win32" ? "node.exe" : "node";
  return {
    serverMain: path.join(vscodeDir(root), "out", "server-main.js"),
    node: ownNode ? process.execPath : path.join(root, "node_modules", nodePackage, "bin", nodeBinary),
    chromium: await prepareChromium(log),
  };
}

/**
 * @param {Host} host
 * @param {string} root
 * @param {readonly string[]} packages
 * @param {string} stamp
 * @param {(line: string) => void} log
 */
async function installHost(host, root, packages, stamp, log) {
  // Built aside, stamped last and renamed: an interrupted install is never mistaken for a whole one, and two test
  // lanes that start at the same time do not write over each other.
  removeAbandoned();
  const staging = path.join(CACHE_DIR, `.${host}-installing-${process.pid}`);
  fs.mkdirSync(staging, { recursive: true });
  try {
    log(`VS Code host ${host}: installing ${packages.join(", ")}`);
    fs.writeFileSync(path.join(staging, "package.json"), '{ "private": true }\n');
    await npmInstall(staging, ["--save-exact", ...packages]);
    log(`VS Code host ${host}: installing what the server needs`);
    await npmInstall(vscodeDir(staging), ["--omit=dev", "--no-save"]);
    replaceMissingBinaries(staging);
    fs.writeFileSync(stampFile(staging), stamp);
    if (readStamp(root) !== stamp) {
      fs.rmSync(root, { recursive: true, force: true });
      fs.renameSync(staging, root);
    }
    log(`VS Code host ${host}: ready`);
  } catch (error) {
    // Another process may have put the same host in place meanwhile.
    if (readStamp(root) !== stamp) throw error;
  } finally {
    fs.rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * Puts in place what install scripts would have compiled or downloaded, as far as extensions notice: ripgrep, without
 * which `workspace.findFiles` does not work (newer servers bring it along), the logger and the watchdog.
 * @param {string} root
 */
function replaceMissingBinaries(root) {
  const modules = path.join(vscodeDir(root), "node_modules", "@vscode");
  const ripgrep = path.join(modules, "ripgrep", "bin");
  if (fs.existsSync(path.dirname(ripgrep))) {
    /** @type {{ rgPath: string }} */
    const { rgPath } = createRequire(path.join(root, "package.json"))("@vscode/ripgrep");
    fs.mkdirSync(ripgrep, { recursive: true });
    fs.copyFileSync(rgPath, path.join(ripgrep, path.basename(rgPath)));
  }
  // The watchdog ends an extension host whose server is gone; server-guard.mjs sees to that here.
  for (const watchdog of [path.join(modules, "native-watchdog"), path.join(modules, "..", "native-watchdog")]) {
    if (fs.existsSync(watchdog)) fs.writeFileSync(path.join(watchdog, "index.js"), "exports.start = () => {};\n");
  }
  fs.copyFileSync(fileURLToPath(new URL("spdlog.cjs", import.meta.url)), path.join(modules, "spdlog", "index.js"));
}

/** Removes what interrupted installs left behind: those whose process is gone, or that are too old to be at work. */
function removeAbandoned() {
  for (const name of fs.existsSync(CACHE_DIR) ? fs.readdirSync(CACHE_DIR) : []) {
    const pid = /-installing-(\d+)$/.exec(name)?.[1];
    if (pid === undefined) continue;
    const folder = path.join(CACHE_DIR, name);
    const startedAt = fs.statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (isAlive(Number(pid)) && Date.now() - startedAt < 3 * INSTALL_TIMEOUT_MS) continue;
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Install scripts are left out because they compile or download; the server does without those parts.
 * `--force` because the packages name a narrower range of Node than they run on.
 * @param {string} cwd
 * @param {readonly string[]} args
 */
async function npmInstall(cwd, args) {
  const command = ["install", "--ignore-scripts", "--force", "--no-audit", "--no-fund", ...args];
  await exec("npm", command, { cwd, shell: process.platform === "win32" });
}

/**
 * @param {(line: string) => void} log
 * @returns {Promise<string>}
 */
async function prepareChromium(log) {
  const canInstall = fs.existsSync("/etc/debian_version") && process.getuid?.() === 0;
  const isChosen = Boolean(process.env.CHROMIUM) || findOnPath(SHELL) !== undefined;
  if (canInstall && !isChosen) {
    log("Chromium: installing the Debian package");
    await aptInstall(SHELL).catch((error) => log(`Chromium: ${String(error).split("\n")[0]}`));
    if (findChromium() === undefined) await aptInstall("chromium");
  }
  return chromiumPath();
}

/** @param {string} name */
async function aptInstall(name) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await exec("apt-get", ["update", "-qq"], { env });
  await exec("apt-get", ["install", "-y", "-qq", "--no-install-recommends", name], { env });
}

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @param {import("node:child_process").ExecFileOptions} options
 */
async function exec(file, args, options) {
  try {
    await run(file, [...args], { ...options, timeout: INSTALL_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const output = String(/** @type {{ stderr?: unknown }} */ (error).stderr ?? error);
    throw new Error(`${file} ${args.join(" ")} failed:\n${output.slice(-4000)}`, { cause: error });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** @param {string} version */
function majorOf(version) {
  return version.split(".")[0];
}

/** @param {string} root */
function vscodeDir(root) {
  return path.join(root, "node_modules", "code-server", "lib", "vscode");
}

/** @param {string} root */
function stampFile(root) {
  return path.join(root, "installed.json");
}

/** @param {string} root */
function readStamp(root) {
  const file = stampFile(root);
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { host: { type: "string" } } });
  const prepared = await prepareHost({ host: resolveHost(values.host) });
  console.log(
    Object.entries(prepared)
      .map(([key, value]) => `${key}: ${value}`)
      .join("\n"),
  );
}
