import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Report } from "../../../src/core/leakage/report";
import type { Progress } from "../../../src/engine/engine";
import { EngineProcess } from "../../../src/engine/process/engineProcess";
import { isAbort } from "../../../src/engine/process/rpc";
import { encodePng } from "../../support/png";

const DIST = path.resolve(import.meta.dirname, "../../../dist");
/** Small files with many pixels: quick to write, and slow enough to read. */
const SIDE = 640;
const IMAGES = 3000;

/** A dataset that takes long enough to be stopped in the middle; the files are old enough to be kept in the index. */
function writeDataset(root: string): string {
  const anHourAgo = Date.now() / 1000 - 3600;
  const pictures = Array.from({ length: 50 }, (_, seed) => {
    const rows = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (i * (seed + 1)) % 251);
    return encodePng({ width: SIDE, height: SIDE, rows, zlib: { level: 1 } });
  });
  for (let i = 0; i < IMAGES; i++) {
    const folder = path.join(root, i % 5 === 0 ? "test" : "train", i % 2 === 0 ? "a" : "b");
    if (i < 20) mkdirSync(folder, { recursive: true });
    const file = path.join(folder, `${i}.png`);
    writeFileSync(file, pictures[i % pictures.length] ?? "");
    utimesSync(file, anHourAgo, anHourAgo);
  }
  return root;
}

describe("stopping an inspection in the engine's process", function () {
  this.timeout(120_000);
  let scratch: string;
  let root: string;
  let process: EngineProcess;

  before(() => {
    scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-test-"));
    root = writeDataset(path.join(scratch, "data"));
  });

  beforeEach(() => {
    process = new EngineProcess({ dist: DIST, indexFolder: path.join(scratch, "index"), log: () => undefined });
  });

  afterEach(() => {
    process.dispose();
    rmSync(path.join(scratch, "index"), { recursive: true, force: true });
  });

  after(() => rmSync(scratch, { recursive: true, force: true }));

  async function inspect(): Promise<Report> {
    const run = { signal: new AbortController().signal, progress: () => undefined };
    const { report } = await process.engine.inspect({ inputs: [root], assignments: [] }, run);
    return { ...report, timing: { seconds: 0, samples: report.timing.samples } };
  }

  /** Stops an inspection at the given event of a phase, counted from 1; answers the milliseconds until it had stopped. */
  async function stop(phase: Progress["phase"], events: number): Promise<number> {
    let seen = 0;
    const abort = new AbortController();
    let asked = NaN;
    const progress = (event: Progress): void => {
      if (event.phase !== phase || ++seen !== events) return;
      asked = performance.now();
      abort.abort();
    };
    await assert.rejects(
      process.engine.inspect({ inputs: [root], assignments: [] }, { signal: abort.signal, progress }),
      isAbort,
    );
    return performance.now() - asked;
  }

  for (const [what, phase, events] of [
    ["while files are listed", "listing", 1],
    ["when reading begins", "reading", 1],
    ["while images are read", "reading", 3],
  ] as const) {
    it(`takes effect at once: ${what}`, async () => {
      const milliseconds = await stop(phase, events);
      assert.ok(milliseconds < 1000, `${milliseconds.toFixed(0)} ms`);
    });
  }

  it("keeps what was read: what goes on from there reads the rest, and gives the same report", async () => {
    const expected = await inspect();
    rmSync(path.join(scratch, "index"), { recursive: true, force: true });
    await stop("reading", 3);
    await stop("reading", 1);
    assert.deepEqual(await inspect(), expected);
  });
});
