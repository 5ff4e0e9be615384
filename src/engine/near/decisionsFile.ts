import * as l10n from "@vscode/l10n";
import path from "node:path";
import { CleanSplitError, messageOf } from "../../core/errors";
import { keyOf } from "../../core/fingerprint/contentKey";
import type { Findings } from "../../core/leakage/findings";
import type { PairVerdict } from "../../core/leakage/report";
import { integerText } from "../../core/language";
import {
  applyDecisions,
  decidedPictures,
  formatDecisions,
  linesOfDecisions,
  parseDecisions,
  type DecisionEntry,
  type DecisionList,
  type PairDecisions,
  type PlacedEntry,
} from "../../core/near/decisions";
import {
  exchangedEntries,
  judgedGroups,
  judgeGroups,
  takeBack,
  type ExchangedEntries,
  type JudgedGroup,
  type JudgedGroups,
} from "../../core/near/judging";
import type { Dataset } from "../dataset";
import { damaged, fileOfHome, homeFor, homeOf, nameBelow, readKept, type PreparedFile } from "../home";
import { isPartOf } from "../recognition/inputs";

const FILE = "decisions.json";

/** About 50,000 decisions. */
const MOST_BYTES = 16 * 1024 * 1024;

/** A list of decisions with the text that it has in a file. */
interface DecisionText {
  readonly list: DecisionList;
  readonly text: string;
}

/** A change of what is decided that can be written. */
export interface DecisionChange {
  readonly files: readonly PreparedFile[];
  /** What is decided then. */
  readonly decisions: PairDecisions;
  /** What takes it back. */
  readonly step: DecisionStep;
}

/** What a step changed in the files of homes, and of which pictures it said something. */
export interface DecisionStep {
  readonly exchanged: ReadonlyMap<string, ExchangedEntries>;
  readonly groups: readonly JudgedGroup[];
}

/**
 * What people decided about pictures of a dataset, from the file nearest to each of its inputs: in its own folder or in one
 * above it. Throws a `CleanSplitError` when a file is damaged or contradicts itself.
 */
export function readDecisions(dataset: Dataset, findings: Findings): PairDecisions {
  return decisionsWith(new Map(), dataset, findings);
}

/** What is decided when the files of some homes hold other lists than they do. */
function decisionsWith(
  changed: ReadonlyMap<string, DecisionText>,
  { layout: { inputs } }: Dataset,
  findings: Findings,
): PairDecisions {
  const homes = [...new Set([...inputs.flatMap((input) => homeOf(input) ?? []), ...changed.keys()])];
  const files: string[] = [];
  const entries = homes.flatMap((home): PlacedEntry[] => {
    const file = fileOfHome(home, FILE);
    const read = changed.get(home) ?? readList(file);
    if (read === null) return [];
    files.push(file);
    let lines: readonly number[] | undefined;
    const lineOf = (index: number): number => {
      lines ??= linesOfDecisions(read.text);
      return lines[index] ?? index + 1;
    };
    return read.list.decisions.map((entry, index) => ({
      entry,
      place: () => (homes.length > 1 ? l10n.t("{0} line {1}", file, lineOf(index)) : l10n.t("line {0}", lineOf(index))),
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
 * Prepares to keep what a person says of each two of some samples, in place of what was said of them before; `null` forgets
 * it. It goes into the file nearest to the input of the first sample; where no folder above has one, `newHome` or the folder
 * that holds the input gets it. Throws a `CleanSplitError` when the samples are equal or too many, or a file is damaged.
 */
export function prepareVerdict(
  dataset: Dataset,
  findings: Findings,
  samples: readonly number[],
  verdict: PairVerdict | null,
  newHome?: string,
): DecisionChange | null {
  asked(() => decidedPictures(findings, samples, (sample) => dataset.names.id(sample)));
  return prepareVerdicts(dataset, findings, [samples], verdict, newHome);
}

/**
 * The same of the pictures of each of some groups of samples; groups of one picture stay as they are. `null` when nothing
 * changes.
 */
export function prepareVerdicts(
  dataset: Dataset,
  findings: Findings,
  sets: readonly (readonly number[] | Uint32Array)[],
  verdict: PairVerdict | null,
  newHome?: string,
): DecisionChange | null {
  const judged = asked(() => judgedGroups(findings, sets));
  if (judged.groups.length === 0) return null;
  const { inputs } = dataset.layout;
  const homes = inputs.map((input) => homeOf(input) ?? homeFor(input, newHome));
  const homeOfGroup = ({ samples }: JudgedGroup): string => {
    const place = dataset.place(samples[0] ?? 0);
    const owner = inputs.findIndex((input) => isPartOf(place, input));
    return homes[Math.max(0, owner)] ?? "";
  };
  const byHome = new Map<string, JudgedGroup[]>([...new Set(homes)].map((home) => [home, []]));
  for (const group of judged.groups) byHome.get(homeOfGroup(group))?.push(group);
  const change = (before: readonly DecisionEntry[], home: string): DecisionEntry[] =>
    judgeGroups(before, judged, verdict === null ? [] : (byHome.get(home) ?? []), ({ samples }) => ({
      keys: samples.map((sample) => keyOf(findings.fingerprints, sample)),
      verdict: verdict ?? "different",
      ids: samples.map((sample) => nameBelow(home, dataset.place(sample))),
    }));
  return asked(() => prepare(dataset, findings, [...byHome.keys()], judged, change));
}

/** Prepares to take a step back in the files as they are now; `null` when nothing changes. */
export function prepareTakingBack(dataset: Dataset, findings: Findings, step: DecisionStep): DecisionChange | null {
  const { exchanged, groups } = step;
  const none = { removed: [], added: [] };
  const sets = groups.map(({ samples }) => samples);
  return asked(() => {
    const judged = judgedGroups(findings, sets);
    return prepare(dataset, findings, [...exchanged.keys()], judged, (before, home) =>
      takeBack(before, exchanged.get(home) ?? none, judged),
    );
  });
}

/** Prepares what `change` makes of the files of some homes; `null` when they stay as they are. */
function prepare(
  dataset: Dataset,
  findings: Findings,
  homes: readonly string[],
  judged: JudgedGroups,
  change: (before: readonly DecisionEntry[], home: string) => DecisionEntry[],
): DecisionChange | null {
  const files: PreparedFile[] = [];
  const changed = new Map<string, DecisionText>();
  const exchanged = new Map<string, ExchangedEntries>();
  for (const home of homes) {
    const file = fileOfHome(home, FILE);
    const before = readList(file)?.list ?? { version: 1, decisions: [] };
    const list = { ...before, decisions: change(before.decisions, home) };
    const exchange = exchangedEntries(before.decisions, list.decisions, judged);
    if (exchange === null) continue;
    const text = formatDecisions(list);
    if (Buffer.byteLength(text) > MOST_BYTES) throw tooMuch(file, exchange.added.length);
    files.push({ file, text });
    changed.set(home, { list, text });
    exchanged.set(home, exchange);
  }
  if (files.length === 0) return null;
  return { files, decisions: decisionsWith(changed, dataset, findings), step: { exchanged, groups: judged.groups } };
}

function tooMuch(file: string, added: number): CleanSplitError {
  return new CleanSplitError(
    "refused",
    l10n.t(
      "{0} would have more than {1} MB with {2} more decisions. Decide about fewer groups.",
      file,
      MOST_BYTES / 2 ** 20,
      integerText(added),
    ),
  );
}

/** What was asked for may be impossible: then nothing is kept. */
function asked<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof CleanSplitError ? error : new CleanSplitError("refused", messageOf(error));
  }
}

function readList(file: string): DecisionText | null {
  const read = readKept(file, MOST_BYTES, ["version", "decisions"]);
  if (read === null) return null;
  try {
    return { list: parseDecisions(read.value), text: read.text };
  } catch (error) {
    throw damaged(file, messageOf(error));
  }
}
