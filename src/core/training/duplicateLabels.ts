import { SampleState } from "../dataset/dataset";
import { forEachGroup } from "../duplicates/groups";
import type { Findings } from "../leakage/findings";
import { Graph } from "../near/cliques";
import { firstsOf } from "../near/findings";

/** Usable samples that one is equal to, or near where that was searched; and those of them with another label of its space. */
export interface DuplicateCount {
  readonly all: number;
  readonly conflicting: number;
}

/**
 * Counts the duplicates of samples by their labels. Equal samples are counted once for all of them, so that a picture that
 * many have costs no more than one that two have.
 */
export class DuplicateLabels {
  /** The first sample of the picture of every sample. */
  private readonly pictureOf: Uint32Array;
  /** Number of usable samples by class, of pictures that several samples have. */
  private readonly labelsOf = new Map<number, ReadonlyMap<number, number>>();
  private readonly graph: Graph | null;
  private readonly known = new Map<string, DuplicateCount>();

  constructor(private readonly findings: Findings) {
    const { table, fingerprints, groups, near } = findings;
    this.pictureOf = near?.firstOf ?? firstsOf(table.count, fingerprints.states, groups.pixel);
    this.graph = near === null ? null : new Graph(near.pairs);
    forEachGroup(groups.pixel, (members) => {
      const counts = new Map<number, number>();
      for (const sample of members) {
        if (fingerprints.states[sample] !== SampleState.ok) continue;
        const label = table.classOf[sample] ?? -1;
        counts.set(label, (counts.get(label) ?? 0) + 1);
      }
      this.labelsOf.set(this.pictureOf[members[0] ?? 0] ?? 0, counts);
    });
  }

  /** The duplicates of a usable sample. */
  of(sample: number): DuplicateCount {
    const picture = this.pictureOf[sample] ?? sample;
    const label = this.findings.table.classOf[sample] ?? -1;
    const isAlone = !this.labelsOf.has(picture) && this.neighbours(picture).length === 0;
    if (isAlone) return { all: 0, conflicting: 0 };
    const name = `${picture} ${label}`;
    const count = this.known.get(name) ?? this.count(picture, label);
    this.known.set(name, count);
    return count;
  }

  /** Counts for a sample of this picture and label. */
  private count(picture: number, own: number): DuplicateCount {
    const { spaceOf } = this.findings;
    // The sample itself has its own label, so it never conflicts.
    let [all, conflicting] = [-1, 0];
    for (const one of [picture, ...this.neighbours(picture)]) {
      for (const [label, samples] of this.labels(one)) {
        all += samples;
        if (own >= 0 && label >= 0 && label !== own && spaceOf[label] === spaceOf[own]) conflicting += samples;
      }
    }
    return { all, conflicting };
  }

  private labels(picture: number): Iterable<readonly [number, number]> {
    return this.labelsOf.get(picture) ?? [[this.findings.table.classOf[picture] ?? -1, 1]];
  }

  private neighbours(picture: number): Uint32Array {
    const { graph } = this;
    if (graph === null || picture >= graph.samples) return NONE;
    return graph.others.subarray(graph.startOf(picture), graph.endOf(picture));
  }
}

const NONE = new Uint32Array(0);
