import type { Split } from "../dataset/dataset";
import type { ChangeReason } from "./plan";

/** What becomes of every sample, and why, as columns. */
export interface Decision {
  /** Splits of the result: those of the dataset in their order, then those that the plan makes. */
  readonly splits: readonly Split[];
  /** 1 for samples that stay, in their split or another one. */
  readonly stays: Uint8Array;
  /** Index into `splits`: where a sample is after it, if it stays. */
  readonly splitOf: Uint8Array;
  /** 1 for samples that a person has to decide about; they count as leaving meanwhile. */
  readonly asks: Uint8Array;
  /** Index into {@link CHANGE_REASONS}; 255 for samples that stay where they are. */
  readonly reasonOf: Uint8Array;
  /** The equal sample that justifies the change; -1 without one. */
  readonly twinOf: Int32Array;
}

/** Whether a sample is anything but staying where it is. */
export function isChanged({ reasonOf }: Decision, sample: number): boolean {
  return reasonOf[sample] !== STAYS;
}

/** Every reason, in the order of its code. */
export const CHANGE_REASONS: readonly ChangeReason[] = [
  "leaks",
  "duplicate",
  "conflict",
  "unreadable",
  "invalid",
  "balance",
  "split",
  "edited",
  "label",
  "choice",
];

/** Code in `reasonOf` of a sample that stays where it is. */
export const STAYS = 255;

/** Why a sample is changed; `undefined` for one that stays where it is. */
export function reasonOf(decision: Decision, sample: number): ChangeReason | undefined {
  return CHANGE_REASONS[decision.reasonOf[sample] ?? STAYS];
}
