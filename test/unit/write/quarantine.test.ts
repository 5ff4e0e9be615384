import assert from "node:assert/strict";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { CleanSplitError } from "../../../src/core/errors";
import { inspect, png, quiet, treeOf, useEngine, writeTree } from "../engine/support";
import { idxFile } from "./fixtures";
import { leakyDataset, planOf } from "./support";

const RECORD = "cleansplit-quarantine.json";

describe("quarantine in place", () => {
  const { engine, scratch } = useEngine();
  let number = 0;
  function dataset(): string {
    return leakyDataset(path.join(scratch, `scene ${++number}`, "data"));
  }

  it("moves what leaves beside the dataset, in its folders, and puts it back", async () => {
    const root = dataset();
    const before = treeOf(root);
    const { folder, files } = await engine.quarantine({ plan: await planOf(engine, root) }, quiet());
    assert.deepEqual([folder, files], [`${root}-quarantine`, 2]);
    assert.deepEqual(
      treeOf(folder).map((line) => line.split(" ")[0]),
      [RECORD, "train/A/0.png", "train/B/0.png"],
    );
    const { report } = await inspect(engine, [root]);
    assert.ok(report.leakage.every(({ samples }) => samples === 0));
    assert.deepEqual(await engine.restore({ folder }, quiet()), { folder, files: 2, kept: [] });
    assert.deepEqual(treeOf(root), before);
    assert.ok(!existsSync(folder));
  });

  it("restores what was moved when it was stopped, at whatever moment", async () => {
    const root = dataset();
    const before = treeOf(root);
    const { folder } = await engine.quarantine({ plan: await planOf(engine, root) }, quiet());
    // Stopped before the second file was moved; and while the first one was put back, when it is in both places.
    renameSync(path.join(folder, "train/B/0.png"), path.join(root, "train/B/0.png"));
    linkSync(path.join(folder, "train/A/0.png"), path.join(root, "train/A/0.png"));
    assert.deepEqual((await engine.restore({ folder }, quiet())).kept, []);
    assert.deepEqual(treeOf(root), before);
    assert.ok(!existsSync(folder));
  });

  it("never puts a file over another one", async () => {
    const root = dataset();
    const { folder } = await engine.quarantine({ plan: await planOf(engine, root) }, quiet());
    writeFileSync(path.join(root, "train/A/0.png"), "new");
    const { files, kept } = await engine.restore({ folder }, quiet());
    assert.deepEqual([files, kept], [1, [path.join(folder, "train/A/0.png")]]);
    assert.equal(readFileSync(path.join(root, "train/A/0.png"), "utf8"), "new");
    rmSync(path.join(root, "train/A/0.png"));
    assert.equal((await engine.restore({ folder }, quiet())).files, 1);
    assert.ok(!existsSync(folder));
  });

  it("puts everything back when a file vanished or changed meanwhile", async () => {
    const root = dataset();
    const plan = await planOf(engine, root);
    rmSync(path.join(root, "train/B/0.png"));
    const before = treeOf(root);
    await assert.rejects(
      engine.quarantine({ plan }, quiet()),
      (error) => error instanceof CleanSplitError && error.reason === "changed",
    );
    writeFileSync(path.join(root, "train/B/0.png"), png(99));
    await assert.rejects(engine.quarantine({ plan }, quiet()), /train\/B\/0\.png changed since the inspection/);
    rmSync(path.join(root, "train/B/0.png"));
    assert.deepEqual(treeOf(root), before);
    assert.deepEqual(readdirSync(path.dirname(root)), ["data"]);
  });

  it("takes another folder when there is a quarantine already", async () => {
    const root = dataset();
    mkdirSync(`${root}-quarantine`);
    const { folder } = await engine.quarantine({ plan: await planOf(engine, root) }, quiet());
    assert.equal(folder, `${root}-quarantine-2`);
    assert.equal((await engine.restore({ folder }, quiet())).files, 2);
  });

  it("refuses what cannot be moved, and says what to do", async () => {
    const arrays = writeTree(path.join(scratch, "arrays"), {
      "x-images-idx3-ubyte": Buffer.concat([idxFile([2, 4, 4])]),
    });
    await assert.rejects(
      engine.quarantine({ plan: await planOf(engine, arrays) }, quiet()),
      /holds its images within one file.*Write a sanitized copy instead/,
    );
    const clean = writeTree(path.join(scratch, "clean"), { "a.png": png(1), "b.png": png(2) });
    await assert.rejects(engine.quarantine({ plan: await planOf(engine, clean) }, quiet()), /nothing to move/);
    const { inspection } = await inspect(engine, [dataset(), dataset()]);
    const { plan } = await engine.plan({ inspection }, quiet());
    await assert.rejects(engine.quarantine({ plan }, quiet()), /one dataset folder at a time/);
    await assert.rejects(engine.restore({ folder: clean }, quiet()), /holds no cleansplit-quarantine.json/);
  });

  it("a record from elsewhere moves nothing but images, and nothing out of the two folders", async function () {
    if (process.platform === "win32") this.skip();
    const root = dataset();
    const folder = `${root}-quarantine`;
    const secret = writeTree(path.join(path.dirname(root), "secret"), { "1.png": "secret" });
    const record = (changes: object): void => {
      const whole = {
        schema: "cleansplit/quarantine@1",
        created: "",
        dataset: "data",
        files: ["train/x.png"],
        ...changes,
      };
      writeTree(folder, { [RECORD]: JSON.stringify(whole), "train/x.png": "x", id_rsa: "key" });
    };
    for (const changes of [
      { dataset: ".ssh" },
      { dataset: "../data" },
      { dataset: "" },
      { files: ["../secret/1.png"] },
      { files: ["train/../../secret/1.png"] },
      { files: ["/etc/1.png"] },
      { files: ["id_rsa"] },
      { files: [7] },
      { files: null },
      { schema: "cleansplit/quarantine@2" },
    ]) {
      record(changes);
      await assert.rejects(
        engine.restore({ folder }, quiet()),
        /cannot be used: .*Nothing was moved/,
        JSON.stringify(changes),
      );
    }
    // Links lead out: from the quarantine, then into the dataset.
    record({ files: ["linked/1.png"] });
    symlinkSync(secret, path.join(folder, "linked"));
    assert.equal((await engine.restore({ folder }, quiet())).files, 0);
    rmSync(path.join(folder, "linked"));
    writeTree(folder, { "linked/2.png": "x" });
    record({ files: ["linked/2.png"] });
    symlinkSync(secret, path.join(root, "linked"));
    assert.deepEqual((await engine.restore({ folder }, quiet())).kept, [path.join(folder, "linked/2.png")]);
    assert.deepEqual(readdirSync(secret), ["1.png"]);
  });
});
