import assert from "node:assert/strict";
import { mock } from "node:test";
import type { ThumbnailView } from "../../../src/protocol/report";
import { ThumbnailStore } from "../../../webview-ui/src/shared/ThumbnailStore";

const REST_MS = 100;

describe("store of thumbnails", () => {
  let calls: { readonly samples: readonly number[]; readonly answer: () => void }[];
  let store: ThumbnailStore;
  const use = (...samples: readonly number[]): (() => void)[] =>
    samples.map((sample) => store.use(sample, () => undefined));
  const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at);
  /** Lets what was answered arrive. */
  const arrive = async (): Promise<void> => {
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  };

  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout", "Date"] });
    calls = [];
    store = new ThumbnailStore(
      (samples) =>
        new Promise((resolve) => {
          const view = (sample: number): ThumbnailView => ({ sample, png: new Uint8Array([1]), width: 28, height: 28 });
          calls.push({ samples, answer: () => resolve(samples.map(view)) });
        }),
      50,
    );
  });
  afterEach(() => {
    store.clear();
    mock.timers.reset();
  });

  it("never asks for what is scrolled by", () => {
    for (let row = 0; row < 20; row++) {
      const ends = use(...range(10 * row, 10));
      mock.timers.tick(16);
      for (const end of ends) end();
    }
    use(...range(1_000, 10));
    mock.timers.tick(REST_MS);
    assert.deepEqual(
      calls.map(({ samples }) => samples),
      [range(1_000, 10)],
    );
  });

  it("asks for what came last first, in the order of the page, and drops what left while it waited", async () => {
    use(...range(0, 64));
    mock.timers.tick(REST_MS);
    assert.equal(calls.length, 2, "two calls at once");
    const left = use(200, 201);
    mock.timers.tick(REST_MS);
    use(300, 301);
    mock.timers.tick(REST_MS);
    left[0]?.();
    assert.equal(calls.length, 2);
    calls[0]?.answer();
    await arrive();
    assert.deepEqual(calls[2]?.samples, [300, 301, 201]);
  });

  it("keeps what is in use, and of the rest no more than it has room for", async () => {
    const ends = use(...range(0, 64));
    mock.timers.tick(REST_MS);
    for (const { answer } of calls) answer();
    await arrive();
    assert.ok(range(0, 64).every((sample) => store.picture(sample)?.isCrisp === true));
    for (const end of ends) end();
    assert.equal(range(0, 64).filter((sample) => store.picture(sample) !== undefined).length, 50);
    assert.equal(store.picture(0), undefined, "what was used first goes first");
  });
});
