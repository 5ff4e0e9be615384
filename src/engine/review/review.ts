import * as l10n from "@vscode/l10n";
import { filterGroups, pageGroups, TextSearch, type SearchedGroups } from "../../core/leakage/groupQueries";
import { membersOf } from "../../core/duplicates/groups";
import { groupsOf, type Findings } from "../../core/leakage/findings";
import type { GroupFilter, GroupPage, GroupPlace, GroupQuery } from "../../core/leakage/report";
import type { PairDecisions } from "../../core/near/decisions";
import type { Choices } from "../../core/review/choices";
import type { ReviewAction, ReviewState } from "../../core/review/review";
import { sayingOf, type Saying } from "../../core/review/saying";
import { CleanSplitError } from "../../core/errors";
import { writeAllKept } from "../home";
import type { Inspection } from "../inspection";
import { readVerdicts } from "../lab/verdictsFile";
import {
  prepareTakingBack,
  prepareVerdict,
  prepareVerdicts,
  type DecisionChange,
  type DecisionStep,
} from "../near/decisionsFile";
import type { ChoiceFiles } from "./choicesFile";
import { ImageChoices, type ChoiceChange, type ChoiceStep } from "./imageChoices";

/** Steps that can be taken back. */
const MAX_STEPS = 200;

/** Samples that all steps together may be about: about 24 MB. */
const MAX_SAMPLES = 4_000_000;

/** A step that was taken, by what takes it back. */
interface Step {
  readonly label: string;
  readonly choices: ChoiceStep | null;
  readonly decisions: DecisionStep | null;
}

/** What is changed by one step, before it is written. */
interface Change {
  readonly choices: ChoiceChange | null;
  readonly decisions: DecisionChange | null;
}

/**
 * The review of one inspection: what people say of its images and pictures is kept in the files of the dataset's home as it is
 * said, and can be taken back for as long as the inspection is held. Other windows may say something meanwhile.
 */
export class Review {
  readonly #images: ImageChoices;
  readonly #search: TextSearch;
  readonly #done: Step[] = [];
  readonly #undone: Step[] = [];
  /** Where a dataset without a home gets one. */
  #newHome: string | undefined;
  #passing: Passing | null = null;

  constructor(inspection: Inspection, files: ChoiceFiles) {
    const { dataset, findings } = inspection;
    this.#images = new ImageChoices(dataset, findings, files);
    this.#search = new TextSearch(dataset.names, findings.table.count);
  }

  /** What people keep and drop now. Throws a `CleanSplitError` when a file is damaged. */
  choices(): Choices {
    return this.#images.now();
  }

  state({ findings: { near } }: Inspection): ReviewState {
    const { keep, drop, stale } = this.choices();
    return {
      ...{ keep, drop, stale },
      judged: near?.decisions.pairs.length ?? 0,
      file: this.#images.file(),
      undo: this.#done.at(-1)?.label ?? null,
      redo: this.#undone.at(-1)?.label ?? null,
    };
  }

  /** A page of the groups that pass a query. */
  groups(inspection: Inspection, query: GroupQuery): GroupPage {
    return pageGroups(this.searched(inspection), query, this.#groupsThatPass(inspection, query));
  }

  /** Where the first group that holds a sample is among those that pass a filter; `null` when none of them does. */
  placeOf(inspection: Inspection, filter: GroupFilter, sample: number): GroupPlace | null {
    const groups = groupsOf(inspection.findings, filter.tier ?? "pixel");
    const passing = this.#groupsThatPass(inspection, filter);
    const row = passing.findIndex((group) => membersOf(groups, group).includes(sample));
    const group = passing[row];
    return group === undefined ? null : { row, group };
  }

  /**
   * Keeps what an action says, whole or not at all; what is said already makes no step. Answers what is decided of pairs from
   * now on, `null` when that is as before.
   */
  take(inspection: Inspection, action: ReviewAction, newHome?: string): PairDecisions | null {
    this.#newHome = newHome ?? this.#newHome;
    const saying = sayingOf(action, {
      findings: inspection.findings,
      id: (sample) => inspection.dataset.names.id(sample),
      isWrong: judgedWrong(inspection),
      groupsThatPass: (filter) => this.#groupsThatPass(inspection, filter),
    });
    const change = {
      choices: saying.codes.size === 0 ? null : this.#images.prepare(saying.codes, this.#newHome),
      decisions: this.#prepareJudging(inspection, action, saying),
    };
    if (change.choices === null && change.decisions === null) return null;
    const decisions = this.#write(change);
    this.#undone.length = 0;
    this.#done.push({
      label: saying.label,
      choices: change.choices?.step ?? null,
      decisions: change.decisions?.step ?? null,
    });
    this.#forgetOldest();
    return decisions;
  }

  /** Takes the last step back; does nothing when there is none. Answers as {@link take} does. */
  undo(inspection: Inspection): PairDecisions | null {
    return this.#again(inspection, "undo", this.#done, this.#undone);
  }

  /** Takes the step again that was taken back last. */
  redo(inspection: Inspection): PairDecisions | null {
    return this.#again(inspection, "redo", this.#undone, this.#done);
  }

  #again(inspection: Inspection, direction: "undo" | "redo", from: Step[], to: Step[]): PairDecisions | null {
    const step = from.at(-1);
    if (step === undefined) return null;
    const { dataset, findings } = inspection;
    const change = {
      choices: step.choices === null ? null : this.#images.prepareAgain(step.choices, direction, this.#newHome),
      decisions: step.decisions === null ? null : prepareTakingBack(dataset, findings, step.decisions),
    };
    const decisions = this.#write(change);
    from.pop();
    // What took it back is taken back to take it again.
    to.push({ ...step, decisions: change.decisions?.step ?? step.decisions });
    return decisions;
  }

  #prepareJudging({ dataset, findings }: Inspection, action: ReviewAction, saying: Saying): DecisionChange | null {
    const { judged, verdict } = saying;
    if (action.type === "judge") {
      if (findings.near === null) throw notSearched();
      return prepareVerdict(dataset, findings, action.samples, verdict, this.#newHome);
    }
    // Groups of equal pictures have nothing to judge.
    if (judged.length === 0 || findings.near === null) return null;
    return prepareVerdicts(dataset, findings, judged, verdict, this.#newHome);
  }

  #write({ choices, decisions }: Change): PairDecisions | null {
    const stamps = writeAllKept([...(choices?.files ?? []), ...(decisions?.files ?? [])]);
    if (choices !== null) this.#images.wrote(choices, stamps);
    return decisions?.decisions ?? null;
  }

  #forgetOldest(): void {
    const size = (step: Step): number => step.choices?.samples.length ?? 0;
    let samples = this.#done.reduce((sum, step) => sum + size(step), 0);
    while (this.#done.length > MAX_STEPS || (samples > MAX_SAMPLES && this.#done.length > 1)) {
      const oldest = this.#done.shift();
      if (oldest !== undefined) samples -= size(oldest);
    }
  }

  /** What groups are searched in, with what is said of images by now. */
  searched({ dataset, findings }: Inspection): SearchedGroups {
    return { findings, names: dataset.names, choices: this.choices() };
  }

  /** The groups that pass a filter; while somebody scrolls it is the same one again and again. */
  #groupsThatPass(inspection: Inspection, query: GroupFilter): readonly number[] {
    const { splits, leaking, conflict, blank, tier, similar, label, decided, text, sort } = query;
    const key = JSON.stringify([splits, leaking, conflict, blank, tier, similar, label, decided, text, sort]);
    const searched = this.searched(inspection);
    const { findings, choices } = searched;
    const known = this.#passing;
    if (known?.key === key && known.findings === findings && known.choices === choices) return known.groups;
    this.#passing = { key, findings, choices, groups: filterGroups(searched, query, this.#search) };
    return this.#passing.groups;
  }
}

/** The groups that passed a filter the last time, and what that followed from. */
interface Passing {
  readonly key: string;
  readonly findings: Findings;
  readonly choices: Choices;
  readonly groups: readonly number[];
}

/** Asks the files of labels once, when it is asked. */
function judgedWrong(inspection: Inspection): (sample: number) => boolean {
  let verdicts: ReturnType<typeof readVerdicts> | undefined;
  return (sample) => {
    verdicts ??= readVerdicts(inspection);
    return verdicts.get(sample) === "wrong";
  };
}

function notSearched(): CleanSplitError {
  return new CleanSplitError(
    "refused",
    l10n.t("Near duplicates were not searched in this dataset yet. Search them first."),
  );
}
