import path from "node:path";
import * as l10n from "@vscode/l10n";
import { SampleState } from "../../core/dataset/dataset";
import { CleanSplitError, messageOf } from "../../core/errors";
import { keyOf } from "../../core/fingerprint/contentKey";
import type { LabelVerdict } from "../../core/training/labelAudit";
import {
  applyVerdicts,
  formatVerdicts,
  parseVerdicts,
  replaceVerdicts,
  type PlacedVerdict,
  type VerdictList,
} from "../../core/training/labelVerdicts";
import { damaged, fileOfHome, homeFor, homeOf, nameBelow, readKept, writeKept } from "../home";
import type { Inspection } from "../inspection";
import { isPartOf } from "../recognition/inputs";

const FILE = "labels.json";

/** About 100,000 verdicts. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * What people said of the labels of a dataset, by sample, from the file nearest to each of its inputs: in its own folder or in
 * one above it. Throws a `CleanSplitError` when a file is damaged or contradicts itself.
 */
export function readVerdicts({ dataset, findings }: Inspection): ReadonlyMap<number, LabelVerdict> {
  const homes = new Set(dataset.layout.inputs.flatMap((input) => homeOf(input) ?? []));
  const entries = [...homes].flatMap((home): PlacedVerdict[] => {
    const list = readList(fileOfHome(home, FILE));
    return (list?.labels ?? []).map((entry) => ({ entry, place: path.join(home, entry.id) }));
  });
  return applyVerdicts(entries, { findings, place: (sample) => dataset.place(sample) });
}

/**
 * Keeps what a person says of the labels of some samples, in place of what was said before; `null` forgets it. A verdict goes
 * into the file nearest to the input of its sample; where no folder above has one, `newHome` or the folder that holds the
 * input gets it. Throws a `CleanSplitError` when a sample has no label to judge, or a file is damaged or cannot be written.
 */
export function keepVerdicts(
  { dataset, findings }: Inspection,
  samples: readonly number[],
  verdict: LabelVerdict | null,
  newHome?: string,
): void {
  const { inputs } = dataset.layout;
  const { table, fingerprints } = findings;
  const byHome = new Map<string, number[]>();
  for (const sample of samples) {
    if (fingerprints.states[sample] !== SampleState.ok || (table.classOf[sample] ?? -1) < 0) {
      throw new CleanSplitError(
        "refused",
        l10n.t(
          "Image number {0} has no label that could be judged. Audit the labels again and choose one of the list.",
          sample,
        ),
      );
    }
    const owner = inputs.find((input) => isPartOf(dataset.place(sample), input)) ?? inputs[0] ?? "";
    const home = homeOf(owner) ?? homeFor(owner, newHome);
    byHome.set(home, [...(byHome.get(home) ?? []), sample]);
  }
  for (const [home, own] of byHome) {
    const file = fileOfHome(home, FILE);
    const before = readList(file) ?? { version: 1, labels: [] };
    const judged = own.map((sample) => ({
      id: nameBelow(home, dataset.place(sample)),
      label: table.classes[table.classOf[sample] ?? -1] ?? "",
      verdict,
      key: keyOf(fingerprints, sample),
    }));
    const labels = replaceVerdicts(before.labels, judged);
    // Forgetting what nobody said makes no file.
    if (labels.length > 0 || before.labels.length > 0) writeKept(file, () => formatVerdicts({ ...before, labels }));
  }
}

function readList(file: string): VerdictList | null {
  const read = readKept(file, MOST_BYTES, ["version", "labels"]);
  if (read === null) return null;
  try {
    return parseVerdicts(read.value);
  } catch (error) {
    throw damaged(file, messageOf(error));
  }
}
