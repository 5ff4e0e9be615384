import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  command,
  digestTree,
  faultsAfterKill,
  faultsAfterUndo,
  makeDataset,
  partOf,
  sanitize,
} from "../../support/kills.mjs";

describe("a killed writing", () => {
  const scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-killed-"));
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it("leaves the source as it was and no half copy, and is gone on with or taken back", async () => {
    const scene = {
      cli: path.resolve(import.meta.dirname, "../../../dist/cli.js"),
      source: path.join(scratch, "data"),
      out: path.join(scratch, "copy"),
    };
    makeDataset(scene.source, 600);
    const before = digestTree(scene.source);
    for (const delay of [5, 60]) {
      await sanitize(scene, delay);
      assert.deepEqual(faultsAfterKill(scene, before), []);
    }
    // On a busy machine it may have been done before it was killed.
    if (existsSync(scene.out)) assert.deepEqual(faultsAfterUndo(scene, before), []);
    await sanitize(scene, null);
    assert.deepEqual(command(scene, "verify"), []);
    assert.ok(!existsSync(partOf(scene.out)));
    assert.deepEqual(faultsAfterUndo(scene, before), []);
    await sanitize(scene, 30);
    assert.deepEqual(faultsAfterKill(scene, before), []);
    assert.deepEqual(faultsAfterUndo(scene, before), []);
  });
});
