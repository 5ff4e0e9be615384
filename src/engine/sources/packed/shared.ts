import * as l10n from "@vscode/l10n";
import { statSync } from "node:fs";
import { CleanSplitError, messageOf } from "../../../core/errors";
import { openListed } from "./archive";
import { openPackedFile } from "./open";
import type { PackedFile, PackedFormat, PackedStamp } from "./packedFile";

/** Packed files that stay open in this thread; images of one file are read in many jobs. */
const MAX_OPEN_FILES = 4;
const open = new Map<string, Promise<PackedFile>>();

/** What a file is known by. Throws a `CleanSplitError` when there is none. */
export function stampOf(file: string): PackedStamp {
  try {
    const { size, mtimeMs } = statSync(file);
    return { length: size, modified: mtimeMs };
  } catch (error) {
    throw new CleanSplitError("not-found", l10n.t("{0} cannot be read: {1}.", file, messageOf(error)));
  }
}

/**
 * Opens the packed file of some images, or gives the one that is open already. Throws a `CleanSplitError` when it is not as
 * its stamp says, or is none that is read.
 */
export function openShared(format: Omit<PackedFormat, "key">): Promise<PackedFile> {
  const key = keyOf(format);
  const opened = open.get(key) ?? openUnchanged(format);
  open.delete(key);
  open.set(key, opened);
  // One that cannot be opened is tried again next time.
  opened.catch(() => open.delete(key));
  for (const [oldest, entry] of open) {
    if (open.size <= MAX_OPEN_FILES) break;
    open.delete(oldest);
    closeLater(entry);
  }
  return opened;
}

/** Closes a file that stays open otherwise. */
export function closeShared(format: Omit<PackedFormat, "key">): void {
  const opened = open.get(keyOf(format));
  open.delete(keyOf(format));
  if (opened !== undefined) closeLater(opened);
}

async function openUnchanged({ file, stamp, places }: Omit<PackedFormat, "key">): Promise<PackedFile> {
  const { length, modified } = stampOf(file);
  if (length !== stamp.length || modified !== stamp.modified) {
    throw new CleanSplitError("changed", l10n.t("{0} changed since it was inspected. Inspect it again.", file));
  }
  const opened = places === undefined ? await openPackedFile(file) : openListed(file, places);
  if (opened !== undefined) return opened;
  throw new CleanSplitError(
    "unsupported",
    l10n.t(
      "{0} is no packed file of images that CleanSplit reads: expected tar, tar.gz, zip, Parquet or TFRecord.",
      file,
    ),
  );
}

function closeLater(opened: Promise<PackedFile>): void {
  void opened.then((packed) => packed.close()).catch(() => undefined);
}

/** What was opened by places knows nothing else, so it is told apart. */
function keyOf({ file, stamp, places }: Omit<PackedFormat, "key">): string {
  return [file, stamp.length, stamp.modified, places === undefined].join("\0");
}
