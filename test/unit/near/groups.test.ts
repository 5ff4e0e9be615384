import assert from "node:assert/strict";
import fc from "fast-check";
import { SampleState } from "../../../src/core/dataset/dataset";
import { membersOf } from "../../../src/core/duplicates/groups";
import { countDuplicates, measureLeakage, type Findings } from "../../../src/core/leakage/findings";
import type { LeakageCounts } from "../../../src/core/leakage/report";
import { cliquesOf } from "../../../src/core/near/cliques";
import { keepOneOfEach, pairKey } from "../../../src/core/near/findings";
import { MEASURES } from "../../../src/core/near/near";
import { findingsOf, type TestSample } from "../core/support";
import { cases, nearOf, pairsOf, searchOf, type TestCase, type TestPair } from "./support";

const { glyphs, photos } = MEASURES;

/** The members of every group, and its worst score. By default each picture is in a split of its own. */
function groupsOf(
  pairs: readonly TestPair[],
  measure = glyphs,
  splitOf = (sample: number): number => sample,
): { members: number[]; worst: number }[] {
  const splits = pairs.reduce((most, { first, second }) => Math.max(most, splitOf(first), splitOf(second)), 0) + 1;
  const { count, offsets, members, worst } = cliquesOf(pairsOf(pairs), measure, splits, (sample) => [splitOf(sample)]);
  return Array.from({ length: count }, (_, group) => ({
    members: [...members.subarray(offsets[group], offsets[group + 1])],
    worst: worst[group] ?? Number.NaN,
  }));
}

/** Pairs of up to 12 samples with scores that hundredths of 64 tell apart, or not. */
const somePairs = fc
  .uniqueArray(
    fc.tuple(fc.nat(11), fc.nat(11)).filter(([a, b]) => a !== b),
    {
      selector: ([a, b]) => pairKey(a, b),
      maxLength: 66,
    },
  )
  .chain((ends) =>
    fc
      .array(fc.integer({ min: 1, max: 64 }), { minLength: ends.length, maxLength: ends.length })
      .map((scores) => ends.map(([first, second], i): TestPair => ({ first, second, score: (scores[i] ?? 0) / 64 }))),
  );

describe("groups of similar pictures", () => {
  it("hold every pair, each two of a group are a pair, and the worst score is that of its worst pair", () => {
    fc.assert(
      fc.property(somePairs, fc.constantFrom(glyphs, photos), (pairs, measure) => {
        const scores = new Map(pairs.map(({ first, second, score }) => [pairKey(first, second), score]));
        const covered = new Set<number>();
        for (const { members, worst } of groupsOf(pairs, measure)) {
          assert.ok(members.length >= 2);
          const own = members.flatMap((a, i) =>
            members.slice(i + 1).map((b) => {
              assert.ok(a < b);
              covered.add(pairKey(a, b));
              return scores.get(pairKey(a, b)) ?? assert.fail(`${a} and ${b} are no pair`);
            }),
          );
          assert.equal(worst, measure.better === "lower" ? Math.max(...own) : Math.min(...own));
        }
        assert.deepEqual(covered, new Set(scores.keys()));
      }),
      { numRuns: 500 },
    );
  });

  it("show each picture with one of every split that it is near to, and no more", () => {
    fc.assert(
      fc.property(somePairs, (pairs) => {
        const splitOf = (sample: number): number => sample % 3;
        const groups = groupsOf(pairs, glyphs, splitOf);
        const shown = new Set(
          groups.flatMap(({ members }) =>
            members.flatMap((a) => members.filter((b) => a !== b).map((b) => `${a} in ${splitOf(b)}`)),
          ),
        );
        const near = new Set(
          pairs.flatMap(({ first, second }) => [`${first} in ${splitOf(second)}`, `${second} in ${splitOf(first)}`]),
        );
        // A picture is in its own split, too: one more there shows nothing new once it is in a group.
        const isOwn = (entry: string): boolean => Number(entry.split(" in ")[0]) % 3 === Number(entry.split(" in ")[1]);
        for (const entry of near) assert.ok(shown.has(entry) || isOwn(entry), entry);
        for (const entry of shown) assert.ok(near.has(entry), entry);
        const samples = new Set(pairs.flatMap(({ first, second }) => [first, second]));
        assert.deepEqual(new Set(groups.flatMap(({ members }) => members)), samples);
        assert.ok(groups.length <= 3 * samples.size);
      }),
      { numRuns: 500 },
    );
  });

  it("of thousands of pictures that resemble each other gradually are few", () => {
    const pairs = Array.from({ length: 4000 }, (_, first) =>
      Array.from({ length: 40 }, (_, i) => ({ first, second: first + 1 + i, score: (i + 1) / 4 })),
    ).flat();
    const groups = groupsOf(pairs, glyphs, () => 0);
    assert.ok(groups.length < 200, `${groups.length} groups`);
  });

  it("are not welded together by a chain", () => {
    const chain = [0, 1, 2].map((first) => ({ first, second: first + 1, score: 1 + first }));
    const membersOfAll = (splitOf?: () => number): number[][] =>
      groupsOf(chain, glyphs, splitOf).map(({ members }) => members);
    assert.deepEqual(membersOfAll(), [
      [0, 1],
      [2, 3],
      [1, 2],
    ]);
    assert.deepEqual(
      membersOfAll(() => 0),
      [
        [0, 1],
        [2, 3],
      ],
    );
    const withEnds = [...chain, { first: 0, second: 2, score: 5 }];
    assert.deepEqual(groupsOf(withEnds), [
      { members: [0, 1, 2], worst: 5 },
      { members: [2, 3], worst: 3 },
    ]);
  });

  it("depend on the pictures, not on their numbers", () => {
    fc.assert(
      fc.property(somePairs, fc.integer(), (pairs, seed) => {
        // Equal scores are told apart by the numbers of their samples; without them a renumbering changes nothing.
        const distinct = pairs.map((pair, i) => ({ ...pair, score: i + 1 }));
        const renamed = [...Array(12).keys()].sort((a, b) => Math.sin(seed + a) - Math.sin(seed + b));
        const there = distinct.map(({ first, second, score }) => ({
          first: renamed[first] ?? 0,
          second: renamed[second] ?? 0,
          score,
        }));
        const back = groupsOf(there).map(({ members, worst }) => ({
          members: members.map((sample) => renamed.indexOf(sample)).sort((a, b) => a - b),
          worst,
        }));
        assert.deepEqual(back, groupsOf(distinct));
      }),
    );
  });

  it("of a picture that 100,000 others resemble take no time", () => {
    const leaves = 100_000;
    const pairs = Array.from({ length: leaves }, (_, i) => ({ first: 0, second: i + 1, score: 1 + (i % 7) }));
    const started = process.cpuUsage();
    assert.equal(groupsOf(pairs, glyphs, () => 0).length, leaves);
    // Going through all leaves for each of them would take minutes.
    assert.ok(process.cpuUsage(started).user < 5e6);
  });
});

describe("what is near", () => {
  const isOk = ({ state }: TestSample): boolean => (state ?? SampleState.ok) === SampleState.ok;

  /** Whether two samples are equal or near, straight from what a case says. */
  const nearness = ({ all, pairs, decisions }: TestCase, threshold: number): ((a: number, b: number) => boolean) => {
    const verdicts = new Map(decisions.pairs.map((pair) => [pairKey(pair.first, pair.second), pair.verdict]));
    const picture = (sample: number): number => all[sample]?.content ?? 0;
    const isPair = new Set<string>();
    const connect = (first: number, second: number): void => {
      isPair.add(`${picture(first)} ${picture(second)}`).add(`${picture(second)} ${picture(first)}`);
    };
    for (const { first, second, score } of pairs) {
      if (score <= threshold && verdicts.get(pairKey(first, second)) !== "different") connect(first, second);
    }
    for (const { first, second, verdict } of decisions.pairs) if (verdict === "duplicate") connect(first, second);
    return (a, b) => picture(a) === picture(b) || isPair.has(`${picture(a)} ${picture(b)}`);
  };
  const readable = (all: readonly TestSample[]): number[] =>
    [...all.keys()].filter((sample) => all[sample]?.state !== SampleState.unreadable);
  const caseWithThreshold = fc.tuple(cases(), fc.constantFrom(4, 9, 16));
  const findingsFor = ({ all, pairs, decisions }: TestCase, threshold: number): Findings => {
    const findings = findingsOf(all);
    return { ...findings, near: nearOf(findings, searchOf(all.length, pairs), threshold, decisions) };
  };

  it("is grouped by the threshold and what people decided, together with what is equal", () => {
    fc.assert(
      fc.property(caseWithThreshold, ([test, threshold]) => {
        const { near } = findingsFor(test, threshold);
        assert.ok(near !== null);
        const isNear = nearness(test, threshold);
        const together = new Set<number>();
        for (let group = 0; group < near.groups.count; group++) {
          const members = [...membersOf(near.groups, group)];
          for (const a of members) {
            for (const b of members) {
              assert.ok(isNear(a, b), `${a} and ${b} are in one group`);
              together.add(pairKey(a, b));
            }
          }
        }
        for (const a of readable(test.all)) {
          const partners = readable(test.all).filter((b) => b !== a && isNear(a, b));
          if (partners.length > 0) assert.ok(partners.some((b) => together.has(pairKey(a, b))));
        }
      }),
    );
  });

  it("leaks as a comparison of each two samples says", () => {
    fc.assert(
      fc.property(caseWithThreshold, ([test, threshold]) => {
        const isNear = nearness(test, threshold);
        const usable = [...test.all.keys()].filter((sample) => isOk(test.all[sample] ?? assert.fail()));
        for (const leak of measureLeakage(findingsFor(test, threshold), "near")) {
          const inSplit = (name: string): number[] => usable.filter((sample) => test.all[sample]?.split === name);
          const others = inSplit(leak.in);
          const found = inSplit(leak.split).map((a) => others.filter((b) => isNear(a, b)).length);
          const expected: Omit<LeakageCounts, "groups"> = {
            samples: found.filter((count) => count > 0).length,
            pairs: found.reduce((sum, count) => sum + count, 0),
          };
          assert.deepEqual({ samples: leak.samples, pairs: leak.pairs }, expected, `${leak.split} in ${leak.in}`);
          assert.equal(leak.groups > 0, leak.samples > 0);
        }
      }),
    );
  });

  it("keeps one of each: what goes has one that stays directly near it, and no two that stay are near", () => {
    fc.assert(
      fc.property(caseWithThreshold, fc.integer(), ([test, threshold], seed) => {
        const findings: Findings = findingsFor(test, threshold);
        assert.ok(findings.near !== null);
        const isNear = nearness(test, threshold);
        const order = readable(test.all).sort((a, b) => Math.sin(seed + a) - Math.sin(seed + b));
        const keeperOf = keepOneOfEach(findings.near, order);
        const stays = order.filter((sample) => keeperOf[sample] === -1);
        for (const sample of order) {
          const keeper = keeperOf[sample] ?? -1;
          if (keeper >= 0) assert.ok(stays.includes(keeper) && isNear(sample, keeper));
        }
        for (const a of stays) for (const b of stays) assert.ok(a === b || !isNear(a, b), `${a} and ${b} stay`);
        const inGroups = countDuplicates(findings, "near");
        assert.equal(
          inGroups.samples,
          readable(test.all).filter((a) => readable(test.all).some((b) => a !== b && isNear(a, b))).length,
        );
      }),
    );
  });

  it("counts all samples of a picture: pairs decide about pictures, not about files", () => {
    const all: TestSample[] = [
      { split: "train", content: 1 },
      { split: "train", content: 1 },
      { split: "test", content: 2 },
      { split: "test", content: 2 },
    ];
    const findings = findingsOf(all);
    const near = nearOf(findings, searchOf(4, [{ first: 0, second: 2, score: 3 }]));
    assert.deepEqual([...near.groups.members], [0, 1, 2, 3]);
    const [leak] = measureLeakage({ ...findings, near }, "near").filter(
      ({ split, in: into }) => split === "test" && into === "train",
    );
    assert.deepEqual([leak?.samples, leak?.groups, leak?.pairs], [2, 1, 4]);
  });
});
