import type { LabelVerdict, Suspect } from "../../../src/protocol/labels";
import { messageOf } from "../shared/connection";

type Verdict = LabelVerdict | null;

/** What was said of some suspects in one go, and what held before. */
interface Step {
  readonly before: ReadonlyMap<number, Verdict>;
}

/**
 * What a person says of labels on this page: shown at once, kept one after the other, and taken back step by step. The list
 * stays as it was read, so that nothing moves under the hand; a filter that is changed reads it anew.
 */
export class Judging {
  /** The message of the last failure, until something else is said. */
  error: string | null = null;
  readonly #said = new Map<number, Verdict>();
  readonly #steps: Step[] = [];
  #queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly keep: (samples: readonly number[], verdict: Verdict) => Promise<void>,
    private readonly changed: () => void,
  ) {}

  get canUndo(): boolean {
    return this.#steps.length > 0;
  }

  /** What is said of a suspect by now. */
  verdictOf({ sample, verdict }: Suspect): Verdict {
    return this.#said.get(sample) ?? (this.#said.has(sample) ? null : verdict);
  }

  /** Says the same of all of some suspects; what was said of them already is nothing new. */
  judge(suspects: readonly Suspect[], verdict: LabelVerdict): void {
    const news = suspects.filter((suspect) => this.verdictOf(suspect) !== verdict);
    if (news.length === 0) return;
    const step = { before: new Map(news.map((suspect) => [suspect.sample, this.verdictOf(suspect)])) };
    this.#steps.push(step);
    this.#say(new Map(news.map(({ sample }) => [sample, verdict])), step.before, () => {
      const at = this.#steps.indexOf(step);
      if (at >= 0) this.#steps.splice(at, 1);
    });
  }

  /** Takes back what was said last. Answers the samples it was about. */
  undo(): readonly number[] {
    const step = this.#steps.pop();
    if (step === undefined) return [];
    const before = new Map([...step.before.keys()].map((sample) => [sample, this.#said.get(sample) ?? null]));
    this.#say(step.before, before, () => this.#steps.push(step));
    return [...step.before.keys()];
  }

  /** Shows verdicts and keeps them; where that fails, they were not said: `before` still holds. */
  #say(verdicts: ReadonlyMap<number, Verdict>, before: ReadonlyMap<number, Verdict>, onFailure: () => void): void {
    this.error = null;
    this.#show(verdicts);
    this.#queue = this.#queue.then(async () => {
      try {
        for (const verdict of new Set(verdicts.values())) {
          await this.keep(
            [...verdicts].flatMap(([sample, said]) => (said === verdict ? [sample] : [])),
            verdict,
          );
        }
      } catch (error) {
        onFailure();
        this.error = messageOf(error);
        this.#show(before);
      }
    });
  }

  #show(verdicts: ReadonlyMap<number, Verdict>): void {
    for (const [sample, verdict] of verdicts) this.#said.set(sample, verdict);
    this.changed();
  }
}
