import { closeSync, fsyncSync, openSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import * as l10n from "@vscode/l10n";
import { CleanSplitError, messageOf } from "../../core/errors";

const IS_WINDOWS = process.platform === "win32";

/** Has the system bring a file to the disk; in this thread, for workers. */
export function flushFileSync(file: string): void {
  let descriptor: number;
  try {
    // Windows flushes only what was opened for writing, which a read-only file cannot be.
    descriptor = openSync(file, IS_WINDOWS ? "r+" : "r");
  } catch (error) {
    if (IS_WINDOWS && codeOf(error) === "EPERM") return;
    throw error;
  }
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Brings the names in a folder to the disk; Windows does it by itself. */
export async function flushFolder(folder: string): Promise<void> {
  if (IS_WINDOWS) return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Renames a file or folder. On Windows a virus scanner that looks at new files is waited for. */
export async function renameFresh(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (!IS_WINDOWS || attempt === 10 || !["EPERM", "EACCES", "EBUSY"].includes(codeOf(error))) throw error;
      await wait(50 * attempt);
    }
  }
}

/** The code of a failure of the system, such as ENOENT; "" for other errors. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

const FAILURES: Readonly<Record<string, () => string>> = {
  EACCES: () => l10n.t("there is no permission. Choose a folder that you may write to"),
  EPERM: () => l10n.t("there is no permission. Choose a folder that you may write to"),
  EROFS: () => l10n.t("its file system is read-only. Choose a folder that can be written to"),
  ENAMETOOLONG: () => l10n.t("the name is longer than the file system allows. Choose a shorter one"),
  EMFILE: () => l10n.t("too many files are open. Close other programs, then try again"),
};

/** The failure of writing a file or folder, in words; `error` itself when it is worded for people already. */
export function writeError(file: string, error: unknown): Error {
  if (error instanceof CleanSplitError) return error;
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    const what = code === "ENOSPC" ? l10n.t("the disk is full") : l10n.t("your share of the disk is used up");
    return new CleanSplitError("full", l10n.t("{0} cannot be written: {1}.", file, what));
  }
  const known = FAILURES[code]?.();
  if (known !== undefined) return new CleanSplitError("forbidden", l10n.t("{0} cannot be written: {1}.", file, known));
  return code === "" && error instanceof Error
    ? error
    : new CleanSplitError("stopped", l10n.t("{0} cannot be written: {1}.", file, messageOf(error)));
}
