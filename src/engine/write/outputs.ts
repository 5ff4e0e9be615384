import type { CertifiedFile } from "../../core/sanitize/certificate";
import type { Decision } from "../../core/sanitize/policy";
import type { ImageTransfer, PlanSplit } from "../../core/sanitize/plan";
import type { PlanOptions } from "../../core/sanitize/options";
import type { Inspection } from "../inspection";
import type { Pool } from "../pool/pool";
import { arrayOutputs } from "./arrays";
import { folderOutputs } from "./folders";
import { indexOutputs } from "./indexOnly";
import { packedOutputs } from "./packed";

/** Samples that a person keeps, and those that a person drops; ascending. */
export interface Chosen {
  readonly keep: readonly number[];
  readonly drop: readonly number[];
}

/** A decision about an inspected dataset, ready to be written. */
export interface Plan {
  readonly inspection: Inspection;
  readonly options: PlanOptions;
  readonly chosen: Chosen;
  readonly decision: Decision;
  /** Digest of what the policy decided before anything was edited. */
  readonly basis: string;
  /** Ids of samples that stay because they equal another one, which is named beside, only by a collision of MD5. */
  readonly collisions: readonly (readonly [string, string])[];
  /** Samples that a person changed in the plan file. */
  readonly edited: ReadonlySet<number>;
  /** Samples that stay and are equal, at tier `near` or similar, to one that stays in another split, because people said so. */
  readonly leaks: number;
  /** The rule in sentences. */
  readonly policy: Sentence;
  /** With their shapes in English, as they are kept. */
  readonly splits: readonly PlanSplit[];
  /** The shape of a split with so many rows, as `PlanSplit.shapeBefore` and `shapeAfter` say it. */
  readonly shapeOf: (split: number, rows: number, when: "before" | "after") => string;
}

/** What is told in the language of the person and kept in English. */
export type Sentence = () => string;

/** How writing is run: `advance` hears how many samples were written or checked. */
export interface Writing {
  readonly pool: Pool;
  readonly signal: AbortSignal;
  readonly images: ImageTransfer;
  readonly advance: (samples: number) => void;
  /** Hears which files are about to be written, as paths below the folder: what is left of them can then be taken back. */
  readonly begun: (files: readonly string[]) => Promise<void>;
  /** Hears what is known of written files already, so that they need not be read once more for the certificate. */
  readonly wrote: (files: readonly CertifiedFile[]) => Promise<void>;
}

/**
 * One file, or the images of one folder, that a plan writes. Writing it again into a folder where an interrupted attempt
 * left it, whole or in part, goes on with it or begins anew; it never fails because of that.
 */
export interface Output {
  /** What is written, for people: "train.npz: images and labels, read with numpy.load". */
  readonly says: string;
  readonly samples: number;
  /** Bytes it takes at most, or what finds out; that rejects with a `CleanSplitError` when a source is gone. */
  readonly bytes: number | ((writing: Pick<Writing, "pool" | "signal" | "images">) => Promise<number>);
  /** Writes it below `folder`, which exists, and flushes it to the disk; answers the files written, as paths below it. */
  write(folder: string, writing: Writing): Promise<readonly string[]>;
  /**
   * Reads what was written again and compares every sample and label with its source; answers one sentence that says what
   * was checked, `null` where there is nothing to say. Rows that were read in `written`, an inspection of the folder, are not read once more for that. Rejects with
   * a `CleanSplitError` ("changed") that names what is not as it was inspected.
   */
  verify(folder: string, writing: Writing, written: Inspection | null): Promise<Sentence | null>;
}

/** Everything a plan writes but its manifest and its certificate. */
export function outputsOf(plan: Plan, images: ImageTransfer = "copy"): Output[] {
  if (images === "index") return indexOutputs(plan);
  return [...folderOutputs(plan, images), ...packedOutputs(plan), ...arrayOutputs(plan)];
}
