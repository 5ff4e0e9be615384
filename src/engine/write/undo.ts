import { existsSync } from "node:fs";
import { rm, unlink } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import type { CertifiedFile } from "../../core/sanitize/certificate";
import type { UndoResult } from "../../core/sanitize/plan";
import type { Progress, Run } from "../engine";
import { forEachLimited } from "../limited";
import type { Pool } from "../pool/pool";
import { attemptFolder, dataOf, holdAttempt, readJournal, removeAttempt, targetOfAttempt } from "./attempt";
import { CERTIFICATE, readCertificate } from "./certificate";
import { writeError } from "./durable";
import { digestFiles, isAsWritten, removeEmptyFolders, walk } from "./writtenFiles";

/** Files that are removed at a time. */
const REMOVALS = 16;

/**
 * Takes back a written folder, and what an interrupted attempt to write it left: removes the files that were written, as far
 * as they are as they were written, then the folders that are empty. What was added or changed stays and is named.
 * `folder` is the written one, or that of the attempt. Taking back can itself be taken up again.
 */
export async function undoFolder(folder: string, pool: Pool, run: Run<Progress>): Promise<UndoResult> {
  const target = targetOfAttempt(path.resolve(folder)) ?? path.resolve(folder);
  const certificate = await readCertificate(target);
  const attempt = attemptFolder(target);
  if (certificate === null && !existsSync(attempt)) throw notWritten(target);
  const kept: string[] = [];
  let files = 0;
  if (existsSync(attempt)) {
    const undone = await undoAttempt(target, pool, run);
    files += undone.files;
    kept.push(...undone.kept);
  }
  if (certificate !== null) {
    const written = new Map(certificate.files.map((file) => [file.path, file]));
    const undone = await removeWritten(target, written, [CERTIFICATE], pool, run);
    await rm(path.join(target, CERTIFICATE));
    await removeEmptyFolders(target, written.keys());
    files += undone.removed.length + 1;
    kept.push(...undone.kept);
  }
  return { folder: target, files, kept };
}

async function undoAttempt(
  target: string,
  pool: Pool,
  run: Run<Progress>,
): Promise<{ readonly files: number; readonly kept: readonly string[] }> {
  const folder = attemptFolder(target);
  const release = await holdAttempt(target, false);
  try {
    const { files } = await readJournal(folder);
    const data = dataOf(folder);
    const isBegun = existsSync(data);
    const { removed, kept } = isBegun ? await removeWritten(data, files, [], pool, run) : { removed: [], kept: [] };
    // A folder may have been made for a file that did not come.
    if (isBegun) await removeEmptyFolders(data, files.keys());
    if (kept.length === 0) await removeAttempt(folder, release);
    return { files: removed.length, kept };
  } finally {
    await release();
  }
}

/**
 * Removes the files of a folder that were written there; those whose content is known only when it is still the same.
 * `aside` are neither removed nor kept. Only what a walk through the folder finds is touched, whatever paths are given.
 */
async function removeWritten(
  root: string,
  written: ReadonlyMap<string, CertifiedFile | null>,
  aside: readonly string[],
  pool: Pool,
  run: Run<Progress>,
): Promise<{ readonly removed: readonly string[]; readonly kept: readonly string[] }> {
  const found = (await walk(root, run.signal)).files.filter((file) => !aside.includes(file));
  const isKnown = (file: string): boolean => (written.get(file) ?? null) !== null;
  const known = found.filter(isKnown);
  let done = 0;
  const digests = await digestFiles(root, known, pool, run.signal, (files) => {
    done += files.length;
    run.progress({ phase: "verifying", done, total: known.length });
  });
  const changed = new Set(
    known.filter((file, index) => {
      const as = written.get(file);
      return as === undefined || as === null || !isAsWritten(digests[index] ?? null, as);
    }),
  );
  run.signal.throwIfAborted();
  const isOurs = (file: string): boolean => written.has(file) && !changed.has(file);
  const removed = found.filter(isOurs);
  await forEachLimited(removed, REMOVALS, async (file) => {
    const place = path.join(root, file);
    await unlink(place).catch((error: unknown) => {
      throw writeError(place, error);
    });
  });
  return { removed, kept: found.filter((file) => !isOurs(file)).map((file) => path.join(root, file)) };
}

function notWritten(target: string): CleanSplitError {
  return new CleanSplitError(
    "refused",
    l10n.t(
      "{0} holds no {1}, and nothing that an interrupted writing left lies beside it. Only what CleanSplit wrote can be taken back; nothing was removed.",
      target,
      CERTIFICATE,
    ),
  );
}
