import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import type { DatasetSession } from "../../src/host/session";
import { writeTinyDataset } from "./dataset";
import { activated, cleanUp, inspect, rowOf, textOf, until } from "./extension";

describe("watching", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  /** Waits until VS Code really watches, of which it does not tell: a file is written until somebody notices. */
  async function watched(session: DatasetSession): Promise<void> {
    const probe = path.join(session.request.inputs[0] ?? "", "train", "a", "probe.png");
    await until("VS Code to watch", () => {
      writeFileSync(probe, String(Date.now()));
      return session.watching.changes !== null;
    });
    rmSync(probe);
    await until("the dataset to be as it was", () => session.watching.changes === null);
  }

  const changeOf = ({ watching }: DatasetSession): string => watching.changes?.text ?? "";

  it("flags at once an image that came and equals a test image, and forgets it when it is gone", async () => {
    const { statusBar, decorations, sessions } = await activated();
    const folder = writeTinyDataset("letters");
    const session = await inspect(folder);
    assert.equal(session.watching.changes, null);
    await watched(session);
    const told: string[] = [];
    const listener = sessions.onDidLeak(({ leaks }) => told.push(...leaks.map(({ text }) => text)));
    const file = path.join(folder, "train", "a", "arrived.png");
    copyFileSync(path.join(folder, "test", "a", "3.png"), file);
    await until("the leak", () => told.length > 0);
    listener.dispose();
    const sentence = "arrived.png in train equals test/a/3.png, an image of test.";
    assert.deepEqual(told, [sentence]);
    assert.deepEqual(session.watching.changes, { text: "1 image added", leaks: [sentence] });
    assert.equal(statusBar.text, "$(warning) letters changed: inspect again");
    assert.equal(await textOf(await rowOf("dataset")), "letters: 63 images · changed since");
    const mark = await decorations.provideFileDecoration(vscode.Uri.file(file));
    assert.equal(mark?.badge, "L");
    rmSync(file);
    await until("the dataset to be as it was", () => session.watching.changes === null);
  });

  it("counts what came, changed and went, and inspecting again settles it", async () => {
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    await watched(session);
    mkdirSync(path.join(folder, "train", "c"));
    for (const name of ["0", "1"]) {
      copyFileSync(path.join(folder, "train", "a", `${name}.png`), path.join(folder, "train", "c", `${name}.png`));
    }
    await until("what came", () => changeOf(session) === "2 images added");
    rmSync(path.join(folder, "valid"), { recursive: true });
    writeFileSync(path.join(folder, "train", "b", "0.png"), "no picture");
    await until("all of it", () => /changed.*removed/.test(changeOf(session)));
    await until("all of it", () => changeOf(session) === "2 images added, 1 image changed, 10 images removed");
    await vscode.commands.executeCommand("cleansplit.inspectAgain", session.id);
    assert.equal(session.watching.changes, null);
    assert.equal(session.result?.report.splits.length, 2);
  });

  it("watches what lies below a hidden folder, but nothing hidden in it", async () => {
    const parent = path.join(realpathSync(mkdtempSync(path.join(tmpdir(), "cleansplit-data-"))), ".hidden");
    const folder = writeTinyDataset("letters", parent);
    const session = await inspect(folder);
    await watched(session);
    mkdirSync(path.join(folder, ".cache"));
    copyFileSync(path.join(folder, "test", "a", "3.png"), path.join(folder, ".cache", "3.png"));
    await watched(session);
    assert.equal(session.watching.changes, null);
  });

  it("does not watch when that is off", async () => {
    const settings = vscode.workspace.getConfiguration("cleansplit.watch");
    const session = await inspect(writeTinyDataset());
    await watched(session);
    await settings.update("enabled", false, vscode.ConfigurationTarget.Global);
    try {
      const file = path.join(session.request.inputs[0] ?? "", "train", "a", "new.png");
      writeFileSync(file, "");
      await settings.update("enabled", true, vscode.ConfigurationTarget.Global);
      await watched(session);
      // What came while nobody watched is not known.
      assert.equal(session.watching.changes, null);
    } finally {
      await settings.update("enabled", undefined, vscode.ConfigurationTarget.Global);
    }
  });
});
