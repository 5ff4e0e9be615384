import assert from "node:assert/strict";
import fc from "fast-check";
import { keyOf } from "../../../src/core/fingerprint/contentKey";
import {
  applyDecisions,
  decidedPictures,
  forgetPairs,
  formatDecisions,
  parseDecisions,
  type DecisionEntry,
} from "../../../src/core/near/decisions";
import { exchangedEntries, forgetGroups, judgedGroups, judgeGroups, takeBack } from "../../../src/core/near/judging";
import { findingsOf, type TestSample } from "../core/support";

/** Pictures 1 to 8, each twice. */
const SAMPLES = Array.from({ length: 16 }, (_, sample): TestSample => ({
  split: sample % 2 === 0 ? "train" : "test",
  content: 1 + (sample >> 1),
  file: 2 + sample,
}));
const FINDINGS = findingsOf(SAMPLES);
const key = (sample: number): string => keyOf(FINDINGS.fingerprints, sample);

/** What entries say of pairs, sorted; none contradicts another one. */
function verdictsOf(entries: readonly DecisionEntry[]): string[] {
  const placed = entries.map((entry) => ({ entry, isOwn: true, place: () => "" }));
  return applyDecisions(placed, FINDINGS)
    .pairs.map(({ first, second, verdict }) => `${first}-${second} ${verdict}`)
    .sort();
}

const sets = fc.array(fc.uniqueArray(fc.nat(15), { minLength: 1, maxLength: 5 }), { maxLength: 5 });

/** What was decided group by group: no two entries contradict each other. */
const before = fc
  .array(fc.tuple(fc.uniqueArray(fc.nat(15), { minLength: 2, maxLength: 6 }), fc.boolean()), { maxLength: 5 })
  .map((steps) => {
    let entries: DecisionEntry[] = [];
    for (const [samples, isSame] of steps) {
      if (new Set(samples.map((sample) => sample >> 1)).size < 2) continue;
      const pictures = decidedPictures(FINDINGS, samples, String);
      const verdict = isSame ? "duplicate" : "different";
      entries = [...forgetPairs(entries, pictures), { keys: pictures.samples.map(key), verdict }];
    }
    return entries;
  });

/** Decides of groups at once as the engine does. */
function judge(entries: readonly DecisionEntry[], groups: readonly (readonly number[])[]): DecisionEntry[] {
  const judged = judgedGroups(FINDINGS, groups);
  return judgeGroups(entries, judged, judged.groups, ({ samples }) => ({
    keys: samples.map(key),
    verdict: "different",
  }));
}

const roundTrip = (entries: readonly DecisionEntry[]): readonly DecisionEntry[] =>
  parseDecisions(JSON.parse(formatDecisions({ version: 1, decisions: entries })) as Record<string, unknown>).decisions;

describe("judging many groups at once", () => {
  it("forgets what forgetting one after the other forgets", () => {
    fc.assert(
      fc.property(before, sets, (entries, groups) => {
        let expected: readonly DecisionEntry[] = entries;
        for (const samples of groups) {
          if (new Set(samples.map((sample) => sample >> 1)).size < 2) continue;
          expected = forgetPairs(expected, decidedPictures(FINDINGS, samples, String));
        }
        assert.deepEqual(verdictsOf(forgetGroups(entries, judgedGroups(FINDINGS, groups))), verdictsOf(expected));
      }),
      { numRuns: 500 },
    );
  });

  it("says it of each two pictures of a group, in place of what was said before, and of no other pair", () => {
    fc.assert(
      fc.property(before, sets, (entries, groups) => {
        const expected = new Map(verdictsOf(entries).map((text) => text.split(" ") as [string, string]));
        for (const samples of groups) {
          const pictures = [...new Set(samples.map((sample) => sample & ~1))].sort((a, b) => a - b);
          pictures.forEach((a, at) => pictures.slice(at + 1).forEach((b) => expected.set(`${a}-${b}`, "different")));
        }
        assert.deepEqual(verdictsOf(judge(entries, groups)), [...expected].map((pair) => pair.join(" ")).sort());
      }),
      { numRuns: 500 },
    );
  });

  it("is taken back to the letter where nobody else decided something", () => {
    fc.assert(
      fc.property(before, sets, (entries, groups) => {
        const after = judge(entries, groups);
        const judged = judgedGroups(FINDINGS, groups);
        const exchanged = exchangedEntries(entries, after, judged);
        const back = exchanged === null ? after : takeBack(roundTrip(after), exchanged, judged);
        const textOf = (decisions: readonly DecisionEntry[]): string => formatDecisions({ version: 1, decisions });
        assert.equal(textOf(back), textOf(entries));
      }),
      { numRuns: 500 },
    );
  });

  it("is taken back pair by pair where somebody did, whose pairs stay", () => {
    fc.assert(
      fc.property(before, sets, sets, (entries, mine, theirs) => {
        const after = judge(entries, mine);
        const later = judge(after, theirs);
        const judged = judgedGroups(FINDINGS, mine);
        const exchanged = exchangedEntries(entries, after, judged);
        if (exchanged === null) return;
        const back = takeBack(roundTrip(later), exchanged, judged);
        const isMine = (pair: string): boolean => {
          const [a, b] = pair.split(/[- ]/).map(Number);
          return mine.some((samples) => [a, b].every((picture) => samples.some((sample) => (sample & ~1) === picture)));
        };
        const [was, is, found] = [verdictsOf(entries), verdictsOf(later), verdictsOf(back)];
        // Of my pairs what was said before, of all others what is said now.
        assert.deepEqual(
          found.filter((pair) => !isMine(pair)),
          is.filter((pair) => !isMine(pair)),
        );
        assert.deepEqual(found.filter(isMine), was.filter(isMine));
      }),
      { numRuns: 500 },
    );
  });

  it("of too much is refused before anything is made", () => {
    const all: TestSample[] = Array.from({ length: 1001 }, () => ({ split: "train", content: 0 }));
    const findings = findingsOf(
      all,
      all.map((_, index) => index + 256),
    );
    const every = all.map((_, index) => index);
    assert.throws(() => judgedGroups(findings, [every]), /1,001 different pictures; decide about at most 1,000/);
    const thousand = every.slice(0, 1000);
    assert.throws(() => judgedGroups(findings, [thousand, thousand, thousand]), /more than 1,000,000 pairs/);
  });
});
