import { existsSync } from "node:fs";
import { copyFile, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { messageOf } from "../../core/errors";
import type { InstallStep, NativeInstallation, Run } from "../engine";
import { abortError } from "../process/rpc";
import { isRunning } from "../process/running";
import { throttled } from "../progress";
import { installError, installFailure } from "./installFailure";
import { NATIVE_PACKAGE, packageIn } from "./native";
import { checkNative } from "./nativeCheck";
import { findNpm, runNpm, type Npm } from "./npm";

/** How often the size of what is unpacked is looked at, in milliseconds. */
const SIZE_EVERY = 500;

/** What is installed, and with what; the defaults are the package and the settings of the person. */
export interface InstallOptions {
  /** Absolute path of the folder that is to hold the package in its node_modules. */
  readonly folder: string;
  /** Folder of the bundles; `nativeCheck.js` is in it. */
  readonly dist: string;
  /** What npm is asked for: a version of the package, or `file:` and a tarball of it. */
  readonly version?: string;
  /** What the tarball must be, as npm writes it: `sha512-` and the hash in base 64. */
  readonly integrity?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Null where there is none. */
  readonly npm?: Npm | null;
}

/**
 * Installs the native TensorFlow with npm, at the pinned version and from the registry that npm is set up with, unless
 * one is there that works. The only install script that runs is that of the package itself, after its tarball was found
 * to be the published one; it fetches the TensorFlow library from storage.googleapis.com. All happens in a folder beside
 * `folder`, which takes its place once the package multiplied two matrices, so `folder` holds a whole one or none.
 *
 * @param run its progress names the step, and what npm does or how much is unpacked
 * @throws CleanSplitError that names the cause: npm is missing, no network, no library for this machine, a full disk ...
 * @throws AbortError when cancelled; nothing is left then
 */
export async function installNative(options: InstallOptions, run: Run<InstallStep>): Promise<NativeInstallation> {
  const { folder, dist, env = process.env, npm = findNpm(env) } = options;
  const { version = NATIVE_PACKAGE.version, integrity = NATIVE_PACKAGE.integrity } = options;
  if (existsSync(packageIn(folder))) {
    run.progress({ step: l10n.t("Checking what is installed"), detail: "" });
    const answer = await checkNative(dist, folder, run.signal);
    if ("version" in answer && answer.version === NATIVE_PACKAGE.version) return { folder, version: answer.version };
  }
  if (npm === null) {
    throw installError(
      "not-found",
      l10n.t("npm is not on the PATH. Install Node.js 20 or newer, which comes with it."),
    );
  }
  const place = await makePlace(folder);
  try {
    const tools: Tools = { npm, env, run, folder };
    await fetchPackages(place, version, integrity, tools);
    await fetchLibrary(place, tools);
    run.progress({ step: l10n.t("Multiplying two matrices with it"), detail: "" });
    const answer = await checkNative(dist, place, run.signal);
    if ("error" in answer) throw installFailure({ step: "check", lines: [answer.error], folder });
    if (run.signal.aborted) throw abortError();
    await takePlace(place, folder);
    return { folder, version: answer.version };
  } catch (error) {
    throw isFull(error) ? installFailure({ step: "packages", lines: [messageOf(error)], folder }) : error;
  } finally {
    await rm(place, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What the steps work with; `folder` is for messages. */
interface Tools {
  readonly npm: Npm;
  readonly env: NodeJS.ProcessEnv;
  readonly run: Run<InstallStep>;
  readonly folder: string;
}

/** Has npm fetch the package and what it needs, without running anything of it. */
async function fetchPackages(place: string, version: string, integrity: string, tools: Tools): Promise<void> {
  const step = l10n.t("Fetching packages");
  const manifest = {
    private: true,
    dependencies: { [NATIVE_PACKAGE.name]: version },
    // npm 12 runs install scripts of no other package.
    allowScripts: { [NATIVE_PACKAGE.name]: true },
  };
  await writeFile(path.join(place, "package.json"), JSON.stringify(manifest));
  const { isDone, lines } = await npmStep(place, step, ["install", "--ignore-scripts", ...NPM_OPTIONS], tools);
  if (!isDone) throw installFailure({ step: "packages", lines, folder: tools.folder });
  if ((await integrityIn(place)) !== integrity) {
    throw installFailure({ step: "packages", lines: ["EINTEGRITY"], folder: tools.folder });
  }
}

/** npm as every person has it set up, but for what would change where and how it installs. */
const NPM_OPTIONS = [
  "--global=false",
  "--no-audit",
  "--no-fund",
  "--no-package-lock",
  "--loglevel=http",
  // Instead of a minute: people wait for the last of three attempts.
  "--fetch-retry-maxtimeout=10000",
  "--color=false",
];

/** Runs the package's own install script, which fetches the library and the addon that binds it. */
async function fetchLibrary(place: string, tools: Tools): Promise<void> {
  const step = l10n.t("Fetching the TensorFlow library");
  const unpacked = path.join(packageIn(place), "deps", "lib");
  let isOver = false;
  const timer = setInterval(() => {
    void sizeOf(unpacked).then((bytes) => {
      if (bytes > 0 && !isOver)
        tools.run.progress({ step, detail: l10n.t("{0} MB unpacked", Math.round(bytes / 1e6)) });
    });
  }, SIZE_EVERY);
  try {
    const args = ["rebuild", NATIVE_PACKAGE.name, "--ignore-scripts=false", "--foreground-scripts", ...NPM_OPTIONS];
    const { isDone, lines } = await npmStep(place, step, args, tools);
    if (!isDone) throw installFailure({ step: "library", lines, folder: tools.folder });
  } finally {
    isOver = true;
    clearInterval(timer);
  }
  await putLibraryBesideAddon(packageIn(place));
}

async function npmStep(
  place: string,
  step: string,
  args: readonly string[],
  { npm, env, run }: Tools,
): ReturnType<typeof runNpm> {
  run.progress({ step, detail: "" });
  const report = throttled(run.progress.bind(run), () => false);
  return runNpm(npm, args, place, env, run.signal, (line) => {
    const detail = detailOf(line);
    if (detail !== null) report({ step, detail });
  });
}

/** What a line of npm says to a person who waits; null for the rest. */
function detailOf(line: string): string | null {
  const fetched = /^npm http fetch GET \d+ \S*\/([^/\s?]+)/.exec(line)?.[1];
  if (fetched !== undefined) return safeDecoded(fetched);
  const retried = /^npm http fetch .*(attempt \d+ failed with \S+)/.exec(line)?.[1];
  if (retried !== undefined) return retried;
  return line.startsWith("* ") ? line.slice(2) : null;
}

function safeDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What the package's tarball was, as npm noted it. */
async function integrityIn(place: string): Promise<string | undefined> {
  const lock = JSON.parse(await readFile(path.join(place, "node_modules", ".package-lock.json"), "utf8")) as {
    readonly packages?: Readonly<Record<string, { readonly integrity?: string } | undefined>>;
  };
  return lock.packages?.[`node_modules/${NATIVE_PACKAGE.name}`]?.integrity;
}

/**
 * Windows looks for tensorflow.dll beside the addon. The install script puts it into the folder of the newest Node-API of
 * the Node.js that ran it (lib/napi-v9 and later), while the addon is in lib/napi-v8, the newest that it was made for.
 */
export async function putLibraryBesideAddon(folder: string): Promise<void> {
  const library = path.join(folder, "deps", "lib", "tensorflow.dll");
  if (!existsSync(library)) return;
  const addons = path.join(folder, "lib");
  for (const name of await readdir(addons)) {
    const place = path.join(addons, name);
    const isMissing = !existsSync(path.join(place, "tensorflow.dll"));
    if (isMissing && existsSync(path.join(place, "tfjs_binding.node"))) {
      await copyFile(library, path.join(place, "tensorflow.dll"));
    }
  }
}

/** Bytes of the files in a folder, not below it; 0 while it is not there. */
async function sizeOf(folder: string): Promise<number> {
  try {
    const files = await readdir(folder);
    const sizes = await Promise.all(files.map(async (file) => (await lstat(path.join(folder, file))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    // Files come and go while an archive is unpacked.
    return 0;
  }
}

/** A new folder beside `folder`, named after this process; those that processes left behind are removed. */
async function makePlace(folder: string): Promise<string> {
  const parent = path.dirname(folder);
  const prefix = `${path.basename(folder)}.part-`;
  try {
    await mkdir(parent, { recursive: true });
    for (const name of await readdir(parent)) {
      if (!name.startsWith(prefix)) continue;
      const owner = Number.parseInt(name.slice(prefix.length), 10);
      if (owner === process.pid)
        throw installError("conflict", l10n.t("It is being installed already. Wait until that ends."));
      if (owner > 0 && !isRunning(owner)) await rm(path.join(parent, name), { recursive: true, force: true });
    }
    const place = path.join(parent, prefix + String(process.pid));
    await mkdir(place);
    return place;
  } catch (error) {
    throw hasCode(error, "EACCES", "EPERM", "EROFS", "ENOTDIR")
      ? installError(
          "forbidden",
          l10n.t("{0} may not be written ({1}). Allow it, and install again.", parent, messageOf(error)),
        )
      : error;
  }
}

/** Puts what was installed where it belongs; what was there before goes. */
async function takePlace(place: string, folder: string): Promise<void> {
  const old = `${place}-old`;
  try {
    if (existsSync(folder)) await rename(folder, old);
    await rename(place, folder);
  } catch (error) {
    if (!existsSync(folder) && existsSync(old)) await rename(old, folder);
    throw installError(
      "conflict",
      l10n.t(
        "{0} could not be replaced ({1}). End trainings that use it, and install again.",
        folder,
        messageOf(error),
      ),
    );
  }
  await rm(old, { recursive: true, force: true, maxRetries: 3 });
}

function isFull(error: unknown): boolean {
  return hasCode(error, "ENOSPC", "EDQUOT");
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
