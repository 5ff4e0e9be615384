import * as vscode from "vscode";
import { CleanSplitError } from "../core/errors";
import { integerText } from "../core/language";
import { whyEmpty } from "../core/sanitize/empty";
import type { PlanOptions } from "../core/sanitize/options";
import type { ApplyResult, ImageTransfer, PlanSummary, PolicyPreview, QuarantineResult } from "../core/sanitize/plan";
import type { Engine, InspectionResult, Progress, Run } from "../engine/engine";
import { still } from "./job";
import { settings } from "./settings";
import { isBegun } from "./targetFolder";

/** What sanitizing needs of its dataset. */
export interface SanitizedDataset {
  readonly name: string;
  /** Whether near duplicates are being searched. */
  readonly isSearching: boolean;
  inspected(): Promise<InspectionResult>;
  read<T>(query: (engine: Engine, inspection: string) => Promise<T>): Promise<T>;
  /** Does work that excludes other work on the dataset, and refuses while there is some. */
  exclusively<T>(title: string, work: (engine: Engine, run: Run<Progress>) => Promise<T>): Promise<T>;
}

/** How a dataset is to be sanitized: its plan, what a person chose for it, and what was written by it. */
export class Sanitizing {
  readonly #dataset: SanitizedDataset;
  readonly #changed: () => void;
  #plan: PlanSummary | null = null;
  #planFile: string | null = null;
  #images: ImageTransfer | null = null;
  #applied: ApplyResult | null = null;
  #interrupted: string | null = null;
  /** Counts plans, so that one that was overtaken is dropped. */
  #turn = 0;

  /** `changed` hears whenever anything of it did. */
  constructor(dataset: SanitizedDataset, changed: () => void) {
    this.#dataset = dataset;
    this.#changed = changed;
  }

  /** The plan that was made and not yet written. */
  get plan(): PlanSummary | null {
    return this.#plan;
  }

  /** Name of the file that the plan was read from; `null` when it was worked out. */
  get planFile(): string | null {
    return this.#planFile;
  }

  /** How image files come into the copy: as chosen for this dataset, else as the setting says. */
  get images(): ImageTransfer {
    return this.#images ?? settings.images;
  }

  get applied(): ApplyResult | null {
    return this.#applied;
  }

  /** The folder of a copy whose writing was begun and did not end; `null` without one. */
  get interrupted(): string | null {
    return this.#interrupted;
  }

  /** What each policy would do under some options. Rejects with an `AbortError` when `signal` aborted. */
  async previews(options: Partial<PlanOptions>, signal: AbortSignal): Promise<readonly PolicyPreview[]> {
    this.#refuseWhileSearching(options);
    const run = { signal, progress: () => undefined };
    return this.#dataset.read((engine, inspection) => engine.previews({ inspection, options }, run));
  }

  /** Works out what sanitizing would do. What `options` leaves out is as usual. */
  async makePlan(options: Partial<PlanOptions> = {}): Promise<PlanSummary> {
    const { inspection } = await this.#dataset.inspected();
    this.#refuseWhileSearching(options);
    return this.#take(null, (engine, run) => engine.plan({ inspection, options }, run));
  }

  /** Takes the plan in the text of a file that {@link planText} gave, with what a person changed in it. */
  async readPlan(file: string, name: string): Promise<PlanSummary> {
    const { inspection } = await this.#dataset.inspected();
    return this.#take(name, (engine, run) => engine.readPlan({ inspection, file }, run));
  }

  /** The plan as it can be written: throws when there is none, while images wait for a person's word, and when none stays. */
  decidedPlan(): PlanSummary {
    const plan = this.#needPlan();
    const empty = whyEmpty(plan.splits);
    if (plan.undecided === 0 && empty !== null) throw new CleanSplitError("refused", `${this.#dataset.name}: ${empty}`);
    if (plan.undecided === 0) return plan;
    throw new CleanSplitError(
      "refused",
      plan.undecided === 1
        ? vscode.l10n.t(
            "Equal images of {0} carry different labels, and 1 image waits for your word. Choose in the report which ones to keep, or plan with another rule for conflicts.",
            this.#dataset.name,
          )
        : vscode.l10n.t(
            "Equal images of {0} carry different labels, and {1} images wait for your word. Choose in the report which ones to keep, or plan with another rule for conflicts.",
            this.#dataset.name,
            integerText(plan.undecided),
          ),
    );
  }

  /** The plan as a file for people. */
  planText(): Promise<string> {
    const { plan } = this.#needPlan();
    return this.#dataset.read((engine) => engine.planFile({ plan }, still()));
  }

  setImages(images: ImageTransfer): void {
    this.#images = images;
    this.#changed();
  }

  discardPlan(): void {
    this.#turn += 1;
    this.#setPlan(null, null);
    this.#changed();
  }

  /** Writes the plan into the new folder `out`; what an interrupted attempt at the same left there is gone on with. */
  async apply(out: string): Promise<ApplyResult> {
    const { plan } = this.decidedPlan();
    const { images } = this;
    try {
      this.#applied = await this.#dataset.exclusively(vscode.l10n.t("Writing images"), (engine, run) =>
        engine.apply({ plan, out, images }, run),
      );
      this.#interrupted = null;
      this.#setPlan(null, null);
      return this.#applied;
    } catch (error) {
      if (await isBegun(out)) this.#interrupted = out;
      throw error;
    } finally {
      this.#changed();
    }
  }

  /** Moves the images that leave under the plan out of the dataset, which has to be inspected again then. */
  async quarantine(): Promise<QuarantineResult> {
    const { plan } = this.decidedPlan();
    try {
      const result = await this.#dataset.exclusively(vscode.l10n.t("Moving images"), (engine, run) =>
        engine.quarantine({ plan }, run),
      );
      this.#setPlan(null, null);
      return result;
    } finally {
      this.#changed();
    }
  }

  /** What was written into a folder was taken back. */
  forget(folder: string): void {
    if (this.#applied?.folder !== folder && this.#interrupted !== folder) return;
    if (this.#applied?.folder === folder) this.#applied = null;
    if (this.#interrupted === folder) this.#interrupted = null;
    this.#changed();
  }

  /** The dataset was inspected anew: a plan is about samples of before. What was begun is still there. */
  reset(): void {
    this.#turn += 1;
    this.#setPlan(null, null);
    this.#applied = null;
  }

  /**
   * Something was said of images: a plan that was worked out is so anew. One that was read from a file says by itself what
   * stays; when what counts as near has changed, with `recounted`, it may be true no longer.
   */
  async renew(recounted: boolean): Promise<void> {
    if (this.#plan === null) return;
    if (this.#planFile !== null) {
      if (recounted) this.forgetNearPlan();
      return;
    }
    const turn = ++this.#turn;
    const { options } = this.#plan;
    try {
      const plan = await this.#dataset.read((engine, inspection) => engine.plan({ inspection, options }, still()));
      if (turn === this.#turn) this.#plan = plan;
    } catch (error) {
      // It says what was true before.
      if (turn === this.#turn) this.#setPlan(null, null);
      throw error;
    } finally {
      this.#changed();
    }
  }

  /** A plan that counted near duplicates as they were before would remove what nobody sees any more. */
  forgetNearPlan(): void {
    if (this.#plan?.options.tier === "near") this.#setPlan(null, null);
  }

  async #take(
    file: string | null,
    make: (engine: Engine, run: Run<Progress>) => Promise<PlanSummary>,
  ): Promise<PlanSummary> {
    try {
      const plan = await this.#dataset.exclusively(vscode.l10n.t("Working out what leaves"), make);
      this.#turn += 1;
      this.#setPlan(plan, file);
      this.#applied = null;
      return plan;
    } finally {
      this.#changed();
    }
  }

  #setPlan(plan: PlanSummary | null, file: string | null): void {
    this.#plan = plan;
    this.#planFile = file;
  }

  #needPlan(): PlanSummary {
    if (this.#plan !== null) return this.#plan;
    throw new CleanSplitError("refused", vscode.l10n.t("There is no plan to write. Make one first."));
  }

  #refuseWhileSearching({ tier }: Partial<PlanOptions>): void {
    if (tier !== "near" || !this.#dataset.isSearching) return;
    throw new CleanSplitError(
      "refused",
      vscode.l10n.t(
        "Near duplicates are still being searched in {0}. Wait until that is done, or make a plan without them.",
        this.#dataset.name,
      ),
    );
  }
}
