import assert from "node:assert/strict";
import fc from "fast-check";
import { SampleState } from "../../../src/core/dataset/dataset";
import { keyOf } from "../../../src/core/fingerprint/contentKey";
import {
  applyChoices,
  choiceAt,
  formatChoices,
  parseChoices,
  type ChoiceEntry,
  type ChoiceList,
} from "../../../src/core/review/choices";
import { findingsOf, type TestSample } from "../core/support";

const parse = (text: string): ChoiceList => parseChoices(JSON.parse(text) as Record<string, unknown>);

const SAMPLES: readonly TestSample[] = [
  { split: "train", content: 1, file: 1 },
  { split: "train", content: 2, file: 2 },
  { split: "test", content: 0, file: 3, state: SampleState.unreadable },
];
const FINDINGS = findingsOf(SAMPLES);
const key = (sample: number): string => keyOf(FINDINGS.fingerprints, sample);

/** What entries say of the samples, whose ids are their numbers. */
function saidBy(...entries: readonly ChoiceEntry[]): (string | null)[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const choices = applyChoices(entries, entries.length, FINDINGS, (sample) => byId.get(`${sample}`));
  return [...SAMPLES.map((_, sample) => choiceAt(choices, sample)), `${choices.stale} stale`];
}

describe("choices of images", () => {
  it("are one sorted line each, and come back as they were, whatever others keep beside them", () => {
    const entry = fc.record({
      others: fc.dictionary(fc.string(), fc.jsonValue()),
      choice: fc.constantFrom("keep" as const, "drop" as const),
      id: fc.string({ minLength: 1 }),
    });
    const entries = fc.uniqueArray(entry, { selector: ({ id }) => id });
    fc.assert(
      fc.property(entries, fc.dictionary(fc.string(), fc.jsonValue()), (some, others) => {
        const choices = some.map((one): ChoiceEntry => {
          const { key: _, ...rest } = one.others;
          return { ...rest, choice: one.choice, id: one.id };
        });
        const text = formatChoices({ ...others, version: 1, choices });
        const again = parse(text);
        assert.equal(formatChoices(again), text);
        const textsOf = (of: readonly ChoiceEntry[]): Set<string> => new Set(of.map((one) => JSON.stringify(one)));
        assert.deepEqual(textsOf(again.choices), textsOf(choices));
        assert.equal(text.split("\n").filter((line) => line.startsWith("    ")).length, choices.length);
      }),
    );
  });

  it("of wrong form are refused, with what is wrong", () => {
    const one = (text: string): string => `{"version": 1, "choices": [${text}]}`;
    const cases: readonly (readonly [string, RegExp])[] = [
      ["{}", /expected "version": 1/],
      ['{"version": 2, "choices": []}', /version 2.*a newer one reads it/],
      ['{"version": 1, "choices": {}}', /expected "choices", a list/],
      [one("null"), /entry 1 of "choices" is no object/],
      [one('{"id": "", "choice": "keep"}'), /needs an "id"/],
      [one('{"id": "a", "choice": true}'), /"choice" that is "keep" or "drop"/],
      [one('{"id": "a", "choice": "keep", "key": 7}'), /"key" that is not/],
      [one('{"id": "a", "choice": "keep"}, {"id": "a", "choice": "drop"}'), /two entries of "a"; keep one of both/],
    ];
    for (const [text, message] of cases) assert.throws(() => parse(text), message, text);
    // Two people may have said the same.
    assert.equal(parse(one('{"id": "a", "choice": "keep"}, {"id": "a", "choice": "keep"}')).choices.length, 1);
  });

  it("apply to an image with the content that was seen, and to none that cannot be kept", () => {
    assert.deepEqual(saidBy({ id: "0", choice: "keep", key: key(0) }), ["keep", null, null, "0 stale"]);
    assert.deepEqual(saidBy({ id: "0", choice: "keep", key: key(1) }), [null, null, null, "1 stale"]);
    assert.deepEqual(saidBy({ id: "1", choice: "drop" }, { id: "9", choice: "drop" }), [null, "drop", null, "1 stale"]);
    assert.deepEqual(saidBy({ id: "2", choice: "keep", key: key(2) }), [null, null, null, "1 stale"]);
    assert.deepEqual(saidBy({ id: "2", choice: "drop", key: key(2) }), [null, null, "drop", "0 stale"]);
    assert.deepEqual(saidBy(), [null, null, null, "0 stale"]);
  });
});
