import * as l10n from "@vscode/l10n";
import { SampleState } from "../core/dataset/dataset";
import { createFingerprints, type Fingerprints } from "../core/fingerprint/fingerprints";
import { findDuplicates, type Findings } from "../core/leakage/findings";
import type { Dataset } from "./dataset";
import type { Progress, Run } from "./engine";
import { FingerprintIndex } from "./index/fingerprintIndex";
import type { Looks } from "./kernels/kernels";
import { decodeLookalikes, type EncodedSource } from "./lookalikes";
import type { Pool } from "./pool/pool";
import { readArray, readFolders, readPackedFile } from "./reading";

/** A dataset that was read, with what was found. */
export interface Inspection {
  readonly dataset: Dataset;
  readonly findings: Findings;
  /** Sentences about the reading itself. */
  readonly notes: readonly string[];
}

/** The index of every dataset folder that has one, while it is being opened. */
export type Indexes = ReadonlyMap<string, Promise<FingerprintIndex>>;

/**
 * Begins to open the indexes of the inputs that are folders. Done while folders are listed, it costs nothing. `folder` is
 * where they are kept; `null` keeps and uses none.
 */
export function openIndexes(inputs: readonly string[], folder: string | null): Indexes {
  if (folder === null) return new Map();
  return new Map(inputs.map((input) => [input, FingerprintIndex.open(folder, input)]));
}

/** Closes the indexes, also those that an inspection which failed or was cancelled did not come to. */
export async function releaseIndexes(indexes: Indexes): Promise<void> {
  for (const index of indexes.values()) (await index).release();
}

/**
 * Reads every sample of a dataset in worker threads and groups the equal ones. Image files that are in an index as they
 * are now are not read. Without `contrast` rows of arrays get nothing but fingerprints, unless images are compared with them.
 */
export async function inspectDataset(
  dataset: Dataset,
  pool: Pool,
  run: Run<Progress>,
  indexes: Indexes,
  contrast = true,
): Promise<Inspection> {
  const fingerprints = createFingerprints(dataset.table.count);
  const notes: string[] = [];
  let done = 0;
  const advance = (samples: number): void => {
    done += samples;
    run.progress({ phase: "reading", done, total: dataset.table.count });
  };
  const encoded: EncodedSource[] = [];
  // Images are decoded only where another picture looks the same, and that may be a row.
  const isCompared = dataset.sources.some(({ kind }) => kind !== "array");
  const looks: Looks = isCompared ? "all" : contrast ? "contrast" : "none";
  let complete = false;
  try {
    for (const [number, source] of dataset.sources.entries()) {
      const start = dataset.starts[number] ?? 0;
      const reading = { looks, into: fingerprints, start, pool, signal: run.signal, advance };
      if (source.kind === "array") {
        await readArray(source, reading);
        continue;
      }
      if (source.kind === "packed") {
        encoded.push({ source, start, index: null });
        await readPackedFile(source, reading);
        continue;
      }
      const index = (await indexes.get(source.root)) ?? null;
      index?.expect(source.size);
      encoded.push({ source, start, index });
      await readFolders(source, index, reading);
    }
    await decodeLookalikes(encoded, fingerprints, pool, run);
    complete = true;
  } finally {
    // What an interrupted inspection has read is worth keeping too.
    for (const { index } of encoded) {
      const failure = index?.close(complete) ?? null;
      if (failure !== null) notes.push(l10n.t("What was read could not be kept for the next inspection: {0}", failure));
    }
  }
  markLabelFaults(fingerprints, dataset.labelFaults);
  run.progress({ phase: "grouping", done, total: done });
  return { dataset, notes, findings: findDuplicates(dataset.table, fingerprints, dataset.spaceOf) };
}

function markLabelFaults(fingerprints: Fingerprints, faults: ReadonlyMap<number, string>): void {
  for (const [sample, fault] of faults) {
    const known = fingerprints.reasons.get(sample);
    fingerprints.states[sample] = SampleState.invalid;
    fingerprints.reasons.set(sample, known === undefined ? fault : `${fault}; ${known}`);
  }
}
