import { randomUUID } from "node:crypto";
import { lstat, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { CleanSplitError, messageOf } from "../core/errors";
import { printableJson } from "./output/escape";
import type { Output } from "./output/terminal";

/** Where `--json` writes: a file, or standard output for "-". */
export interface JsonTarget {
  /** Standard output carries JSON and nothing else. */
  readonly isStdout: boolean;
  write(value: unknown): Promise<void>;
}

/**
 * Prepares the target before the work starts: a run of an hour must not end with "no such folder". The file appears
 * whole or not at all.
 */
export async function openJson(target: string, cwd: string, stdout: Output): Promise<JsonTarget> {
  if (target === "-") {
    return { isStdout: true, write: async (value) => stdout.write(`${printableJson(value)}\n`) };
  }
  const file = path.resolve(cwd, target);
  const folder = await stat(path.dirname(file)).catch(() => undefined);
  if (folder?.isDirectory() !== true) {
    throw new CleanSplitError(
      "not-found",
      `Cannot write ${target}: the folder ${path.dirname(file)} does not exist. Make it first, or name another file.`,
    );
  }
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory() === true) {
    throw new CleanSplitError(
      "conflict",
      `Cannot write ${target}: it is a folder. Name a file, e.g. ${path.join(target, "report.json")}.`,
    );
  }
  // A pipe, a device or a link stays what it is; only a regular file can be replaced by renaming.
  const isReplaceable = await lstat(file).then(
    (entry) => entry.isFile(),
    () => true,
  );
  return {
    isStdout: false,
    write: async (value) => {
      const text = `${printableJson(value)}\n`;
      const temporary = `${file}.${randomUUID()}.tmp`;
      try {
        if (!isReplaceable) {
          await writeFile(file, text);
          return;
        }
        await writeFile(temporary, text, { flag: "wx" });
        await rename(temporary, file);
      } catch (error) {
        await rm(temporary, { force: true });
        throw new CleanSplitError(
          "forbidden",
          `Cannot write ${target}: ${messageOf(error)}. Name a file in a folder you can write to.`,
        );
      }
    },
  };
}
