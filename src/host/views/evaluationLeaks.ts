import * as vscode from "vscode";
import type { Leakage, Report } from "../../core/leakage/report";
import { integerText } from "../../core/language";

/** Images of a test or validation split that occur elsewhere, counted once each, with the sentence that says so. */
export interface EvaluationLeak {
  readonly samples: number;
  readonly text: string;
}

/**
 * For every test and validation split the leak that matters most: into training data when there is one, else the
 * largest. One leak for each split, because an image that leaks into two splits must not be counted twice.
 */
export function evaluationLeaks(name: string, { report }: { readonly report: Report }): readonly EvaluationLeak[] {
  const isTrain = (split: string): boolean =>
    report.splits.some((other) => other.name === split && other.role === "train");
  return report.splits.flatMap((split) => {
    if (split.role !== "test" && split.role !== "validation") return [];
    const [worst] = report.leakage
      .filter((leak) => leak.tier === "pixel" && leak.split === split.name && leak.samples > 0)
      .sort((a, b) => Number(isTrain(b.in)) - Number(isTrain(a.in)) || b.samples - a.samples);
    return worst === undefined ? [] : [{ samples: worst.samples, text: leakSentence(name, split.samples, worst) }];
  });
}

function leakSentence(name: string, of: number, { samples, split, in: other }: Leakage): string {
  const args = [name, integerText(samples), integerText(of), split, other] as const;
  return samples === 1
    ? vscode.l10n.t("{0}: {1} of {2} {3} images also occurs in {4}", ...args)
    : vscode.l10n.t("{0}: {1} of {2} {3} images also occur in {4}", ...args);
}
