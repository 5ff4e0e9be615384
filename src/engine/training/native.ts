import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import util from "node:util";
import type * as tfjs from "@tensorflow/tfjs-core";
import * as l10n from "@vscode/l10n";
import { messageOf } from "../../core/errors";

/** The package that binds the native TensorFlow library, and the version that goes with the other parts of TensorFlow.js. */
export const NATIVE_PACKAGE = {
  name: "@tensorflow/tfjs-node",
  version: "4.22.0",
  /** Of its tarball in the npm registry, as in package-lock.json. */
  integrity: "sha512-uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==",
} as const;

/** Environment variable with a folder of a person's own that holds the package, or is it. */
export const NATIVE_VARIABLE = "CLEANSPLIT_TFJS_NODE";

/** Environment variable by which a trainer process learns where `installNative` puts the package. */
export const INSTALLED_VARIABLE = "CLEANSPLIT_NATIVE_FOLDER";

// Hidden from the bundler: the native package is optional and never bundled.
const requireHere = createRequire(__filename);

/**
 * Loads the native TensorFlow.js package from the first of these that is there: the folder in CLEANSPLIT_TFJS_NODE, which
 * counts alone when it is set; the folder in CLEANSPLIT_NATIVE_FOLDER; the node_modules around this program. It changes
 * `node:util` and cannot be unloaded, so this is for processes of its own.
 *
 * @throws Error when there is none or it does not load; with the code MODULE_NOT_FOUND when none is installed
 */
export function loadNative(env: NodeJS.ProcessEnv = process.env): typeof tfjs {
  const found = findNative(env);
  restoreRemovedUtilities();
  try {
    return requireHere(found) as typeof tfjs;
  } catch (error) {
    if (found === NATIVE_PACKAGE.name) throw error;
    throw new Error(l10n.t("{0}, in {1}", messageOf(error), found), { cause: error });
  }
}

/** Absolute path of the package, or its name where node is to find it, see {@link loadNative}. */
export function findNative(env: NodeJS.ProcessEnv): string {
  const own = env[NATIVE_VARIABLE];
  if (own !== undefined && own !== "") {
    const found = [own, packageIn(own)].find(isNative);
    if (found !== undefined) return path.resolve(found);
    throw new Error(l10n.t("{0} is {1}, which holds no {2}", NATIVE_VARIABLE, own, NATIVE_PACKAGE.name));
  }
  const installed = env[INSTALLED_VARIABLE];
  if (installed !== undefined && isNative(packageIn(installed))) return packageIn(installed);
  return NATIVE_PACKAGE.name;
}

/** Where npm puts the package when it installs into `folder`. */
export function packageIn(folder: string): string {
  return path.join(folder, "node_modules", NATIVE_PACKAGE.name);
}

function isNative(folder: string): boolean {
  const manifest = path.join(folder, "package.json");
  if (!existsSync(manifest)) return false;
  try {
    const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { name?: unknown };
    return name === NATIVE_PACKAGE.name;
  } catch {
    // Not a manifest.
    return false;
  }
}

/** Version 4.22 of the package calls two functions that Node 23 removed. */
function restoreRemovedUtilities(): void {
  const target = util as unknown as Record<string, unknown>;
  target["isNullOrUndefined"] ??= (value: unknown): boolean => value === null || value === undefined;
  target["isArray"] ??= Array.isArray;
}
