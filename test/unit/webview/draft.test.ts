import assert from "node:assert/strict";
import fc from "fast-check";
import { MODEL_NAMES } from "../../../src/core/training/models";
import { completeExperiment } from "../../../src/core/training/planRuns";
import type { ExperimentSpec } from "../../../src/core/training/experiment";
import { DEFAULT_DRAFT, draftOf, parseDraft, plannedRuns, type Draft } from "../../../webview-ui/src/training/draft";

const count = fc.integer({ min: 1, max: 100_000 });
const specs: fc.Arbitrary<ExperimentSpec> = fc.record(
  {
    models: fc.subarray([...MODEL_NAMES], { minLength: 1 }),
    sizes: fc.uniqueArray(fc.oneof(count, fc.constant("all" as const)), { minLength: 1, maxLength: 6 }),
    data: fc.subarray(["original", "sanitized"] as const, { minLength: 1 }),
    seeds: fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 6 }),
    epochs: fc.option(count),
    batchSize: fc.option(count),
    learningRate: fc.option(fc.double({ min: 1e-6, max: 100, noNaN: true })),
    side: fc.option(fc.integer({ min: 1, max: 1024 })),
    channels: fc.constantFrom(null, 1 as const, 3 as const),
    tier: fc.constantFrom("pixel" as const, "near" as const),
    backend: fc.constantFrom(null, "kernel" as const, "tensorflow" as const, "wasm" as const, "cpu" as const),
  },
  { noNullPrototype: true },
);

describe("settings of an experiment as they are typed", () => {
  const errorsOf = (change: Partial<Draft>): ReturnType<typeof parseDraft>["errors"] =>
    parseDraft({ ...DEFAULT_DRAFT, ...change }).errors;

  it("are the settings again", () => {
    fc.assert(fc.property(specs, (spec) => assert.deepEqual(parseDraft(draftOf(spec)), { spec, errors: {} })));
  });

  it("whatever is typed, either the engine takes it or a field says what is wrong", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[\dall,;\- .e]{0,12}$/));
    const drafts = fc.record({
      sizes: text,
      seeds: text,
      epochs: text,
      batchSize: text,
      learningRate: text,
      side: text,
    });
    fc.assert(
      fc.property(drafts, (change) => {
        const { spec, errors } = parseDraft({ ...DEFAULT_DRAFT, ...change });
        assert.equal(spec === null, Object.keys(errors).length > 0);
        if (spec !== null) assert.deepEqual(completeExperiment(spec), spec);
      }),
      { numRuns: 300 },
    );
  });

  it("say at the field what is wrong", () => {
    assert.match(errorsOf({ sizes: "50, 1.5" }).sizes ?? "", /“1.5” is neither/);
    assert.match(errorsOf({ sizes: " , " }).sizes ?? "", /at least one/);
    assert.match(errorsOf({ seeds: "5-1" }).seeds ?? "", /“5-1” is no whole number and no range/);
    assert.match(errorsOf({ seeds: "0-4294967295" }).seeds ?? "", /At most 1000/);
    assert.match(errorsOf({ seeds: "4294967296" }).seeds ?? "", /no whole number/);
    assert.match(errorsOf({ learningRate: "0,1" }).learningRate ?? "", /with a point/);
    assert.match(errorsOf({ side: "5000" }).side ?? "", /from 1 to 1024/);
    assert.match(errorsOf({ models: [] }).models ?? "", /at least one model/);
    assert.match(errorsOf({ data: [] }).data ?? "", /original or sanitized/);
    assert.match(errorsOf({ sizes: "1, 2, 3, 4, 5, 6, 7, 8", seeds: "1-999" }).sizes ?? "", /models would be trained/);
  });

  it("counts the runs, of a dataset that is known those that it has images for", () => {
    const { spec } = parseDraft(DEFAULT_DRAFT);
    assert(spec !== null);
    assert.equal(plannedRuns(spec, null), 50);
    assert.equal(plannedRuns(spec, { original: 1_200, sanitized: 1_100 }), 40);
  });
});
