import type {
  LabelAudit,
  LabelsState,
  LabelVerdict,
  Suspect,
  SuspectPage,
  SuspectQuery,
} from "../../../src/protocol/labels";
import { phaseTitle, progressText } from "../../../src/core/progress";
import { auditSentence } from "../../../src/core/training/suspects";
import type { FakeReport } from "./fakeReport";

const SAMPLES = 22_217;
const SPLITS = ["train", "validation", "test"];
const LETTERS = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];
const LONG = ["melanoma in situ", "nevus", "seborrheic keratosis", "basal cell carcinoma"];

/** An audit with made-up suspects, by the names that scenarios have. */
export class FakeLabels {
  readonly #count: number;
  readonly #classes: readonly string[];
  readonly #verdicts = new Map<number, LabelVerdict>();

  constructor(
    private readonly data: FakeReport,
    scenario: string,
  ) {
    this.#count = scenario === "nothing" ? 0 : scenario === "huge" ? 52_104 : 341;
    this.#classes = scenario === "long" ? LONG : LETTERS;
    if (scenario === "judged") for (let at = 0; at < 14; at++) this.#verdicts.set(at, at % 4 === 3 ? "right" : "wrong");
  }

  state(scenario: string): LabelsState {
    const none = { name: "notmnist_split", progress: null, error: null, audit: null, trusted: true };
    const progress = {
      title: phaseTitle("predicting"),
      text: progressText(9_204, SAMPLES, { perSecond: 1_800, secondsLeft: 7 }),
      done: 9_204,
      total: SAMPLES,
    };
    const states: Readonly<Record<string, LabelsState>> = {
      idle: { ...none, status: "idle" },
      untrusted: { ...none, status: "idle", trusted: false },
      running: { ...none, status: "running", progress },
      again: { ...none, status: "running", progress, audit: this.audit() },
      cancelled: { ...none, status: "cancelled" },
      failed: { ...none, status: "failed", error: "A thread that audits labels ended unexpectedly. Audit again." },
    };
    return states[scenario] ?? { ...none, status: "done", audit: this.audit() };
  }

  audit(): LabelAudit {
    const verdicts = [...this.#verdicts.values()];
    const wrong = verdicts.filter((verdict) => verdict === "wrong").length;
    const pairs = this.#classes.flatMap((label, index) =>
      index % 3 === 2 || this.#count === 0
        ? []
        : [
            {
              label,
              suggested: this.#classes[(index + 1) % this.#classes.length] ?? "",
              estimated: 42.4 / (index + 1),
              suspects: Math.ceil(43 / (index + 1)),
            },
          ],
    );
    const conflicting = this.#count === 0 ? 0 : 8;
    const samples = Math.max(SAMPLES, 10 * this.#count);
    const suspects = {
      samples: new Uint32Array(this.#count),
      conflicting: new Uint32Array(this.#count).fill(1, 0, conflicting),
    };
    const said = { accuracy: 0.878, estimatedErrors: 0.0152 };
    return {
      schema: "cleansplit/label-audit@1",
      audit: "audit-1",
      model: "Softmax regression",
      samples,
      ...said,
      folds: 5,
      suspects: this.#count,
      conflicting,
      classes: this.#classes,
      splits: SPLITS,
      pairs,
      judged: { wrong, right: verdicts.length - wrong },
      sentence: auditSentence({ samples: new Uint32Array(samples), leftOut: 0 }, { ...said, suspects }),
    };
  }

  judge(samples: readonly number[], verdict: LabelVerdict | null): LabelAudit {
    for (const sample of samples) {
      if (verdict === null) this.#verdicts.delete(sample);
      else this.#verdicts.set(sample, verdict);
    }
    return this.audit();
  }

  suspects({ from, count, split, label, onlyConflicting, onlyUnjudged }: SuspectQuery): SuspectPage {
    const all = Array.from({ length: this.#count }, (_, sample) => this.#suspect(sample));
    const passing = all.filter(
      (suspect) =>
        (split === null || suspect.split === split) &&
        (label === null || suspect.label === label) &&
        (!onlyConflicting || suspect.conflicting > 0) &&
        (!onlyUnjudged || suspect.verdict === null),
    );
    return { total: passing.length, suspects: passing.slice(from, from + count) };
  }

  #suspect(sample: number): Suspect {
    const label = this.#classes[(sample * 7) % this.#classes.length] ?? "";
    const suggested = this.#classes[(sample * 7 + 1) % this.#classes.length] ?? "";
    const conflicting = sample % 40 === 3 ? 2 : 0;
    const ofLabel = 0.0003 + sample / (this.#count * 4);
    return {
      ...this.data.sample(sample),
      sample,
      split: SPLITS[sample % 3] ?? "train",
      label,
      suggested,
      ofLabel,
      ofSuggested: 1 - ofLabel * 1.4,
      duplicates: conflicting + (sample % 11 === 0 ? 1 : 0),
      conflicting,
      verdict: this.#verdicts.get(sample) ?? null,
    };
  }
}
