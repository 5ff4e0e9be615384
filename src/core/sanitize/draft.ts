import * as l10n from "@vscode/l10n";
import { SampleState, type Split } from "../dataset/dataset";
import { CleanSplitError } from "../errors";
import type { Findings } from "../leakage/findings";
import { firstsOf } from "../near/findings";
import type { PlanOptions } from "./options";
import type { ChangeReason } from "./plan";
import { CHANGE_REASONS, STAYS, type Decision } from "./policy";

/** What a decision needs to know beyond the findings. */
export interface Given {
  /** Samples that a person keeps: they stay in their split, whatever the rules say. */
  readonly keep: readonly number[];
  /** Samples that a person drops: they leave whatever the rules say. */
  readonly drop: readonly number[];
  /** Samples whose label a person judged wrong: they leave whatever the rules say. */
  readonly wrong: ReadonlySet<number>;
  /** Name of a sample, for errors. */
  name(sample: number): string;
  /** Bytes of the file of a sample; 0 for rows of arrays. Asked for by the rule `largest` alone. */
  fileSize(sample: number): number;
}

/** A decision while it is made. Every sample stays until something else is said of it. */
export class Draft implements Decision {
  readonly stays: Uint8Array;
  readonly splitOf: Uint8Array;
  readonly asks: Uint8Array;
  readonly reasonOf: Uint8Array;
  readonly twinOf: Int32Array;
  /** The first usable sample with the same picture, of every sample. */
  readonly pictureOf: Uint32Array;
  private readonly kept: ReadonlySet<number>;

  /** Throws a `CleanSplitError` when a sample that is to be kept is none, cannot be used or has a label that was judged wrong. */
  constructor(
    readonly findings: Findings,
    readonly options: PlanOptions,
    readonly given: Given,
    readonly splits: readonly Split[],
  ) {
    const { table, fingerprints, groups, near } = findings;
    this.stays = new Uint8Array(table.count).fill(1);
    this.splitOf = table.splitOf.slice();
    this.asks = new Uint8Array(table.count);
    this.reasonOf = new Uint8Array(table.count).fill(STAYS);
    this.twinOf = new Int32Array(table.count).fill(-1);
    this.pictureOf = near?.firstOf ?? firstsOf(table.count, fingerprints.states, groups.pixel);
    for (const sample of given.keep) this.assertUsable(sample);
    this.kept = new Set(given.keep);
  }

  isUsable(sample: number): boolean {
    return this.findings.fingerprints.states[sample] === SampleState.ok;
  }

  isKept(sample: number): boolean {
    return this.kept.has(sample);
  }

  /** The split that a sample was in before. */
  homeOf(sample: number): number {
    return this.findings.table.splitOf[sample] ?? 0;
  }

  classOf(sample: number): number {
    return this.findings.table.classOf[sample] ?? -1;
  }

  /** Has a sample leave, which is none that a person keeps. */
  leave(sample: number, reason: ChangeReason, twin = -1): void {
    this.stays[sample] = 0;
    this.reasonOf[sample] = CHANGE_REASONS.indexOf(reason);
    this.twinOf[sample] = twin;
  }

  /** Has a sample stay in another split. */
  move(sample: number, to: number, reason: ChangeReason, twin: number): void {
    this.splitOf[sample] = to;
    this.reasonOf[sample] = CHANGE_REASONS.indexOf(reason);
    this.twinOf[sample] = twin;
  }

  /** Has a sample wait for a person's word. */
  ask(sample: number, twin: number): void {
    this.leave(sample, "conflict", twin);
    this.asks[sample] = 1;
  }

  private assertUsable(sample: number): void {
    const { count } = this.findings.table;
    if (!Number.isInteger(sample) || sample < 0 || sample >= count) {
      throw new CleanSplitError(
        "not-found",
        l10n.t("There is no image number {0} to keep: this dataset has {1}. Inspect it again.", sample, count),
      );
    }
    if (this.given.wrong.has(sample)) {
      throw new CleanSplitError(
        "refused",
        l10n.t(
          "{0} cannot be kept, because its label was judged wrong. Judge it right, or take back that it is kept.",
          this.given.name(sample),
        ),
      );
    }
    if (this.isUsable(sample)) return;
    throw new CleanSplitError(
      "refused",
      l10n.t(
        "{0} cannot be kept, because it cannot be read or is no valid sample. Keep another image.",
        this.given.name(sample),
      ),
    );
  }
}
