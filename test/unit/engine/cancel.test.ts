import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { tableFromIPC } from "apache-arrow";
import type { Report } from "../../../src/core/leakage/report";
import { splitmix32 } from "../../../src/core/training/random";
import type { Progress } from "../../../src/engine/engine";
import { EngineProcess } from "../../../src/engine/process/engineProcess";
import { isAbort } from "../../../src/engine/process/rpc";
import { encodePng } from "../../support/png";

const DIST = path.resolve(import.meta.dirname, "../../../dist");
/** Small files with many pixels: quick to write, and slow enough to read. */
const SIDE = 640;
const IMAGES = 2000;

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

describe("stopping an inspection in the engine's process", () => {
  let scratch: string;
  let root: string;
  let index: string;
  let process: EngineProcess;

  before(() => {
    scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-test-"));
    root = writeDataset(path.join(scratch, "data"));
    index = path.join(scratch, "index");
  });

  beforeEach(() => {
    process = new EngineProcess({
      dist: DIST,
      indexFolder: index,
      bundle: null,
      experimentsFolder: path.join(scratch, "experiments"),
      nativeFolder: path.join(index, "native"),
      log: () => undefined,
    });
  });

  afterEach(() => {
    process.dispose();
    rmSync(index, { recursive: true, force: true });
  });

  after(() => rmSync(scratch, { recursive: true, force: true }));

  async function inspect(): Promise<Report> {
    const run = { signal: new AbortController().signal, progress: () => undefined };
    const { report } = await process.engine.inspect({ inputs: [root], assignments: [] }, run);
    return withoutTime(report);
  }

  /** Stops an inspection when `isThere` holds first; answers the milliseconds until it had stopped, `null` if it was done before. */
  async function stop(isThere: (event: Progress) => boolean): Promise<number | null> {
    const abort = new AbortController();
    let asked = NaN;
    const progress = (event: Progress): void => {
      if (abort.signal.aborted || !isThere(event)) return;
      asked = performance.now();
      abort.abort();
    };
    try {
      await process.engine.inspect({ inputs: [root], assignments: [] }, { signal: abort.signal, progress });
      return null;
    } catch (error) {
      if (!isAbort(error)) throw error;
      return performance.now() - asked;
    }
  }

  /** Everything in the index, a line for each image. */
  function indexed(): string[] {
    return readdirSync(index, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".arrows"))
      .flatMap((entry) =>
        tableFromIPC(readFileSync(path.join(entry.parentPath, entry.name)))
          .toArray()
          .map(String),
      );
  }

  const points: readonly (readonly [string, (event: Progress) => boolean])[] = [
    ["while files are listed", ({ phase }) => phase === "listing"],
    ["when reading begins", ({ phase }) => phase === "reading"],
    ["while images are read", ({ phase, done, total }) => phase === "reading" && done > total / 4],
  ];
  for (const [what, isThere] of points) {
    it(`takes effect at once: ${what}`, async () => {
      const milliseconds = await stop(isThere);
      assert.ok(milliseconds !== null && milliseconds < 1000, `${milliseconds ?? "not at all"} ms`);
    });
  }

  it("at ten random points keeps what was read, and what goes on from there gives the same report", async () => {
    const expected = await inspect();
    const whole = new Set(indexed());
    assert.equal(whole.size, IMAGES);
    rmSync(index, { recursive: true, force: true });
    let [kept, stops, attempts] = [0, 0, 0];
    while (stops < 10) {
      assert.ok(++attempts <= 40, `${stops} stopped in time`);
      // Somewhere in the first three quarters of what is not in the index yet: what is passes at once.
      const share = (kept + 0.75 * (IMAGES - kept) * (splitmix32(20, attempts) / 2 ** 32)) / IMAGES;
      if ((await stop(({ phase, done, total }) => phase === "reading" && done >= share * total)) === null) {
        // Too late on a busy machine: all is in the index.
        rmSync(index, { recursive: true, force: true });
        kept = 0;
        continue;
      }
      stops += 1;
      const rows = indexed();
      assert.ok(rows.length >= kept, `stopped at ${share}: ${rows.length} images are left of ${kept}`);
      kept = rows.length;
      assert.deepEqual(
        rows.filter((row) => !whole.has(row)),
        [],
        `stopped at ${share}: not what a whole inspection keeps`,
      );
    }
    assert.ok(kept > 0);
    assert.deepEqual(await inspect(), expected);
    assert.deepEqual(new Set(indexed()), whole);
    assert.deepEqual(await inspect(), expected);
  });

  it("while images are compared ends the inspection or comes too late; the next one gives the same report", async () => {
    const expected = await inspect();
    await stop(({ phase }) => phase === "grouping");
    assert.deepEqual(await inspect(), expected);
  });
});

function withoutTime(report: Report): Report {
  return { ...report, timing: { seconds: 0, samples: report.timing.samples } };
}
