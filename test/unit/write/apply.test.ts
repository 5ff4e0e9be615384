import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020";
import { CleanSplitError, type ErrorReason } from "../../../src/core/errors";
import { attemptFolder } from "../../../src/engine/write/attempt";
import { idxFile } from "./fixtures";
import { inspect, quiet, treeOf, useEngine, writeTree, png } from "../engine/support";
import { leakyDataset, planOf, sanitize } from "./support";

/** Whether an error has a reason and says something. */
function isError(reason: ErrorReason, says: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CleanSplitError, String(error));
    assert.match(error.message, says);
    assert.equal(error.reason, reason);
    return true;
  };
}

const isRoot = process.getuid?.() === 0;

describe("writing a copy", () => {
  const { engine, scratch } = useEngine();
  let number = 0;
  /** A dataset and a place for its copy, both new. */
  function scene(): { readonly root: string; readonly out: string } {
    const folder = path.join(scratch, `scene ${++number}`);
    return { root: leakyDataset(path.join(folder, "data")), out: path.join(folder, "copy") };
  }

  /** Begins to write as a process does that is killed after `files` files were written. */
  async function interrupt(root: string, out: string): Promise<void> {
    await sanitize(engine, root, out);
    mkdirSync(attemptFolder(out));
    const data = path.join(attemptFolder(out), "data");
    execFileSync("mv", [out, data]);
    const { source, plan, version, created, files } = JSON.parse(
      readFileSync(path.join(data, "cleansplit-certificate.json"), "utf8"),
    ) as {
      source: { fingerprint: string };
      plan: { digest: string; images: string };
      version: string;
      created: string;
      files: readonly { path: string }[];
    };
    const purpose = { version, plan: plan.digest, dataset: source.fingerprint, images: plan.images };
    const images = files.filter((file) => file.path.endsWith(".png"));
    const [partial, absent] = images.slice(-2);
    assert.ok(partial !== undefined && absent !== undefined);
    const lines = [
      { schema: "cleansplit/journal@1", created, ...purpose },
      { begun: images.map((file) => file.path) },
      { wrote: images.slice(0, 3) },
    ];
    const text = lines.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    writeFileSync(path.join(attemptFolder(out), "journal.jsonl"), `${text}{"wrote":[{"path":"tr`);
    for (const name of ["cleansplit-certificate.json", "cleansplit-manifest.json"]) rmSync(path.join(data, name));
    // One was not written any more, one only in part.
    rmSync(path.join(data, absent.path));
    truncateSync(path.join(data, partial.path), 10);
  }

  it("certifies what was written: source, plan, counts, and every file", async () => {
    const { root, out } = scene();
    const result = await sanitize(engine, root, out);
    const text = readFileSync(result.certificate, "utf8");
    const certificate = JSON.parse(text) as {
      counts: unknown;
      source: { samples: number };
      files: readonly { path: string; size: number }[];
    };
    const schema = readFileSync(path.join(__dirname, "../../../docs/certificate.schema.json"), "utf8");
    const validate = new Ajv2020({ strict: true, strictTypes: false }).compile(JSON.parse(schema) as object);
    assert.ok(validate(certificate), JSON.stringify(validate.errors));
    assert.deepEqual(certificate.counts, {
      samples: 14,
      splits: [
        { name: "train", role: "train", samples: 6, classes: { A: 3, B: 3 } },
        { name: "test", role: "test", samples: 8, classes: { A: 4, B: 4 } },
      ],
    });
    assert.equal(certificate.source.samples, 16);
    const there = treeOf(out).map((line) => line.replace(/ [0-9a-f]{32}$/, ""));
    assert.deepEqual([...certificate.files.map((file) => file.path), "cleansplit-certificate.json"].sort(), there);
    assert.equal(result.files, there.length);
    for (const file of certificate.files) assert.equal(file.size, statSync(path.join(out, file.path)).size);
    assert.ok(result.verified.includes("No image of one split is equal to one of another split."));
    assert.ok(
      result.verified.some((text) =>
        /holds 14 images, each with its split and label, and of every class in every split as many as/.test(text),
      ),
    );
    assert.ok(!existsSync(attemptFolder(out)));
  });

  it("goes on with what was interrupted: finished files stay, others are written anew", async () => {
    const { root, out } = scene();
    await interrupt(root, out);
    const data = path.join(attemptFolder(out), "data");
    const old = new Date("2020-01-01");
    const files = treeOf(data).map((line) => line.replace(/ [0-9a-f]{32}$/, ""));
    const halfWritten = files.filter((file) => statSync(path.join(data, file)).size === 10);
    assert.equal(halfWritten.length, 1);
    for (const file of files) utimesSync(path.join(data, file), old, old);
    const result = await sanitize(engine, root, out);
    assert.equal(result.samples, 14);
    assert.equal((await engine.verify({ folder: out }, quiet())).ok, true);
    const again = files.filter((file) => statSync(path.join(out, file)).mtimeMs !== old.getTime());
    assert.deepEqual(again, halfWritten);
    assert.ok(!existsSync(attemptFolder(out)));
  });

  it("finds a finished file that changed while the writing was interrupted, and writes it again", async () => {
    const { root, out } = scene();
    await interrupt(root, out);
    const data = path.join(attemptFolder(out), "data");
    const [first = ""] = treeOf(data).map((line) => line.replace(/ [0-9a-f]{32}$/, ""));
    appendFileSync(path.join(data, first), "x");
    await sanitize(engine, root, out);
    assert.deepEqual(readFileSync(path.join(out, first)), readFileSync(path.join(root, first)));
  });

  it("does not go on with another plan, nor with another dataset, and says how to take it back", async () => {
    const { root, out } = scene();
    await interrupt(root, out);
    writeFileSync(path.join(root, "train/A/new.png"), png(77));
    await assert.rejects(
      sanitize(engine, root, out),
      isError("conflict", /by another plan or of a dataset that has changed.*cleansplit undo/),
    );
    await engine.undo({ folder: out }, quiet());
    await sanitize(engine, root, out);
    assert.ok(existsSync(path.join(out, "train/A/new.png")));
  });

  it("goes on with array files, too", async () => {
    const { root, out } = scene();
    rmSync(root, { recursive: true });
    writeTree(root, {
      "train-images-idx3-ubyte": idxFile([5, 4, 4]),
      "t10k-images-idx3-ubyte": idxFile([3, 4, 4], 99),
    });
    await sanitize(engine, root, out);
    const whole = treeOf(out).filter((line) => line.includes(".npz"));
    await engine.undo({ folder: out }, quiet());
    // A directory in the way of the target lets everything be written, and only the last step fails.
    const plan = await planOf(engine, root);
    const abort = new AbortController();
    await assert.rejects(
      engine.apply(
        { plan, out },
        { signal: abort.signal, progress: ({ phase }) => phase === "verifying" && abort.abort() },
      ),
    );
    assert.ok(!existsSync(out));
    await engine.apply({ plan, out }, quiet());
    assert.deepEqual(
      treeOf(out).filter((line) => line.includes(".npz")),
      whole,
    );
  });

  describe("two at once", () => {
    it("into one folder: one is told so, the other one writes a whole copy", async () => {
      const { root, out } = scene();
      leakyDataset(root, 60);
      const [one, other] = [await planOf(engine, root), await planOf(engine, root)];
      let second: Promise<unknown> | undefined;
      // The first one writes by now, and has much to do.
      const progress = (): void => {
        second ??= engine.apply({ plan: other, out }, quiet()).catch((error: unknown) => error);
      };
      await engine.apply({ plan: one, out }, { ...quiet(), progress });
      assert.ok(
        isError(
          "conflict",
          new RegExp(`is being worked on by another CleanSplit: process ${process.pid}, since`),
        )(await second),
      );
      assert.equal((await engine.verify({ folder: out }, quiet())).ok, true);
    });

    it("the lock of a process that died is taken over, that of one on another machine is not", async () => {
      const { root, out } = scene();
      await interrupt(root, out);
      const lock = path.join(attemptFolder(out), "lock-1");
      const holder = { pid: 1, host: "elsewhere", started: "", since: "2026-01-01T00:00:00.000Z" };
      writeFileSync(lock, JSON.stringify(holder));
      await assert.rejects(
        sanitize(engine, root, out),
        isError("conflict", /process 1 on elsewhere, since .* remove .*lock-1/),
      );
      // There are no processes with numbers so high.
      writeFileSync(lock, JSON.stringify({ ...holder, pid: 2 ** 30, host: hostname() }));
      await sanitize(engine, root, out);
      assert.ok(!existsSync(attemptFolder(out)));
    });

    it("the number of a process that died says nothing when another process has it", async function () {
      if (process.platform !== "linux") this.skip();
      const { root, out } = scene();
      await interrupt(root, out);
      const holder = { pid: process.pid, host: hostname(), started: "earlier 1", since: "2026-01-01T00:00:00.000Z" };
      writeFileSync(path.join(attemptFolder(out), "lock-3"), JSON.stringify(holder));
      await sanitize(engine, root, out);
    });
  });

  describe("what goes wrong meanwhile", () => {
    it("a source file that vanished or changed is named, and nothing is put in place", async () => {
      for (const [change, says] of [
        [(file: string) => rmSync(file), /test\/B\/3\.png is no longer there/],
        [(file: string) => writeFileSync(file, png(250)), /test\/B\/3\.png is not what it was when it was inspected/],
      ] as const) {
        const { root, out } = scene();
        const plan = await planOf(engine, root);
        change(path.join(root, "test/B/3.png"));
        await assert.rejects(engine.apply({ plan, out }, quiet()), isError("changed", says));
        assert.deepEqual(readdirSync(path.dirname(out)), ["data"]);
      }
    });

    it("a folder that cannot be written to is named", async function () {
      if (isRoot || process.platform === "win32") this.skip();
      const { root, out } = scene();
      const parent = path.join(path.dirname(out), "locked");
      mkdirSync(parent);
      chmodSync(parent, 0o555);
      await assert.rejects(
        sanitize(engine, root, path.join(parent, "copy")),
        isError("forbidden", /cannot be written: there is no permission/),
      );
    });

    it("on a file system that is read-only it says so", async function () {
      if (!isRoot || process.platform !== "linux") this.skip();
      const { root, out } = scene();
      const mounted = path.join(path.dirname(out), "mounted");
      mkdirSync(mounted);
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,ro", "tmpfs", mounted], { stdio: "ignore" });
      } catch {
        this.skip();
      }
      try {
        await assert.rejects(
          sanitize(engine, root, path.join(mounted, "copy")),
          isError("forbidden", /its file system is read-only/),
        );
      } finally {
        execFileSync("umount", [mounted]);
      }
    });

    it("on a full disk it says what is needed, and goes on when there is room", async function () {
      if (!isRoot || process.platform !== "linux") this.skip();
      const { out } = scene();
      const root = leakyDataset(path.join(path.dirname(out), "more"), 100);
      const mounted = path.join(path.dirname(out), "mounted");
      mkdirSync(mounted);
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", mounted], { stdio: "ignore" });
      } catch {
        this.skip();
      }
      try {
        const target = path.join(mounted, "copy");
        const plan = await planOf(engine, root);
        const ballast = path.join(mounted, "ballast");
        writeFileSync(ballast, new Uint8Array(3 * 2 ** 20));
        // Before a byte is written.
        await assert.rejects(
          engine.apply({ plan, out: target }, quiet()),
          isError("full", /takes up to \d\.\d MB, and the disk of .* has \d(\.\d)? MB free/),
        );
        assert.deepEqual(readdirSync(mounted), ["ballast"]);
        rmSync(ballast);
        // While it writes: others fill the disk.
        const fill = (): void => {
          if (existsSync(ballast)) return;
          try {
            for (;;) appendFileSync(ballast, new Uint8Array(4096));
          } catch {
            // It is full now.
          }
        };
        await assert.rejects(
          engine.apply({ plan, out: target }, { signal: new AbortController().signal, progress: fill }),
          isError("full", /the disk is full.*Make room first.*is kept in .*write the same copy again.*cleansplit undo/),
        );
        assert.ok(!existsSync(target));
        rmSync(ballast);
        await engine.apply({ plan, out: target }, quiet());
        assert.equal((await engine.verify({ folder: target }, quiet())).ok, true);
        assert.deepEqual(readdirSync(mounted), ["copy"]);
      } finally {
        execFileSync("umount", [mounted]);
      }
    });

    it("a copy that is there already is not written over, and is told from foreign files", async () => {
      const { root, out } = scene();
      await sanitize(engine, root, out);
      await assert.rejects(
        sanitize(engine, root, out),
        isError("refused", /exists already.*"cleansplit verify .*" checks it/),
      );
    });
  });

  describe("as links", () => {
    it("symbolic links are absolute, so the copy can be moved, and count as what they lead to", async function () {
      if (process.platform === "win32") this.skip();
      const { root, out } = scene();
      const before = treeOf(root);
      const result = await sanitize(engine, root, out, "symlink");
      assert.equal(result.samples, 14);
      assert.equal(readlinkSync(path.join(out, "train/A/1.png")), path.join(root, "train/A/1.png"));
      const moved = `${out} moved`;
      execFileSync("mv", [out, moved]);
      assert.equal((await engine.verify({ folder: moved }, quiet())).ok, true);
      writeFileSync(path.join(root, "train/A/1.png"), png(201));
      const found = await engine.verify({ folder: moved }, quiet());
      assert.deepEqual(
        found.problems.map((text) => text.split(" ")[0]),
        ["train/A/1.png"],
      );
      writeFileSync(path.join(root, "train/A/1.png"), readFileSync(path.join(root, "train/A/1.png")));
      const undone = await engine.undo({ folder: moved }, quiet());
      assert.deepEqual(undone.kept, [path.join(moved, "train/A/1.png")]);
      assert.equal(treeOf(root).length, before.length);
    });

    it("hard links are the files themselves, and are gone after an undo without harm to the source", async () => {
      const { root, out } = scene();
      const before = treeOf(root);
      await sanitize(engine, root, out, "hardlink");
      assert.equal(lstatSync(path.join(out, "test/A/2.png")).ino, lstatSync(path.join(root, "test/A/2.png")).ino);
      await engine.undo({ folder: out }, quiet());
      assert.ok(!existsSync(out));
      assert.deepEqual(treeOf(root), before);
    });

    it("a file system that cannot share blocks is named where that is insisted on", async () => {
      const { root, out } = scene();
      // On one that can, it is written.
      await sanitize(engine, root, out, "reflink").then(
        () => assert.ok(existsSync(out)),
        isError("refused", /cannot share its blocks with a copy.*Write plain copies instead/),
      );
    });
  });

  it("inspects a copy whose images moved to other splits, or into new ones, as it was planned", async () => {
    const { root } = scene();
    const shares = [
      { name: "fit", role: "other", share: 0.7 },
      { name: "held back", role: "other", share: 0.3 },
    ] as const;
    for (const options of [
      { policy: "move-groups" },
      { policy: "new-split" },
      { policy: "new-split", shares },
      { policy: "protect-train" },
    ] as const) {
      const { inspection } = await inspect(engine, [root]);
      const plan = await engine.plan({ inspection, options }, quiet());
      const out = `${root} ${JSON.stringify(options).replaceAll(/[^a-z]+/g, "-")}`;
      const { samples, verified } = await engine.apply({ plan: plan.plan, out }, quiet());
      assert.equal(samples, plan.after);
      const text = verified.join(" ");
      assert.match(text, /of every class in every split as many as the plan says/, out);
      assert.match(text, /No image of one split is equal to one of another split/, out);
      assert.equal((await engine.verify({ folder: out }, quiet())).ok, true);
    }
  });

  it("inspects a copy of an unsplit set, of corrected splits and of lists as it was planned", async () => {
    const folder = path.join(scratch, "kinds");
    const listed = writeTree(path.join(folder, "listed"), {
      "images/a.png": png(1),
      "images/b.png": png(2),
      "images/c.png": png(1),
      "images/d.png": png(4),
      "labels.csv":
        "path,label,split\nimages/a.png,cat,train\nimages/b.png,dog,train\nimages/c.png,cat,test\nimages/d.png,dog,test\n",
    });
    const unsplit = writeTree(path.join(folder, "unsplit"), {
      "A/1.png": png(1),
      "A/2.png": png(1),
      "B/3.png": png(3),
    });
    const corrected = writeTree(path.join(folder, "corrected"), {
      "A/1.png": png(1),
      "B/2.png": png(2),
      "apart/A/1.png": png(1),
      "apart/B/3.png": png(3),
    });
    for (const [root, assignments] of [
      [listed, []],
      [unsplit, []],
      [corrected, [{ path: path.join(corrected, "apart"), split: "test" }]],
    ] as const) {
      const { inspection } = await inspect(engine, [root], assignments);
      const { plan } = await engine.plan({ inspection }, quiet());
      const { verified } = await engine.apply({ plan, out: `${root} copy` }, quiet());
      assert.ok(
        verified.some((text) => text.includes("of every class in every split as many as the plan says")),
        `${root}: ${verified.join(" ")}`,
      );
    }
  });
});
