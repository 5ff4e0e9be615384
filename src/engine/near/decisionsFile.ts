import path from "node:path";
import { CleanSplitError, messageOf } from "../../core/errors";
import type { Findings } from "../../core/leakage/findings";
import type { PairVerdict } from "../../core/leakage/report";
import {
  applyDecisions,
  decidedPictures,
  forgetPairs,
  formatDecisions,
  keyOf,
  linesOfDecisions,
  parseDecisions,
  type DecidedPictures,
  type DecisionList,
  type PairDecisions,
  type PlacedEntry,
} from "../../core/near/decisions";
import type { Dataset } from "../dataset";
import { damaged, fileOfHome, homeFor, homeOf, nameBelow, readKept, writeKept } from "../home";
import { isPartOf } from "../recognition/inputs";

const FILE = "decisions.json";

/** About 50,000 decisions. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * What people decided about pictures of a dataset, from the file nearest to each of its inputs: in its own folder or in one
 * above it. Throws a `CleanSplitError` when a file is damaged or contradicts itself.
 */
export function readDecisions({ layout: { inputs } }: Dataset, findings: Findings): PairDecisions {
  const homes = [...new Set(inputs.flatMap((input) => homeOf(input) ?? []))];
  const files: string[] = [];
  const entries = homes.flatMap((home): PlacedEntry[] => {
    const file = fileOfHome(home, FILE);
    const read = readList(file);
    if (read === null) return [];
    files.push(file);
    return read.list.decisions.map((entry, index) => ({
      entry,
      place: () => `${homes.length > 1 ? `${file} ` : ""}line ${linesOfDecisions(read.text)[index] ?? index + 1}`,
      isOwn: entry.ids?.every((id) => inputs.some((input) => isPartOf(path.join(home, id), input))) === true,
    }));
  });
  try {
    return { ...applyDecisions(entries, findings), file: files[0] ?? null };
  } catch (error) {
    throw damaged(files[0] ?? "", messageOf(error));
  }
}

/**
 * Keeps what a person says of each two of some samples, in place of what was said of them before; `null` forgets it. It goes
 * into the file nearest to the input of the first sample; where no folder above has one, `newHome` or the folder that holds
 * the input gets it. Throws a `CleanSplitError` when the samples are equal, or a file is damaged or cannot be written.
 */
export function keepDecision(
  dataset: Dataset,
  findings: Findings,
  samples: readonly number[],
  verdict: PairVerdict | null,
  newHome?: string,
): void {
  const { inputs } = dataset.layout;
  const pictures = decided(dataset, findings, samples);
  const [first = 0] = pictures.samples;
  const owner = inputs.find((input) => isPartOf(dataset.place(first), input)) ?? inputs[0] ?? "";
  const ownHome = homeOf(owner) ?? homeFor(owner, newHome);
  for (const home of new Set([ownHome, ...inputs.flatMap((input) => homeOf(input) ?? [])])) {
    const file = fileOfHome(home, FILE);
    const before = readList(file)?.list ?? { version: 1, decisions: [] };
    const decisions = forgetPairs(before.decisions, pictures);
    if (home === ownHome && verdict !== null) {
      decisions.push({
        keys: pictures.samples.map((sample) => keyOf(findings.fingerprints, sample)),
        verdict,
        ids: pictures.samples.map((sample) => nameBelow(home, dataset.place(sample))),
      });
    }
    const isSame =
      decisions.length === before.decisions.length &&
      decisions.every((entry, index) => entry === before.decisions[index]);
    if (!isSame) writeKept(file, () => formatDecisions({ ...before, decisions }));
  }
}

function decided({ names }: Dataset, findings: Findings, samples: readonly number[]): DecidedPictures {
  try {
    return decidedPictures(findings, samples, (sample) => names.id(sample));
  } catch (error) {
    throw new CleanSplitError("refused", messageOf(error));
  }
}

function readList(file: string): { readonly list: DecisionList; readonly text: string } | null {
  const read = readKept(file, MOST_BYTES, ["version", "decisions"]);
  if (read === null) return null;
  try {
    return { list: parseDecisions(read.value), text: read.text };
  } catch (error) {
    throw damaged(file, messageOf(error));
  }
}
