import assert from "node:assert/strict";
import fc from "fast-check";
import { SampleState } from "../../../src/core/dataset/dataset";
import { keyOf } from "../../../src/core/fingerprint/contentKey";
import type { Findings } from "../../../src/core/leakage/findings";
import type { PairVerdict } from "../../../src/core/leakage/report";
import {
  applyDecisions,
  decidedPictures,
  forgetPairs,
  formatDecisions,
  linesOfDecisions,
  parseDecisions,
  type DecisionEntry,
  type DecisionList,
  type PlacedEntry,
} from "../../../src/core/near/decisions";
import { pairKey } from "../../../src/core/near/findings";
import { findingsOf, type TestSample } from "../core/support";

const key = (digit: number, kind = "file"): string => `${kind}:${digit.toString(16).padStart(2, "0").repeat(16)}`;
const parse = (text: string): DecisionList => parseDecisions(JSON.parse(text) as Record<string, unknown>);

/** Pictures 1 to 8, each twice: the files of picture n have the bytes 2n and 2n + 1. */
const SAMPLES = Array.from({ length: 16 }, (_, sample): TestSample => ({
  split: sample % 2 === 0 ? "train" : "test",
  content: 1 + (sample >> 1),
  file: 2 + sample,
}));
const FINDINGS = findingsOf(SAMPLES);

/** Entries as if each were a line of a file. */
const placed = (entries: readonly DecisionEntry[], isOwn = true): PlacedEntry[] =>
  entries.map((entry, index) => ({ entry, isOwn, place: () => `line ${index + 1}` }));

/** What entries say of pairs, by the first samples of the pictures. */
const verdictsOf = (entries: readonly DecisionEntry[], findings: Findings = FINDINGS): Record<string, PairVerdict> =>
  Object.fromEntries(
    applyDecisions(placed(entries), findings).pairs.map(({ first, second, verdict }) => [
      `${first}-${second}`,
      verdict,
    ]),
  );

/** Decides in the way the engine does: what was said of these pictures goes, the new verdict comes. */
function decide(
  entries: readonly DecisionEntry[],
  samples: readonly number[],
  verdict: PairVerdict | null,
): DecisionEntry[] {
  const pictures = decidedPictures(FINDINGS, samples, String);
  const keys = pictures.samples.map((sample) => keyOf(FINDINGS.fingerprints, sample));
  return [
    ...forgetPairs(entries, pictures),
    ...(verdict === null ? [] : [{ keys, verdict, ids: keys.map((_, i) => `${i}`) }]),
  ];
}

describe("decisions about pairs", () => {
  it("are one sorted line each, and come back as they were", () => {
    const text = `{
  "by": {"name": "hand"},
  "version": 1,
  "decisions": [
    {"keys":["${key(9)}","${key(3)}"],"verdict":"duplicate","ids":["nine","three"],"note":"same font"},
    {"keys":["${key(1)}","${key(2, "pixels")}"],"verdict":"different"}
  ]
}`;
    assert.equal(
      formatDecisions(parse(text)),
      `{
  "by": {"name":"hand"},
  "version": 1,
  "decisions": [
    {"keys":["${key(1)}","${key(2, "pixels")}"],"verdict":"different"},
    {"keys":["${key(3)}","${key(9)}"],"verdict":"duplicate","ids":["three","nine"],"note":"same font"}
  ]
}
`,
    );
    assert.equal(formatDecisions({ version: 1, decisions: [] }), '{\n  "version": 1,\n  "decisions": []\n}\n');
  });

  it("round-trip whatever others keep beside them, which pollutes nothing", () => {
    const entry = fc.record({
      keys: fc.uniqueArray(
        fc.integer({ min: 0, max: 255 }).map((digit) => key(digit)),
        { minLength: 2, maxLength: 6 },
      ),
      verdict: fc.constantFrom("duplicate" as const, "different" as const),
      others: fc.dictionary(fc.string(), fc.jsonValue()),
    });
    fc.assert(
      fc.property(fc.array(entry), fc.dictionary(fc.string(), fc.jsonValue()), (entries, others) => {
        const list = {
          ...others,
          version: 1,
          decisions: entries.map((one) => ({
            ...one.others,
            keys: one.keys.sort(),
            verdict: one.verdict,
            ids: one.keys,
          })),
        };
        const text = formatDecisions(list);
        const again = parse(text);
        assert.equal(formatDecisions(again), text);
        assert.deepEqual(
          new Set(again.decisions.map((one) => JSON.stringify(one))),
          new Set(list.decisions.map((one) => JSON.stringify(one))),
        );
        // Each decision has its line.
        const lines = text.split("\n");
        linesOfDecisions(text).forEach((line, index) => {
          assert.equal((lines[line - 1] ?? "").replace(/,$/, "").trim(), JSON.stringify(again.decisions[index]));
        });
      }),
    );
    const text = `{"version": 1, "__proto__": {"polluted": true}, "decisions": [{"keys": ["${key(1)}", "${key(2)}"], "verdict": "different", "__proto__": {"polluted": 1}}]}`;
    assert.match(formatDecisions(parse(text)), /"__proto__": \{"polluted":true\}[^]*"__proto__":\{"polluted":1\}/);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  it("of two people merge by line, unless they stand side by side", () => {
    const entryAt = (digit: number): DecisionEntry => ({ keys: [key(digit), key(digit + 1)], verdict: "duplicate" });
    const base = [entryAt(10), entryAt(20), entryAt(30)];
    const lines = (entries: readonly DecisionEntry[]): string[] =>
      formatDecisions({ version: 1, decisions: entries }).split("\n");
    const [before, mine, theirs] = [lines(base), lines([...base, entryAt(15)]), lines([...base, entryAt(25)])];
    assert.deepEqual(mine.filter((line) => !before.includes(line)).length, 1);
    assert.deepEqual(theirs.filter((line) => !before.includes(line)).length, 1);
    assert.deepEqual(
      before.filter((line) => !mine.includes(line)),
      [],
    );
  });

  it("that are damaged are refused with what is wrong", () => {
    const one = (entry: string): string => `{"version": 1, "decisions": [${entry}]}`;
    const cases: readonly (readonly [string, RegExp])[] = [
      ["{}", /expected "version": 1/],
      ['{"version": 2, "decisions": []}', /version 2.*a newer one reads it/],
      ['{"version": "1", "decisions": []}', /expected "version": 1/],
      ['{"version": 1, "decisions": {}}', /expected "decisions", a list/],
      [one("7"), /decision 1 is no object/],
      [one("null"), /decision 1 is no object/],
      [one('{"verdict": "different"}'), /needs "keys"/],
      [one(`{"keys": ["${key(1)}"], "verdict": "different"}`), /at least two different/],
      [one(`{"keys": ["${key(1)}", "${key(1)}"], "verdict": "different"}`), /at least two different/],
      [one(`{"keys": ["${key(1)}", 2], "verdict": "different"}`), /needs "keys"/],
      [
        one(`{"keys": ["${key(1)}", "../../etc/passwd"], "verdict": "different"}`),
        /key "..\/..\/etc\/passwd"; expected "file:"/,
      ],
      [one(`{"keys": ["${key(1)}", "${key(171).toUpperCase()}"], "verdict": "different"}`), /hexadecimal/],
      [one(`{"keys": ["${key(1)}", "${key(2)}"], "verdict": "same"}`), /"verdict" that is "duplicate" or "different"/],
      [one(`{"keys": ["${key(1)}", "${key(2)}"], "verdict": "different", "ids": ["a"]}`), /one name for each key/],
      [one(`{"keys": ["${key(1)}", "${key(2)}"], "verdict": "different", "ids": [1, 2]}`), /one name for each key/],
      [
        one(
          `{"keys": ${JSON.stringify(Array.from({ length: 1001 }, (_, i) => `file:${i.toString(16).padStart(32, "0")}`))}, "verdict": "different"}`,
        ),
        /1001 keys; at most 1000/,
      ],
    ];
    for (const [text, message] of cases) assert.throws(() => parse(text), message, text);
  });

  it("apply to pictures, by any of their files", () => {
    const entries = [
      // Both files of picture 1 with one of picture 2; a key of picture 3 and one that is nowhere.
      { keys: [key(2), key(4)], verdict: "different" as const },
      { keys: [key(3), key(5)], verdict: "different" as const },
      { keys: [key(6), key(200)], verdict: "duplicate" as const },
      { keys: [key(9), key(11), key(13)], verdict: "duplicate" as const },
    ];
    assert.deepEqual(verdictsOf(entries), {
      "0-2": "different",
      "6-8": "duplicate",
      "6-10": "duplicate",
      "8-10": "duplicate",
    });
    // Two files of one picture are equal, whatever anybody says.
    assert.deepEqual(verdictsOf([{ keys: [key(2), key(3)], verdict: "different" }]), {});
  });

  it("know rows of arrays by their pixels, and nothing of what cannot be read", () => {
    const findings = findingsOf(SAMPLES);
    findings.fingerprints.isFile.fill(0, 0, 4);
    findings.fingerprints.states[4] = SampleState.unreadable;
    const keys = [key(1, "pixels"), key(2, "pixels")];
    assert.deepEqual(keyOf(findings.fingerprints, 0), keys[0]);
    assert.deepEqual(verdictsOf([{ keys, verdict: "different" }], findings), { "0-2": "different" });
    assert.deepEqual(verdictsOf([{ keys: [key(2), key(4)], verdict: "different" }], findings), {});
    assert.deepEqual(verdictsOf([{ keys: [key(6), key(8)], verdict: "different" }], findings), {});
  });

  it("are stale when their pictures lay in the dataset and are not there any more", () => {
    const gone = { keys: [key(2), key(200)], verdict: "different" as const };
    const here = { keys: [key(2), key(4)], verdict: "different" as const };
    assert.equal(applyDecisions(placed([gone, here, gone]), FINDINGS).stale, 2);
    assert.equal(applyDecisions(placed([gone], false), FINDINGS).stale, 0);
  });

  it("that contradict each other are an error that names both, whatever files they name", () => {
    const entries: DecisionEntry[] = [
      { keys: [key(8), key(10)], verdict: "duplicate" },
      { keys: [key(2), key(4)], verdict: "different" },
      { keys: [key(3), key(4), key(6)], verdict: "duplicate" },
    ];
    assert.throws(
      () => applyDecisions(placed(entries), FINDINGS),
      /line 2 says "different" and line 3 says "duplicate"/,
    );
    // Saying the same twice is no contradiction.
    assert.deepEqual(verdictsOf([...entries.slice(0, 2), ...entries.slice(0, 2)]), {
      "0-2": "different",
      "6-8": "duplicate",
    });
  });

  it("never take longer than a file can hold", () => {
    const keys = Array.from({ length: 1000 }, (_, i) => `file:${i.toString(16).padStart(32, "0")}`);
    const findings = findingsOf(keys.map(() => ({ split: "train", content: 0 })));
    keys.forEach((one, sample) => {
      findings.fingerprints.fileDigests.set(Buffer.from(one.slice(5), "hex"), 16 * sample);
      findings.fingerprints.pixelDigests.set(Buffer.from(one.slice(5), "hex"), 16 * sample);
    });
    const { table, fingerprints, groups } = findings;
    const none = { count: 0, offsets: Uint32Array.of(0), members: new Uint32Array() };
    const apart = { table, fingerprints, groups: { ...groups, pixel: none } } as unknown as Findings;
    const entry = { keys, verdict: "duplicate" as const };
    assert.equal(applyDecisions(placed([entry]), { ...apart, near: null }).pairs.length, 499_500);
    assert.throws(
      () => applyDecisions(placed([entry, entry, entry]), { ...apart, near: null }),
      /more than 1000000 pairs/,
    );
  });

  it("replace what was decided before, pair by pair, for any order of decisions", () => {
    const verdict = fc.constantFrom("duplicate" as const, "different" as const, null);
    const samples = fc.uniqueArray(fc.nat(15), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(fc.tuple(samples, verdict), { maxLength: 12 }), (steps) => {
        let entries: DecisionEntry[] = [];
        const expected = new Map<number, PairVerdict>();
        for (const [chosen, said] of steps) {
          const pictures = [...new Set(chosen.map((sample) => sample & ~1))];
          if (pictures.length < 2) continue;
          entries = decide(entries, chosen, said);
          for (const a of pictures) {
            for (const b of pictures) {
              if (a >= b) continue;
              if (said === null) expected.delete(pairKey(a, b));
              else expected.set(pairKey(a, b), said);
            }
          }
          const { pairs } = applyDecisions(
            placed(parse(formatDecisions({ version: 1, decisions: entries })).decisions),
            FINDINGS,
          );
          assert.deepEqual(
            new Map(pairs.map(({ first, second, verdict: found }) => [pairKey(first, second), found])),
            expected,
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it("are about at least two different pictures", () => {
    const named = (samples: readonly number[]): unknown =>
      decidedPictures(FINDINGS, samples, (sample) => `${sample}.png`);
    assert.throws(() => named([0, 1]), /0\.png and 1\.png have the same pixels, so they are duplicates/);
    assert.throws(() => named([3]), /at least two images/);
    assert.throws(() => named([]), /at least two images/);
    assert.throws(() => named([0, 99]), /no image that can be compared/);
    const findings = findingsOf([...SAMPLES, { split: "train", content: 99, state: SampleState.unreadable }]);
    assert.throws(() => decidedPictures(findings, [0, 16], String), /16 is no image that can be compared/);
  });
});
