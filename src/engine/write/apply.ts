import { writeFile } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { version } from "../../../package.json";
import { CleanSplitError } from "../../core/errors";
import type { Phase } from "../../core/progress";
import type { CertifiedFile } from "../../core/sanitize/certificate";
import type { ApplyResult, ImageTransfer } from "../../core/sanitize/plan";
import type { Progress, Run } from "../engine";
import type { Inspection } from "../inspection";
import type { Pool } from "../pool/pool";
import { abortError } from "../process/rpc";
import { Attempt, attemptFolder } from "./attempt";
import { CERTIFICATE, certificateOf, writeCertificate } from "./certificate";
import { writeError } from "./durable";
import { identityOf } from "./identity";
import { compareWithPlan, inspectAgain } from "./inspectAgain";
import { MANIFEST, manifestOf } from "./manifest";
import { outputsOf, type Output, type Plan, type Sentence, type Writing } from "./outputs";
import { assertFree, bytesText, checkSpace, checkTarget, freeBytes, makeParent } from "./target";
import { digestFiles, flushTree, isAsWritten } from "./writtenFiles";

/** What one call of `applyPlan` works with. */
interface Work {
  readonly plan: Plan;
  readonly images: ImageTransfer;
  readonly outputs: readonly Output[];
  readonly attempt: Attempt;
  readonly pool: Pool;
  readonly run: Run<Progress>;
  /** Files that are written, by their path. */
  readonly files: Map<string, CertifiedFile>;
}

/**
 * Writes the samples that stay into the new folder `out`: first into a folder beside it, flushed to the disk, read again,
 * inspected again, certified, then renamed, so that a folder of that name is always whole. What an attempt by the same plan
 * left when it was killed, or when the disk was full, is checked and gone on with. The source is only read.
 */
export async function applyPlan(
  plan: Plan,
  out: string,
  images: ImageTransfer,
  pool: Pool,
  run: Run<Progress>,
): Promise<ApplyResult> {
  const target = path.resolve(out);
  await checkTarget(target, plan.inspection.dataset.layout.inputs);
  run.signal.throwIfAborted();
  const outputs = outputsOf(plan, images);
  const identity = identityOf(plan);
  await makeParent(target);
  const attempt = await Attempt.begin(target, { version, ...identity, images });
  const work: Work = { plan, images, outputs, attempt, pool, run, files: new Map() };
  try {
    // Who finished just before had the lock.
    await assertFree(target);
    await checkSpace(plan, outputs, attempt.data, { pool, images, signal: run.signal });
    const total = outputs.reduce((sum, { samples }) => sum + samples, 0);
    const { digested } = await writeOutputs(work, total);
    const verified = await whenBothEnd(verifyOutputs(work, total), digested);
    const result = [...verified, () => l10n.t("The source was not changed.")];
    await writeRecords(work, identity, result);
    run.signal.throwIfAborted();
    await attempt.place();
    const files = work.files.size + 1;
    return {
      folder: target,
      manifest: path.join(target, MANIFEST),
      certificate: path.join(target, CERTIFICATE),
      files,
      samples: total,
      verified: result.map((say) => say()),
    };
  } catch (error) {
    throw await ended(work, target, error);
  }
}

/**
 * Writes every output that an earlier attempt did not finish. What it answers ends when the digests of all that was written are
 * known and in the journal: files are digested while others are written or read.
 */
async function writeOutputs(work: Work, total: number): Promise<{ readonly digested: Promise<void> }> {
  const { outputs, attempt } = work;
  const writing = counted(work, "writing", total);
  let digested = Promise.resolve();
  try {
    for (const [index, output] of outputs.entries()) {
      if (await isFinished(work, index)) {
        writing.advance(output.samples);
        continue;
      }
      const paths = await output.write(attempt.data, writing);
      const before = digested;
      digested = (async () => {
        await before;
        await finish(work, index, paths);
      })();
      // Whoever waits for all of them hears of a failure, perhaps later.
      digested.catch(() => undefined);
    }
  } catch (error) {
    await digested.catch(() => undefined);
    throw error;
  }
  return { digested };
}

/** Puts an output that was written into the journal, with the digests of its files. */
async function finish(work: Work, index: number, paths: readonly string[]): Promise<void> {
  await addDigests(
    work,
    paths.filter((file) => !work.files.has(file)),
  );
  await work.attempt.finished(index, paths);
}

/** Whether all files of an output are as an earlier attempt finished them. */
async function isFinished({ attempt, pool, run, files }: Work, index: number): Promise<boolean> {
  const paths = attempt.before.finished.get(index);
  if (paths === undefined) return false;
  const found = await digestFiles(attempt.data, paths, pool, run.signal);
  for (const file of found) {
    const written = file === null ? undefined : attempt.before.files.get(file.path);
    if (written === undefined || written === null || !isAsWritten(file, written)) return false;
  }
  for (const file of found) if (file !== null) files.set(file.path, file);
  return true;
}

async function addDigests({ attempt, pool, run, files }: Work, paths: readonly string[]): Promise<void> {
  const found = await digestFiles(attempt.data, paths, pool, run.signal);
  const written = found.map((file, index) => {
    if (file !== null) return file;
    const lost = path.join(attempt.data, paths[index] ?? "");
    throw new CleanSplitError("changed", l10n.t("{0} vanished while it was checked. Write the copy again.", lost));
  });
  for (const file of written) files.set(file.path, file);
  await attempt.wrote(written);
}

/** Inspects the folder as a whole and compares all outputs with their sources; answers what holds. */
async function verifyOutputs(work: Work, total: number): Promise<Sentence[]> {
  const { plan, images, outputs, attempt, pool, run } = work;
  const checking = counted(work, "verifying", total);
  const verify = async (written: Inspection | null): Promise<Sentence[]> => {
    const verified: Sentence[] = [];
    for (const output of outputs) {
      const sentence = await output.verify(attempt.data, checking, written);
      if (sentence !== null) verified.push(sentence);
    }
    if (images === "symlink") {
      verified.push(() =>
        l10n.t("Links that lead out of a dataset are not followed, so the copy was not inspected again."),
      );
    }
    if (written !== null) verified.push(...(await compareWithPlan(plan, attempt.data, written, pool, run)));
    return verified;
  };
  const isInspected = images !== "symlink" && images !== "index";
  return isInspected ? inspectAgain(plan, attempt.data, pool, run, verify) : verify(null);
}

/** What `result` is. Rejects when either does, but not before both have ended: then the files can go that they read. */
async function whenBothEnd<T>(result: Promise<T>, other: Promise<unknown>): Promise<T> {
  const [first, second] = await Promise.allSettled([result, other]);
  if (first.status === "rejected") throw first.reason;
  if (second.status === "rejected") throw second.reason;
  return first.value;
}

/** Writes manifest and certificate, and brings all names to the disk. */
async function writeRecords(work: Work, identity: ReturnType<typeof identityOf>, result: Sentence[]): Promise<void> {
  const { plan, images, attempt, files } = work;
  await attempt.begun([MANIFEST, CERTIFICATE]);
  await writeFile(path.join(attempt.data, MANIFEST), manifestOf(plan), { flush: true });
  await addDigests(work, [MANIFEST]);
  await writeCertificate(attempt.data, certificateOf(plan, identity, images, result, [...files.values()]));
  await flushTree(attempt.data);
}

/**
 * Ends an attempt that failed, and answers the error to tell. What was written stays where it is worth going on with: when
 * the disk was full or something broke; it is removed when the person cancelled or the plan cannot be written so.
 */
async function ended({ attempt, run, files }: Work, target: string, failure: unknown): Promise<Error> {
  const error = run.signal.aborted ? abortError() : writeError(attempt.data, failure);
  const isBroken = !(error instanceof CleanSplitError) || error.reason === "full" || error.reason === "stopped";
  const isBegun = files.size > 0 || attempt.before.files.size > 0;
  if (run.signal.aborted || !isBroken || !isBegun) {
    await attempt.discard();
  } else {
    await attempt.leave();
  }
  if (!(error instanceof CleanSplitError) || !isBroken) return error;
  const free = error.reason === "full" ? await freeText(target) : [];
  const kept = isBegun
    ? [
        l10n.t(
          'What was written is kept in {0}: write the same copy again to go on with it, or remove it with "cleansplit undo {1}".',
          attemptFolder(target),
          target,
        ),
      ]
    : [];
  return new CleanSplitError(error.reason, [error.message, ...free, ...kept].join(" "));
}

async function freeText(target: string): Promise<string[]> {
  const free = await freeBytes(path.dirname(target)).catch(() => null);
  return free === null ? [] : [l10n.t("Make room first ({0} are free now), or choose another disk.", bytesText(free))];
}

/** Says how many samples of all outputs together were worked on. */
function counted({ pool, images, run, attempt, files }: Work, phase: Phase, total: number): Writing {
  let done = 0;
  return {
    pool,
    images,
    signal: run.signal,
    advance(samples) {
      done += samples;
      run.progress({ phase, done, total });
    },
    begun: (paths) => attempt.begun(paths),
    async wrote(written) {
      for (const file of written) files.set(file.path, file);
      await attempt.wrote(written);
    },
  };
}
