import type { Assignment, LabelAssignment, Role, Unit } from "../../core/dataset/dataset";
import type { LabelRange } from "../../core/dataset/labels";
import type { Ignored } from "../sources/listing";
import type { Source } from "../sources/sources";
import { assignmentFor, assignmentReason, type Input } from "./inputs";
import { SplitNames } from "./splitNames";

/** Some samples of a source that follow one another and belong to one split. */
export interface Stretch {
  readonly count: number;
  /** Key of the split in {@link SplitNames}. */
  readonly split: string;
  /** Class of all of them; `null` when they have none, or labels of their own. */
  readonly label: string | null;
}

/** Labels and splits of samples one by one; sample i is element i. */
export interface ListedSamples {
  /** Index into `labels`, -1 for a sample without a label. */
  readonly labelOf: Int32Array;
  readonly labels: readonly string[];
  /** Index into `splits`. */
  readonly splitOf: Uint16Array;
  /** Keys of splits in {@link SplitNames}. */
  readonly splits: readonly string[];
}

/** A source with what its samples are, before splits and classes have numbers. */
export interface Part {
  readonly source: Source;
  /** Name of the source in notes. */
  readonly name: string;
  /** Together all samples of the source; empty when `listed` says it for each. */
  readonly stretches: readonly Stretch[];
  /** What lists of images say about each sample, before the stretches; `null` when there is no list. */
  readonly listed: ListedSamples | null;
  /** Labels of the rows of an array, and which of them are classes. */
  readonly labels: {
    readonly values: Int32Array;
    readonly range: LabelRange;
    /** Names of the classes 0, 1 and so on; null when only their numbers are known. */
    readonly names: readonly string[] | null;
  } | null;
}

/** What a part of an input is taken for when nobody said otherwise. */
interface Meaning {
  readonly split: string;
  readonly role: Role;
  readonly reason: string;
}

/** What is collected while the inputs of a dataset are recognised. */
export class Recognition {
  readonly parts: Part[] = [];
  readonly ignored: Ignored[] = [];
  readonly notes: string[] = [];
  readonly splits = new SplitNames();
  /** Paths of all arrays that were found, whatever they hold. */
  readonly arrays = new Set<string>();
  private readonly unitsByPath = new Map<string, Unit>();

  constructor(
    readonly assignments: readonly Assignment[],
    readonly labels: readonly LabelAssignment[] = [],
  ) {}

  get units(): readonly Unit[] {
    return [...this.unitsByPath.values()];
  }

  /**
   * Adds samples found at `at` to their unit, and answers the key of their split; `null` when a person left them out. A
   * person's word goes before `meaning`.
   */
  place(input: Input, at: string, unit: string, samples: number, meaning: Meaning): string | null {
    const assignment = assignmentFor(at, this.assignments);
    const path = assignment?.path ?? unit;
    const split = this.splitOf(input, assignment, meaning);
    this.unitsByPath.set(path, {
      path,
      split,
      role: split === null ? "other" : this.splits.role(split),
      samples: (this.unitsByPath.get(path)?.samples ?? 0) + samples,
      reason: assignment === undefined ? meaning.reason : assignmentReason(assignment),
    });
    return split;
  }

  /** Adds a sentence, once. */
  note(sentence: string): void {
    if (!this.notes.includes(sentence)) this.notes.push(sentence);
  }

  private splitOf(input: Input, assignment: Assignment | undefined, meaning: Meaning): string | null {
    if (assignment === undefined) return this.splits.recognised(input, meaning.split, meaning.role);
    return assignment.split === null ? null : this.splits.assigned(assignment.split);
  }
}
