import { constants } from "node:fs";
import { copyFile, lstat, mkdir, readdir, realpath, rm, stat, statfs } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { decimalText, integerText } from "../../core/language";
import { isInside } from "../sources/listing";
import { PROBE } from "./attempt";
import { CERTIFICATE } from "./certificate";
import { codeOf, writeError } from "./durable";
import type { Output, Plan, Writing } from "./outputs";
import { walk } from "./writtenFiles";

/** Bytes that manifest and certificate take at most: for every sample, and for every written file. */
const BYTES_OF_RECORD = 1024;

/** A megabyte for what else comes and goes. */
const RESERVE = 2 ** 20;

/**
 * Checks that a folder can be written anew: nothing is there, and it does not lie within the source or around it, so that the
 * source is never changed and never read as its own copy. Rejects with a `CleanSplitError` ("refused") that says what to do.
 */
export async function checkTarget(target: string, inputs: readonly string[]): Promise<void> {
  await assertFree(target);
  const real = await realPath(target);
  for (const input of inputs) {
    const source = await realpath(input).catch(() => {
      throw new CleanSplitError(
        "changed",
        l10n.t("{0} is no longer there. Put it back, or inspect the dataset again.", input),
      );
    });
    if (isInside(path.relative(source, real)) || isInside(path.relative(real, source))) {
      throw new CleanSplitError(
        "refused",
        l10n.t("{0} and the dataset {1} lie in one another. Choose a folder outside of it.", target, input),
      );
    }
    if ((await stat(source)).isFile() && path.dirname(source) === real) {
      throw new CleanSplitError("refused", l10n.t("{0} is the folder of {1}. Choose another one.", target, input));
    }
  }
}

/** Rejects when there is something at a place. */
export async function assertFree(target: string): Promise<void> {
  const entries = await readdir(target).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return null;
    throw new CleanSplitError("refused", l10n.t("{0} is no folder. Choose a new name.", target));
  });
  if (entries === null && (await lstat(target).catch(() => null)) === null) return;
  const text = l10n.t("{0} exists already. Choose a new name; nothing is ever overwritten.", target);
  const hint = l10n.t(
    'It is a sanitized copy: "cleansplit verify {0}" checks it, "cleansplit undo {0}" removes it.',
    target,
  );
  throw new CleanSplitError("refused", entries?.includes(CERTIFICATE) === true ? `${text} ${hint}` : text);
}

/** Makes the folder that a target lies in. */
export async function makeParent(target: string): Promise<void> {
  const parent = path.dirname(target);
  await mkdir(parent, { recursive: true }).catch((error: unknown) => {
    throw writeError(parent, error);
  });
}

/** The real path of something that may not exist yet: that of its nearest parent that does. */
async function realPath(target: string): Promise<string> {
  try {
    return await realpath(target);
  } catch {
    const parent = path.dirname(target);
    return parent === target ? target : path.join(await realPath(parent), path.basename(target));
  }
}

/**
 * Checks that the disk of a folder has room for what outputs write, less what lies in the folder already. Rejects with a
 * `CleanSplitError` ("full") that says how much is needed, and for a source file that is gone.
 */
export async function checkSpace(
  plan: Plan,
  outputs: readonly Output[],
  folder: string,
  writing: Pick<Writing, "pool" | "signal" | "images">,
): Promise<void> {
  const samples = plan.inspection.dataset.table.count;
  let needed = RESERVE + samples * BYTES_OF_RECORD;
  for (const { bytes } of outputs) needed += typeof bytes === "number" ? bytes : await bytes(writing);
  const free = await freeBytes(folder);
  if (needed <= free) return;
  needed -= await bytesWithin(folder);
  if (needed <= free) return;
  if (writing.images === "copy" && (await sharesBlocks(plan, folder))) return;
  throw new CleanSplitError(
    "full",
    l10n.t(
      "The copy takes up to {0}, and the disk of {1} has {2} free.",
      bytesText(needed),
      path.dirname(path.dirname(folder)),
      bytesText(free),
    ),
  );
}

/** Bytes that are free for this user on the disk of a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function bytesWithin(folder: string): Promise<number> {
  const { files } = await walk(folder);
  let sum = 0;
  for (const file of files) sum += (await lstat(path.join(folder, file))).blocks * 512;
  return sum;
}

/** Whether copies of the images share their blocks with the source, and so take no room: tried with one of them. */
async function sharesBlocks({ inspection: { dataset }, decision }: Plan, folder: string): Promise<boolean> {
  const sample = decision.stays.indexOf(1);
  if (sample < 0 || dataset.locate(sample).source.kind !== "folder") return false;
  const probe = path.join(path.dirname(folder), PROBE);
  try {
    await copyFile(dataset.names.file(sample), probe, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  } finally {
    await rm(probe, { force: true });
  }
}

/** A number of bytes for reading: "12 MB". */
export function bytesText(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value < 10 && unit > 0 ? decimalText(value, 1) : integerText(Math.ceil(value))} ${units[unit] ?? ""}`;
}
