import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import type { PlannedRun } from "../../../src/core/training/experiment";
import { JournalReader, JournalWriter, readJournal, type JournalEntry } from "../../../src/engine/lab/journal";
import { ExperimentProgress } from "../../../src/engine/lab/progress";

const share = fc.double({ min: 0, max: 1, noNaN: true });
const index = fc.nat(1000);
const score = fc.record({ loss: fc.double({ min: 0, max: 1e6, noNaN: true }), accuracy: share, samples: index });
const entry: fc.Arbitrary<JournalEntry> = fc.oneof(
  fc.record({
    type: fc.constant("started" as const),
    backends: fc.record({ softmax: fc.record({ backend: fc.constant("cpu" as const), reason: fc.string() }) }),
  }),
  fc.record({
    type: fc.constant("epoch" as const),
    run: index,
    epoch: index,
    score: fc.record({
      loss: share,
      accuracy: share,
      valLoss: fc.option(share),
      valAccuracy: fc.option(share),
    }),
  }),
  fc.record({
    type: fc.constant("run" as const),
    run: index,
    finished: fc.record({
      backend: fc.constantFrom("kernel" as const, "wasm" as const),
      seconds: share,
      isKept: fc.boolean(),
      scores: fc.record({
        original: fc.option(score),
        sanitized: fc.option(score),
        clean: fc.option(score),
        leaked: fc.option(score),
      }),
    }),
  }),
  fc.record({ type: fc.constant("done" as const) }),
  fc.record({
    type: fc.constant("failed" as const),
    reason: fc.constantFrom("unsupported" as const, null),
    message: fc.string({ unit: "binary" }),
  }),
);
const entries = fc.array(entry, { maxLength: 8 });

/** What JSON makes of values: no minus zero. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

describe("journal of an experiment", () => {
  let folder = "";
  let file = "";
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "cleansplit-journal-"));
    file = path.join(folder, "journal.jsonl");
  });
  beforeEach(() => rmSync(file, { force: true }));
  after(() => rmSync(folder, { recursive: true, force: true }));

  function write(written: readonly JournalEntry[]): void {
    const writer = new JournalWriter(file);
    for (const one of written) writer.add(one);
    writer.close();
  }

  it("is empty before anything is written", () => assert.deepEqual(readJournal(file), []));

  it("answers what was written", () => {
    fc.assert(
      fc.property(entries, (written) => {
        rmSync(file, { force: true });
        write(written);
        assert.deepEqual(readJournal(file), plain(written));
      }),
      { numRuns: 50 },
    );
  });

  function assertCut(written: readonly JournalEntry[], length: number, next: JournalEntry): void {
    rmSync(file, { force: true });
    write(written);
    const part = readFileSync(file).subarray(0, length);
    const whole = plain(written).slice(0, part.toString("latin1").split("\n").length - 1);
    writeFileSync(file, part);
    assert.deepEqual(readJournal(file), whole);
    write([next]);
    assert.deepEqual(readJournal(file), [...whole, plain(next)]);
  }

  it("cut off at any byte it answers the entries that are whole, and the next trainer writes behind them", () => {
    const short: readonly JournalEntry[] = [{ type: "done" }, { type: "failed", reason: null, message: "voilà" }];
    for (let length = 0; length <= 80; length++) assertCut(short, length, { type: "done" });
    fc.assert(
      fc.property(entries, entry, fc.nat(2000), (written, next, length) => assertCut(written, length, next)),
      { numRuns: 50 },
    );
  });

  it("is not believed behind a damaged line", () => {
    write([{ type: "done" }]);
    for (const line of ["{", "null", "\0\0\0", '{"type":"epoch","run":-1}', '{"type":"else"}', "x".repeat(3 << 20)]) {
      appendFileSync(file, `${line}\n${JSON.stringify({ type: "done" })}\n`);
      assert.equal(readJournal(file).length, 1, line.slice(0, 30));
      write([]);
    }
    assert.equal(readFileSync(file, "utf8"), '{"type":"done"}\n');
  });

  it("is read while it grows, line by line", () => {
    const reader = new JournalReader(file);
    assert.deepEqual(reader.next(), []);
    const line = JSON.stringify({ type: "failed", reason: null, message: "grün" });
    const bytes = Buffer.from(`${line}\n`);
    const found = [...bytes].flatMap((byte) => {
      appendFileSync(file, Uint8Array.of(byte));
      return reader.next();
    });
    assert.deepEqual(found, [JSON.parse(line)]);
    reader.close();
    assert.deepEqual(reader.next(), []);
  });
});

describe("progress of an experiment", () => {
  const planned: PlannedRun = { model: "softmax", data: "original", size: 10, trained: 10, seed: 1, epochs: 3 };
  const epoch = (run: number, epoch: number, loss = 1): JournalEntry => ({
    type: "epoch",
    run,
    epoch,
    score: { loss, accuracy: 0.5, valLoss: null, valAccuracy: null },
  });
  const finished: JournalEntry = {
    type: "run",
    run: 0,
    finished: {
      backend: "cpu",
      seconds: 1,
      isKept: true,
      scores: { original: { loss: 1, accuracy: 1, samples: 3 }, sanitized: null, clean: null, leaked: null },
    },
  };

  it("joins epochs and result of a run", () => {
    const progress = new ExperimentProgress([planned]);
    for (const entry of [epoch(0, 0), epoch(0, 1), finished]) progress.add(entry);
    assert.equal(progress.result(0)?.curve.length, 2);
    assert.equal(progress.result(0)?.model, "softmax");
    assert.deepEqual([...progress.finished], [0]);
  });

  it("forgets the epochs of runs that are begun anew, and keeps those of finished ones", () => {
    const progress = new ExperimentProgress([planned, planned]);
    const all = [epoch(0, 0), finished, epoch(1, 0), { type: "started", backends: {} } as const, epoch(1, 0, 7)];
    for (const entry of all) progress.add(entry);
    assert.deepEqual(
      progress.runs.map(({ curve }) => curve.map(({ loss }) => loss)),
      [[1], [7]],
    );
  });

  it("takes no entry that does not fit", () => {
    const progress = new ExperimentProgress([planned]);
    for (const entry of [epoch(1, 0), epoch(0, 1), { ...finished, run: 5 } as JournalEntry]) {
      assert.equal(progress.add(entry), null);
    }
    assert.deepEqual([progress.runs, [...progress.finished]], [[], []]);
  });
});
