import { SampleState } from "../../../src/core/dataset/dataset";
import type { Findings } from "../../../src/core/leakage/findings";
import type { Given } from "../../../src/core/sanitize/draft";
import { DEFAULT_OPTIONS, type PlanOptions } from "../../../src/core/sanitize/options";
import { decide } from "../../../src/core/sanitize/policies";
import type { Decision } from "../../../src/core/sanitize/policy";
import type { TestSample } from "../core/support";

/** A decision about findings; samples are called s0, s1 ... */
export function decideFor(
  findings: Findings,
  options: Partial<PlanOptions> = {},
  given: Partial<Given> = {},
): Decision {
  return decide(
    findings,
    { ...DEFAULT_OPTIONS, ...options },
    { keep: [], drop: [], wrong: new Set(), name: (sample) => `s${sample}`, fileSize: () => 0, ...given },
  );
}

/** The samples that stay, where they are then. */
export function resultOf(all: readonly TestSample[], { stays, splitOf, splits }: Decision): TestSample[] {
  return all.flatMap((sample, index) => {
    const split = splits[splitOf[index] ?? 0]?.name;
    return stays[index] === 1 ? [{ ...sample, split: split as TestSample["split"] }] : [];
  });
}

export function isUsable(sample: TestSample): boolean {
  return (sample.state ?? SampleState.ok) === SampleState.ok;
}
