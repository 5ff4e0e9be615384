import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tableFromIPC } from "apache-arrow";
import type { Report } from "../../../src/core/leakage/report";
import { createEngineForTest, faultyDataset, inspect, png, writeTree } from "./support";

/** A report without what differs from run to run. */
function facts(report: Report): unknown {
  return { ...report, timing: null };
}

/** Makes all files of a dataset an hour old: the index does not trust files that were just written. */
function age(root: string): void {
  const anHourAgo = Date.now() / 1000 - 3600;
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) utimesSync(path.join(entry.parentPath, entry.name), anHourAgo, anHourAgo);
  }
}

describe("the fingerprint index", () => {
  let scratch: string;
  let index: string;
  let root: string;
  let expected: unknown;

  beforeEach(async () => {
    scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-test-"));
    index = path.join(scratch, "index");
    root = faultyDataset(path.join(scratch, "data"));
    age(root);
    expected = facts(await inspectOnce(null));
  });

  afterEach(() => rmSync(scratch, { recursive: true, force: true }));

  async function inspectOnce(indexFolder: string | null = index, workers = 2): Promise<Report> {
    const engine = createEngineForTest(workers, indexFolder);
    try {
      return (await inspect(engine, [root])).report;
    } finally {
      await engine.close();
    }
  }

  function indexFiles(ending = ".arrows"): string[] {
    return readdirSync(index, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
      .map((entry) => path.join(entry.parentPath, entry.name));
  }

  it("gives the same report as reading everything, and is not written again when nothing changed", async () => {
    assert.deepEqual(facts(await inspectOnce()), expected);
    const files = indexFiles();
    assert.equal(files.length, 1);
    assert.deepEqual(facts(await inspectOnce()), expected);
    assert.deepEqual(indexFiles(), files);
  });

  it("is used: a file whose size and time are the same is not read again, another one is", async () => {
    const file = path.join(root, "test/B/7.png");
    const longAgo = 1_000_000_000;
    utimesSync(file, longAgo, longAgo);
    await inspectOnce();
    const forged = Buffer.from(readFileSync(file));
    forged.fill(0, 20);
    writeFileSync(file, forged);
    utimesSync(file, longAgo, longAgo);
    assert.deepEqual(facts(await inspectOnce()), expected, "neither size nor time says that it changed");
    utimesSync(file, longAgo + 5, longAgo + 5);
    const { unreadable } = await inspectOnce();
    assert.ok(unreadable.some((fault) => fault.id === "test/B/7.png"));
  });

  it("lists only folders again that changed", async () => {
    await inspectOnce();
    // The time at which a folder itself changed cannot be set: it must be in the past.
    await sleep(2100);
    await inspectOnce();
    const listings = indexFiles("folders.arrow").map((file) => statSync(file).mtimeMs);
    assert.equal(listings.length, 1);
    assert.deepEqual(facts(await inspectOnce()), expected);
    assert.deepEqual(
      indexFiles("folders.arrow").map((file) => statSync(file).mtimeMs),
      listings,
      "nothing was listed anew",
    );
    writeTree(root, { "test/A/new.png": png(50), "test/C/new class.png": png(51) });
    rmSync(path.join(root, "train/B/5.png"));
    renameSync(path.join(root, "test/B/7.png"), path.join(root, "test/B/seven.png"));
    symlinkSync(path.join(root, "train/A/1.png"), path.join(root, "valid/A/link.png"));
    age(root);
    const fresh = facts(await inspectOnce(null));
    assert.notDeepEqual(fresh, expected);
    for (let round = 0; round < 3; round++) assert.deepEqual(facts(await inspectOnce()), fresh);
    // Where a link leads changes without its folder.
    rmSync(path.join(root, "train/A/1.png"));
    assert.deepEqual(facts(await inspectOnce()), facts(await inspectOnce(null)));
    for (const file of indexFiles("folders.arrow")) truncateSync(file, 100);
    assert.deepEqual(facts(await inspectOnce()), facts(await inspectOnce(null)));
  });

  it("reads new, changed and vanished files as they are now", async () => {
    await inspectOnce();
    writeTree(root, { "test/A/new.png": png(5), "train/A/1.png": png(77) });
    rmSync(path.join(root, "valid/A/1 copy.png"));
    assert.deepEqual(facts(await inspectOnce()), facts(await inspectOnce(null)));
  });

  it("does not keep files that were written just now", async () => {
    writeTree(root, { "test/A/new.png": png(5) });
    await inspectOnce();
    const rows = indexFiles().reduce((sum, file) => sum + tableFromIPC(readFileSync(file)).numRows, 0);
    assert.equal(rows, 14);
  });

  it("is an Arrow file that others can read", async () => {
    await inspectOnce();
    const [file = ""] = indexFiles();
    const rows = tableFromIPC(readFileSync(file)).toArray() as { folder: string; name: string; reason: string }[];
    const names = rows.map((row) => `${row.folder}/${row.name}`).sort();
    assert.equal(names.length, 14);
    assert.equal(names[0], "test/A/2 saved again.png");
    const unreadable = rows.map((row) => row.reason).filter((reason) => reason !== "");
    assert.deepEqual(unreadable, ["empty file (0 bytes)"]);
  });

  it("is rebuilt, not believed, when it is damaged or cut off anywhere", async () => {
    await inspectOnce();
    const [file = ""] = indexFiles();
    const whole = readFileSync(file);
    for (let step = 0; step < 4; step++) {
      const at = Math.floor(((step + 0.5) * whole.length) / 4);
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0x5a;
      writeFileSync(file, damaged);
      assert.deepEqual(facts(await inspectOnce(index, 1)), expected, `byte ${at}`);
      for (const other of indexFiles()) if (other !== file) rmSync(other);
      writeFileSync(file, whole);
      truncateSync(file, at);
      assert.deepEqual(facts(await inspectOnce(index, 1)), expected, `cut at ${at}`);
      for (const other of indexFiles()) if (other !== file) rmSync(other);
    }
  });

  it("is neither read nor written without a folder", async () => {
    await inspectOnce(null);
    assert.ok(!existsSync(index));
  });

  it("leaves none of its files open, whether an inspection ends or is cancelled while it lists", async function () {
    if (process.platform !== "linux") this.skip();
    const openFiles = (): string[] =>
      readdirSync("/proc/self/fd").flatMap((descriptor) => {
        try {
          const file = readlinkSync(`/proc/self/fd/${descriptor}`);
          return file.startsWith(index) ? [file] : [];
        } catch {
          return [];
        }
      });
    await inspectOnce();
    await inspectOnce();
    assert.deepEqual(openFiles(), []);
    const engine = createEngineForTest(2, index);
    try {
      const stop = new AbortController();
      const run = { signal: stop.signal, progress: () => stop.abort() };
      await assert.rejects(engine.inspect({ inputs: [root], assignments: [] }, run), { name: "AbortError" });
      assert.deepEqual(openFiles(), []);
    } finally {
      await engine.close();
    }
  });

  it("may be used by two at once", async () => {
    const [a, b] = await Promise.all([inspectOnce(), inspectOnce()]);
    assert.deepEqual([facts(a), facts(b), facts(await inspectOnce())], [expected, expected, expected]);
  });

  it("does not stop an inspection when it cannot be kept, and the report says so", async () => {
    mkdirSync(index);
    writeFileSync(path.join(index, "v3"), "a file where a folder should be");
    const report = await inspectOnce();
    assert.deepEqual(facts({ ...report, dataset: { ...report.dataset, notes: [] } }), expected);
    assert.match(report.dataset.notes[0] ?? "", /^What was read could not be kept for the next inspection: /);
  });

  it("is written anew when it holds mostly files that are gone", async () => {
    for (let round = 0; round < 10; round++) {
      writeTree(root, { "test/A/changing.png": png(100 + round) });
      age(root);
      utimesSync(path.join(root, "test/A/changing.png"), 1e9 + round, 1e9 + round);
      await inspectOnce();
    }
    assert.ok(indexFiles().length <= 9, `${indexFiles().length} files`);
    assert.deepEqual(facts(await inspectOnce()), facts(await inspectOnce(null)));
  });

  it("keeps what a cancelled inspection has read; the next one gives the same report", async () => {
    const pictures = Array.from({ length: 50 }, (_, seed) => png(seed));
    writeTree(
      root,
      Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`train/C/${i}.png`, pictures[i % 50] ?? ""])),
    );
    age(root);
    expected = facts(await inspectOnce(null));
    for (let stop = 0; stop < 3; stop++) {
      const engine = createEngineForTest(2, index);
      const abort = new AbortController();
      const run = {
        signal: abort.signal,
        progress: (event: { phase: string }) => event.phase === "reading" && abort.abort(),
      };
      await assert.rejects(engine.inspect({ inputs: [root], assignments: [] }, run));
      await engine.close();
    }
    assert.ok(indexFiles().length > 0);
    assert.deepEqual(facts(await inspectOnce()), expected);
  });
});

describe("without WebAssembly", () => {
  it("the report is the same", async () => {
    const scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-test-"));
    const root = faultyDataset(path.join(scratch, "data"));
    const reports: unknown[] = [];
    for (const value of ["1", "0"]) {
      process.env["CLEANSPLIT_WASM"] = value;
      const engine = createEngineForTest(2);
      reports.push(facts((await inspect(engine, [root])).report));
      await engine.close();
    }
    delete process.env["CLEANSPLIT_WASM"];
    rmSync(scratch, { recursive: true, force: true });
    assert.deepEqual(reports[0], reports[1]);
  });
});
