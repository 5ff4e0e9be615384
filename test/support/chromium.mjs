// Which Chromium tests and benches use.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";

/** Chromium without its windows: pages are there in half the time. */
export const SHELL = "chromium-headless-shell";

/** The Chromium that CHROMIUM names, or one that is installed. */
export function chromiumPath() {
  const found = findChromium();
  if (found !== undefined) return found;
  throw new Error(
    "No Chromium found. Install one (Debian: sudo apt-get install chromium), or name its executable in the " +
      "environment variable CHROMIUM.",
  );
}

/**
 * The same, where there is one.
 * @returns {string | undefined}
 */
export function findChromium() {
  const named = process.env.CHROMIUM;
  if (named) {
    if (fs.existsSync(named)) return named;
    throw new Error(`The environment variable CHROMIUM names ${named}, which is not there.`);
  }
  return (
    findOnPath(SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable") ??
    ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"].find((file) => fs.existsSync(file))
  );
}

/**
 * The first of the named executables that is on PATH.
 * @param {readonly string[]} names
 * @returns {string | undefined}
 */
export function findOnPath(...names) {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);
  return names
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find((file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile());
}
