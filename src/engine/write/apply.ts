import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, readdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { CleanSplitError, messageOf } from "../../core/errors";
import { DIGEST_BYTES } from "../../core/fingerprint/md5";
import { number, plural } from "../../core/leakage/verdict";
import { removedSamples, viewRemoval } from "../../core/sanitize/buildPlan";
import type { ApplyResult, PlanSplit } from "../../core/sanitize/plan";
import type { Decision } from "../../core/sanitize/policy";
import type { Progress, Run } from "../engine";
import type { Inspection } from "../inspection";
import { forEachLimited } from "../limited";
import type { Pool } from "../pool/pool";
import { csvRow } from "../sources/lists/csv";
import { imagePath, type ArraySource, type FolderSource } from "../sources/sources";
import { verifyArrays, writeArrays, type WrittenArrays } from "./arrays";

/** A decision about an inspected dataset, ready to be written. */
export interface Plan {
  readonly inspection: Inspection;
  readonly decision: Decision;
  readonly policy: string;
  readonly splits: readonly PlanSplit[];
}

/** Name of the manifest in the written folder. */
export const MANIFEST = "cleansplit-manifest.json";

/** Name of the list of images in the written folder, when labels or splits come from such lists. */
export const LIST = "labels.csv";

/** Files one copy job takes. */
const COPY_CHUNK = 128;

/**
 * Writes the samples that stay into the new folder `out`: first under a temporary name beside it, verified, then
 * renamed, so that a folder of that name is always complete. Image folders are copied in the same layout, array files
 * become `.npz`. The source is only read.
 */
export async function applyPlan(plan: Plan, out: string, pool: Pool, run: Run<Progress>): Promise<ApplyResult> {
  const { inspection, decision } = plan;
  const { dataset } = inspection;
  const target = path.resolve(out);
  await checkTarget(target, dataset.layout.inputs);
  await mkdir(path.dirname(target), { recursive: true });
  // A name of its own, so that two attempts at once do not disturb each other; the first to finish wins.
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.cleansplit-${randomUUID().slice(0, 8)}`);
  await mkdir(temporary);
  try {
    const total = decision.stays.reduce((sum, stays) => sum + stays, 0);
    let done = 0;
    const advance = (samples: number): void => {
      done += samples;
      run.progress({ phase: "writing", done, total });
    };
    let files = 0;
    let images = 0;
    const arrays = new Map<string, ArraySource[]>();
    for (const [index, source] of dataset.sources.entries()) {
      const start = dataset.starts[index] ?? 0;
      if (source.kind === "array") arrays.set(source.output, [...(arrays.get(source.output) ?? []), source]);
      else {
        images += await copyImages(inspection, decision, source, start, temporary, pool, run.signal, advance);
        files += source.isListed ? await writeList(inspection, decision, source, start, temporary) : 0;
      }
    }
    files += images;
    const written: WrittenArrays[] = [];
    for (const [output, sources] of arrays) {
      written.push(await writeArrays(inspection, decision, sources, path.join(temporary, output), run.signal, advance));
      files += 1;
    }
    let verifiedRows = 0;
    for (const one of written) {
      verifiedRows += await verifyArrays(inspection, one, pool, run.signal);
      run.progress({ phase: "verifying", done: verifiedRows, total });
    }
    await writeFile(path.join(temporary, MANIFEST), manifestOf(plan), { flag: "wx" });
    run.signal.throwIfAborted();
    await rename(temporary, target).catch((error: unknown) => {
      throw new CleanSplitError(
        "conflict",
        `${target} could not be put in place: ${messageOf(error)}. Choose another name.`,
      );
    });
    return {
      folder: target,
      manifest: path.join(target, MANIFEST),
      files: files + 1,
      samples: total,
      verified: verifiedSentences(images, verifiedRows),
    };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** A new name that is not within the source, so that the source is never changed and never read as its own copy. */
async function checkTarget(target: string, inputs: readonly string[]): Promise<void> {
  const entries = await readdir(target).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new CleanSplitError("refused", `${target} is no folder. Choose a new name.`);
  });
  if (entries !== null) {
    throw new CleanSplitError("refused", `${target} exists already. Choose a new name; nothing is ever overwritten.`);
  }
  const real = await realPath(target);
  for (const input of inputs) {
    const source = await realpath(input);
    if (contains(source, real) || contains(real, source)) {
      throw new CleanSplitError(
        "refused",
        `${target} and the dataset ${input} lie in one another. Choose a folder outside of it.`,
      );
    }
    if ((await stat(source)).isFile() && path.dirname(source) === real) {
      throw new CleanSplitError("refused", `${target} is the folder of ${input}. Choose another one.`);
    }
  }
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

function contains(folder: string, target: string): boolean {
  const relative = path.relative(folder, target);
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}

async function copyImages(
  inspection: Inspection,
  decision: Decision,
  source: FolderSource,
  start: number,
  out: string,
  pool: Pool,
  signal: AbortSignal,
  advance: (samples: number) => void,
): Promise<number> {
  const { findings } = inspection;
  await access(source.root, constants.R_OK);
  const staying: number[] = [];
  for (let position = 0; position < source.size; position++) {
    if (decision.stays[start + position] === 1) staying.push(position);
  }
  const chunks = Array.from({ length: Math.ceil(staying.length / COPY_CHUNK) }, (_, index) =>
    staying.slice(index * COPY_CHUNK, (index + 1) * COPY_CHUNK),
  );
  const folder = folderOf(inspection, source, out);
  await forEachLimited(chunks, pool.size, async (positions) => {
    const digests = new Uint8Array(positions.length * DIGEST_BYTES);
    positions.forEach((position, index) => {
      const at = (start + position) * DIGEST_BYTES;
      digests.set(findings.fingerprints.fileDigests.subarray(at, at + DIGEST_BYTES), index * DIGEST_BYTES);
    });
    const paths = positions.map((position) => imagePath(source, position));
    signal.throwIfAborted();
    // A copy that was begun is waited for: what it writes after the clean-up would stay behind.
    await pool.run("copy", { root: source.root, out: folder, paths, digests }, new AbortController().signal);
    advance(positions.length);
  });
  return staying.length;
}

/** With one input its layout is the layout of the copy; with several each has a folder of its own. */
function folderOf({ dataset }: Inspection, source: FolderSource, out: string): string {
  return path.join(out, dataset.layout.inputs.length === 1 ? "" : source.prefix);
}

/** Lists the images that stay with their labels and splits, as their folders do not say them. Answers the files written. */
async function writeList(
  inspection: Inspection,
  decision: Decision,
  source: FolderSource,
  start: number,
  out: string,
): Promise<number> {
  const { table } = inspection.dataset;
  const rows = [csvRow(["path", "label", "split"])];
  for (let position = 0; position < source.size; position++) {
    const sample = start + position;
    if (decision.stays[sample] !== 1) continue;
    const label = table.classes[table.classOf[sample] ?? -1] ?? "";
    rows.push(csvRow([imagePath(source, position), label, table.splits[table.splitOf[sample] ?? 0]?.name ?? ""]));
  }
  const folder = folderOf(inspection, source, out);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, LIST), rows.join(""), { flag: "wx" });
  return 1;
}

function manifestOf({ inspection, decision, policy, splits }: Plan): string {
  const { dataset, findings } = inspection;
  const removed = removedSamples(decision).map((sample) => {
    const removal = viewRemoval(findings, dataset.names, decision, sample);
    const { id, split, label } = removal.sample;
    const { reason, tier, twin, nearness, detail } = removal;
    const near = nearness === null ? {} : { score: nearness.score, transform: nearness.transform };
    return { id, split, label, reason, tier, ...near, twin: twin?.id ?? null, detail };
  });
  const manifest = {
    schema: "cleansplit/manifest@1",
    created: new Date().toISOString(),
    inputs: dataset.layout.inputs,
    policy,
    splits,
    removed,
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function verifiedSentences(images: number, rows: number): string[] {
  return [
    ...(images === 0
      ? []
      : [`${plural(images, "copied image has", "copied images have")} the bytes that were inspected.`]),
    ...(rows === 0
      ? []
      : [`${number(rows)} written rows were read again: every image and every label is that of its source row.`]),
    "The source was not changed.",
  ];
}
