import type { ReportHost } from "../../../src/protocol/report";

/** Samples that stay because a person said so, and how to say it; what cannot be done rejects. */
export interface Keeping {
  readonly kept: ReadonlySet<number>;
  /** Has a sample stay instead of others of its group, or takes that back. */
  readonly toggle: (sample: number, group: readonly number[]) => Promise<void>;
  readonly undo: (samples: readonly number[]) => Promise<void>;
}

/** Keeping through the host. */
export function keepingOf(host: ReportHost, kept: readonly number[]): Keeping {
  const known = new Set(kept);
  return {
    kept: known,
    toggle: (sample, group) =>
      known.has(sample)
        ? host.unkeep([sample])
        : host.keep(
            sample,
            group.filter((other) => other !== sample),
          ),
    undo: (samples) => host.unkeep(samples),
  };
}
