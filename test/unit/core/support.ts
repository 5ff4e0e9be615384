import fc from "fast-check";
import { SampleState, type Role } from "../../../src/core/dataset/dataset";
import { createFingerprints } from "../../../src/core/fingerprint/fingerprints";
import { findDuplicates, type Findings } from "../../../src/core/leakage/findings";
import { NO_DECISIONS } from "../../../src/core/near/decisions";
import { findNear, firstsOf } from "../../../src/core/near/findings";
import { emptyPairs, MEASURES } from "../../../src/core/near/near";

/** A sample as tests write it down. Equal `content` means equal pixels, equal `file` equal bytes. */
export interface TestSample {
  readonly split: "train" | "validation" | "test";
  readonly content: number;
  readonly label?: string;
  readonly file?: number;
  readonly blank?: boolean;
  readonly state?: SampleState;
}

const ROLES: readonly Role[] = ["train", "validation", "test"];

/** The findings of an inspection of these samples; `contents` are theirs when there are more than a byte can tell apart. */
export function findingsOf(
  all: readonly TestSample[],
  contents: readonly number[] = all.map(({ content }) => content),
): Findings {
  const classes = [...new Set(all.flatMap((sample) => sample.label ?? []))].sort();
  const fingerprints = createFingerprints(all.length);
  all.forEach((sample, index) => {
    const state = sample.state ?? SampleState.ok;
    fingerprints.states[index] = state;
    fingerprints.isFile[index] = 1;
    fingerprints.blank[index] = sample.blank === true ? 1 : 0;
    fingerprints.fileDigests.fill((sample.file ?? 100 + index) % 256, index * 16, index * 16 + 16);
    if (state === SampleState.unreadable) return;
    const content = contents[index] ?? 0;
    fingerprints.pixelDigests.fill(content, index * 16, index * 16 + 16);
    if (content > 0xff) fingerprints.pixelDigests.set([content >> 8, ~content], index * 16);
  });
  const table = {
    count: all.length,
    splits: ROLES.map((role) => ({ name: role, role })),
    classes,
    splitOf: Uint8Array.from(all, (sample) => ROLES.indexOf(sample.split)),
    classOf: Int32Array.from(all, (sample) => (sample.label === undefined ? -1 : classes.indexOf(sample.label))),
  };
  return findDuplicates(
    table,
    fingerprints,
    classes.map(() => 0),
  );
}

/** Datasets of up to 40 samples with few contents, so that duplicates, leaks and conflicts are common. */
export function samples(): fc.Arbitrary<TestSample[]> {
  const sample = fc.record({
    split: fc.constantFrom("train", "validation", "test"),
    content: fc.integer({ min: 1, max: 12 }),
    label: fc.constantFrom("A", "A", "A", "B"),
    blank: fc.constant(false),
    state: fc.constantFrom(SampleState.ok, SampleState.ok, SampleState.ok, SampleState.unreadable, SampleState.invalid),
  });
  return fc.array(sample, { maxLength: 40 });
}

/** The findings of samples after a search, of which two contents are similar (RMS 4) when `isSimilar` says so. */
export function nearFindingsOf(all: readonly TestSample[], isSimilar: (a: number, b: number) => boolean): Findings {
  const findings = findingsOf(all);
  const { table, fingerprints, groups } = findings;
  const firstOf = firstsOf(table.count, fingerprints.states, groups.pixel);
  const firsts = [...all.keys()].filter((sample) => firstOf[sample] === sample && fingerprints.states[sample] === 0);
  const pairs = firsts.flatMap((a) =>
    firsts.filter((b) => b > a && isSimilar(all[a]?.content ?? 0, all[b]?.content ?? 0)).map((b) => [a, b] as const),
  );
  const search = {
    measure: MEASURES.glyphs,
    reason: "",
    reach: 16,
    limited: null,
    compared: firsts.length,
    degenerate: new Uint8Array(table.count),
    emptyPairs: emptyPairs(),
    pairs: {
      count: pairs.length,
      first: Uint32Array.from(pairs, ([a]) => a),
      second: Uint32Array.from(pairs, ([, b]) => b),
      scores: new Float32Array(pairs.length).fill(4),
      transforms: new Uint8Array(pairs.length),
      shifts: new Int8Array(2 * pairs.length),
    },
  };
  return { ...findings, near: findNear(search, table, fingerprints.states, groups.pixel, 9, NO_DECISIONS) };
}
