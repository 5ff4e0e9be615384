import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { abortError } from "../process/rpc";

/** How npm is started: without a shell, so that nothing in a path is taken for a command. */
export interface Npm {
  readonly command: string;
  /** What goes before npm's own arguments. */
  readonly args: readonly string[];
  /** Folder of npm; its node is to be found first. */
  readonly folder: string;
}

/** What npm, and what it started, wrote and answered. */
export interface NpmOutcome {
  readonly isDone: boolean;
  /** The last lines of its output and error output. */
  readonly lines: readonly string[];
}

/** Lines of the output that are kept, and characters of each. */
const [KEPT_LINES, LINE_LENGTH] = [400, 1000];

/**
 * Finds npm beside the node that runs this, else on the PATH; `null` when there is none. Relative folders on the PATH are
 * left out: what lies in a dataset or a workspace is not to be run.
 *
 * @param node the program that runs this; in a desktop editor that is no node, so there is no npm beside it
 */
export function findNpm(env: NodeJS.ProcessEnv, node = process.execPath, platform = process.platform): Npm | null {
  const paths = platform === "win32" ? path.win32 : path.posix;
  const listed = (pathOf(env) ?? "").split(paths.delimiter).filter((folder) => paths.isAbsolute(folder));
  const folders = [paths.dirname(node), ...listed];
  for (const folder of folders) {
    const npm = platform === "win32" ? npmOnWindows(folder, folders) : npmAt(path.join(folder, "npm"), folder);
    if (npm !== null) return npm;
  }
  return null;
}

/** Windows starts only .exe files without a shell, so node is given the script that npm.cmd would give it. */
function npmOnWindows(folder: string, folders: readonly string[]): Npm | null {
  const script = path.join(folder, "node_modules", "npm", "bin", "npm-cli.js");
  const node = [folder, ...folders].map((place) => path.join(place, "node.exe")).find(isProgram);
  if (node !== undefined && isProgram(script)) return { command: node, args: [script], folder };
  return npmAt(path.join(folder, "npm.exe"), folder);
}

function npmAt(command: string, folder: string): Npm | null {
  return isProgram(command) ? { command, args: [], folder } : null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there, or not for this person.
    return false;
  }
}

/**
 * Runs npm in `folder`. Its settings are those of the person (registry, proxy, certificates); a project's .npmrc is not
 * read but for one in `folder`. When cancelled, and when this process ends, all that npm started ends with it.
 *
 * @param onLine gets every line of its output
 * @throws AbortError when cancelled
 */
export async function runNpm(
  npm: Npm,
  args: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<NpmOutcome> {
  const cancelled = (): boolean => signal.aborted;
  if (cancelled()) throw abortError();
  const child = spawn(npm.command, [...npm.args, ...args], {
    cwd: folder,
    env: npmEnvironment(env, npm.folder),
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
    // A group of its own, so that all of it can be ended.
    detached: process.platform !== "win32",
  });
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input, crlfDelay: Infinity }).on("line", (text) => {
      const line = text.slice(0, LINE_LENGTH);
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      onLine(line);
    });
  }
  const end = (): void => endTree(child);
  signal.addEventListener("abort", end, { once: true });
  process.once("exit", end);
  try {
    const isDone = await new Promise<boolean>((resolve) => {
      child.once("error", (error) => {
        lines.push(error.message);
        resolve(false);
      });
      child.once("close", (code) => resolve(code === 0));
    });
    if (cancelled()) throw abortError();
    return { isDone, lines };
  } finally {
    signal.removeEventListener("abort", end);
    process.removeListener("exit", end);
  }
}

/** The environment of npm: what it starts by name is found beside it first, and nothing starts as an editor's node. */
function npmEnvironment(env: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(([name]) => name !== "ELECTRON_RUN_AS_NODE" && !isPath(name));
  return { ...Object.fromEntries(others), PATH: [folder, pathOf(env) ?? ""].join(path.delimiter) };
}

function pathOf(env: NodeJS.ProcessEnv): string | undefined {
  return Object.entries(env).find(([name]) => isPath(name))?.[1];
}

/** Windows writes it "Path", and does not care. */
function isPath(name: string): boolean {
  return name === "PATH" || (process.platform === "win32" && name.toUpperCase() === "PATH");
}

function endTree({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  if (process.platform === "win32") {
    const taskkill = path.join(process.env["SystemRoot"] ?? "C:\\Windows", "System32", "taskkill.exe");
    const killing = spawn(taskkill, ["/pid", String(pid), "/t", "/f"], { stdio: "ignore", windowsHide: true });
    killing.on("error", () => undefined);
    return;
  }
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
