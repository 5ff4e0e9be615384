import { randomUUID } from "node:crypto";
import { lstat, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { CleanSplitError, messageOf } from "../../core/errors";
import { printableJson } from "./escape";
import type { Output } from "./terminal";

/** Where `--json` writes: a file, or standard output for "-". */
export interface JsonTarget {
  /** Standard output carries JSON and nothing else. */
  readonly isStdout: boolean;
  write(value: unknown): Promise<void>;
}

/** Prepares the target of `--json` before the work starts. */
export async function openJson(target: string, cwd: string, stdout: Output): Promise<JsonTarget> {
  const textOf = (value: unknown): string => `${printableJson(value)}\n`;
  if (target === "-") return { isStdout: true, write: async (value) => stdout.write(textOf(value)) };
  const write = await openFile(target, cwd, "report.json");
  return { isStdout: false, write: (value) => write([textOf(value)]) };
}

/**
 * Prepares a file before the work starts: a run of an hour must not end with "no such folder". Answers what writes parts
 * of text to it; the file appears whole or not at all. `example` is a name for it where `target` is none.
 */
export async function openFile(
  target: string,
  cwd: string,
  example: string,
): Promise<(parts: Iterable<string> | AsyncIterable<string>) => Promise<void>> {
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
      `Cannot write ${target}: it is a folder. Name a file, e.g. ${path.join(target, example)}.`,
    );
  }
  // A pipe, a device or a link stays what it is; only a regular file can be replaced by renaming.
  const isReplaceable = await lstat(file).then(
    (entry) => entry.isFile(),
    () => true,
  );
  return async (parts) => {
    const temporary = `${file}.${randomUUID()}.tmp`;
    try {
      if (!isReplaceable) {
        await writeFile(file, parts);
        return;
      }
      await writeFile(temporary, parts, { flag: "wx" });
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      // What makes the parts can fail for reasons of its own.
      if (!(error instanceof Error && "syscall" in error)) throw error;
      throw new CleanSplitError(
        "forbidden",
        `Cannot write ${target}: ${messageOf(error)}. Name a file in a folder you can write to.`,
      );
    }
  };
}
