import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { PLANTED, writeLargeDataset, writeTinyDataset } from "./dataset";
import { activated, cleanUp, inspect, messagesDuring, rowOf, rowsOf, textOf, until } from "./extension";

describe("inspection", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  it("the command fills the session", async () => {
    const session = await inspect(writeTinyDataset());
    assert.equal(session.status, "ready");
    assert.equal(session.error, null);
    assert.equal(session.isBusy, false);
    const splits = session.result?.report.splits.map(({ name, samples }) => [name, samples]);
    assert.deepEqual(Object.fromEntries(splits ?? []), PLANTED.splits);
  });

  it("the tree counts what was planted and says what it counts", async () => {
    await inspect(writeTinyDataset("letters"));
    const dataset = await rowOf("dataset");
    assert.equal(await textOf(dataset), "letters: 63 images");
    const splits = await rowsOf("split", await rowOf("splits", dataset));
    assert.deepEqual(await Promise.all(splits.map(textOf)), [
      "train: 43 images",
      "valid: 10 images",
      "test: 10 images",
    ]);
    const [train] = splits;
    assert(train !== undefined);
    assert.deepEqual(await Promise.all((await rowsOf("class", train)).map(textOf)), ["a: 22 images", "b: 21 images"]);
    const leaks = await rowsOf("leak", await rowOf("leakage", dataset));
    assert.deepEqual(await Promise.all(leaks.map(textOf)), ["test in train: 2 images", "train in test: 2 images"]);
    assert.equal(await textOf(await rowOf("duplicates", dataset)), "Duplicate groups: 4 groups");
    assert.equal(await textOf(await rowOf("conflicts", dataset)), "Label conflicts: 1 group");
    assert.equal(await textOf(await rowOf("faults", dataset)), "Unreadable: 1 image");
    assert.equal(await textOf(await rowOf("blank", dataset)), "Blank images: none");
  });

  it("groups open to their images", async () => {
    const folder = writeTinyDataset();
    await inspect(folder);
    const dataset = await rowOf("dataset");
    const tiers = await rowsOf("tier", await rowOf("duplicates", dataset));
    for (const tier of tiers) assert.equal((await rowsOf("group", tier)).length, tier.groups, tier.tier);
    const conflict = await rowOf("group", await rowOf("conflicts", dataset));
    assert.equal(await textOf(conflict), "2 images · train · a, b: ");
    const files = (await rowsOf("sample", conflict)).map(({ view }) => path.relative(folder, view.file));
    assert.deepEqual(files.sort(), [path.join("train", "a", "2.png"), path.join("train", "b", "conflict.png")]);
    const [fault] = await rowsOf("fault", await rowOf("faults", dataset));
    assert.equal(fault?.file, path.join(folder, "train", "a", "broken.png"));
  });

  it("an image of the tree opens in an editor", async () => {
    const folder = writeTinyDataset();
    await inspect(folder);
    const leakage = await rowOf("leakage", await rowOf("dataset"));
    const [leak] = await rowsOf("leak", leakage);
    const [group] = await rowsOf("group", leak);
    const [sample] = await rowsOf("sample", group);
    assert(sample !== undefined);
    await vscode.commands.executeCommand("cleansplit.openImage", sample);
    await until("the image", () => {
      const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return input instanceof vscode.TabInputCustom && input.uri.fsPath === sample.view.file;
    });
  });

  it("files are marked in the Explorer, and no longer once the dataset left the list", async () => {
    const { decorations, sessions } = await activated();
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    const decoration = (file: string): Promise<vscode.FileDecoration | undefined> =>
      Promise.resolve(decorations.provideFileDecoration(vscode.Uri.file(path.join(folder, file))));
    const badge = async (file: string): Promise<string | undefined> => (await decoration(file))?.badge;
    const badges = {
      "test/a/leak.png": "L",
      "train/a/twin.png": "=",
      "train/b/conflict.png": "≠",
      "train/a/broken.png": "!",
    };
    for (const [file, expected] of Object.entries(badges)) assert.equal(await badge(file), expected, file);
    assert.equal(await badge("train/a/5.png"), undefined);
    assert.match((await decoration("test/a/leak.png"))?.tooltip ?? "", /train/);
    assert.equal(await badge("test"), "•");
    assert.equal(await badge("valid"), undefined);
    assert.equal(await badge(".."), "•");

    const settings = vscode.workspace.getConfiguration("cleansplit");
    await settings.update("decorations.enabled", false, vscode.ConfigurationTarget.Global);
    await until("the marks to go", async () => (await badge("test/a/leak.png")) === undefined);
    await settings.update("decorations.enabled", undefined, vscode.ConfigurationTarget.Global);
    await until("the marks to come back", async () => (await badge("test/a/leak.png")) === "L");
    sessions.remove(session);
    assert.equal(await badge("test/a/leak.png"), undefined);
  });

  it("a split whose role is corrected takes the role's name", async () => {
    const session = await inspect(writeTinyDataset());
    await session.setRole("valid", "validation");
    const names = session.result?.report.splits.map(({ name }) => name) ?? [];
    assert.deepEqual([...names].sort(), ["test", "train", "validation"]);
    await session.setRole("validation", null);
    assert.equal(session.result?.report.splits.length, 2);
    const [leftOut] = await rowsOf("leftOut", await rowOf("splits", await rowOf("dataset")));
    assert.equal(path.basename(leftOut?.unit.path ?? ""), "valid");
  });

  it("a split that gets the role of another one joins it, until the correction is undone", async () => {
    const session = await inspect(writeTinyDataset());
    const counts = (): unknown => session.result?.report.splits.map(({ name, samples }) => [name, samples]);
    const before = counts();
    const result = await session.setRole("valid", "test");
    assert.deepEqual(counts(), [
      ["train", PLANTED.splits.train],
      ["test", PLANTED.splits.test + PLANTED.splits.valid],
    ]);
    const valid = result.report.dataset.units.find((unit) => path.basename(unit.path) === "valid");
    await session.undoCorrection(valid?.path ?? "");
    assert.deepEqual(counts(), before);
  });

  it("corrections are kept in a file beside the dataset, and are used when it is inspected anew", async () => {
    const { sessions } = await activated();
    const folder = writeTinyDataset("corrected");
    const file = path.join(path.dirname(folder), ".cleansplit", "dataset.json");
    const session = await inspect(folder);
    assert.equal(existsSync(file), false);
    await session.setRole("valid", "other");
    await until("the file", () => existsSync(file));
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), { version: 1, splits: { "corrected/valid": "other" } });
    sessions.remove(session);
    const again = await inspect(folder);
    const unit = again.result?.report.dataset.units.find(({ split }) => split === "other");
    assert.equal(unit?.reason, `${path.join(".cleansplit", "dataset.json")} says it is other.`);
    writeFileSync(file, "damaged");
    const messages = await messagesDuring(() => inspect(folder));
    assert.match(messages.join(), /dataset.json cannot be used: .*Repair it or delete it/);
    assert.equal(readFileSync(file, "utf8"), "damaged");
  });

  it("the list is remembered, and nothing is read before it is asked for", async () => {
    const { sessions } = await activated();
    const session = sessions.add({ inputs: [writeTinyDataset("later")], assignments: [] });
    assert.equal(session.status, "idle");
    assert.equal(await textOf(await rowOf("dataset")), "later: not inspected yet");
    await vscode.commands.executeCommand("cleansplit.inspectAgain", await rowOf("dataset"));
    assert.equal(session.status, "ready");
  });

  it("a folder without images gives one message with the reason", async () => {
    const { sessions } = await activated();
    const folder = path.join(writeTinyDataset(), "nothing here");
    const messages = await messagesDuring(async () =>
      vscode.commands.executeCommand("cleansplit.inspectDataset", vscode.Uri.file(folder)),
    );
    assert.equal(messages.length, 1);
    const [session] = sessions.all;
    assert.equal(session?.status, "failed");
    assert.equal(session.error, messages[0]);
  });

  it("an engine that dies costs one message, and the next inspection works", async function () {
    // Only a process that was stopped first is certain to die during the inspection.
    if (process.platform === "win32") this.skip();
    const { enginePid } = await activated();
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    const pid = enginePid();
    assert(pid !== undefined);
    const messages = await messagesDuring(async () => {
      process.kill(pid, "SIGSTOP");
      const command = vscode.commands.executeCommand("cleansplit.inspectAgain", session.id);
      await until("the inspection to start", () => session.status === "inspecting");
      process.kill(pid, "SIGKILL");
      await command;
    });
    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? "", /engine ended/);
    assert.equal(session.status, "failed");
    await vscode.commands.executeCommand("cleansplit.inspectAgain", session.id);
    assert.equal(session.status, "ready");
    assert.notEqual(enginePid(), pid);
  });

  it("a cancelled inspection shows no message", async function () {
    if (process.platform === "win32") this.skip();
    const { enginePid, sessions } = await activated();
    await inspect(writeTinyDataset());
    const pid = enginePid();
    assert(pid !== undefined);
    const messages = await messagesDuring(async () => {
      process.kill(pid, "SIGSTOP");
      const command = vscode.commands.executeCommand(
        "cleansplit.inspectDataset",
        vscode.Uri.file(writeTinyDataset("cancelled")),
      );
      await until("the inspection to start", () => sessions.all.at(-1)?.status === "inspecting");
      const asked = performance.now();
      try {
        // The engine does not even answer.
        await vscode.commands.executeCommand("cleansplit.cancel", sessions.all.at(-1)?.id);
        await command;
        assert(performance.now() - asked < 1000, `${performance.now() - asked} ms`);
      } finally {
        process.kill(pid, "SIGCONT");
      }
    });
    assert.deepEqual(messages, []);
    assert.equal(sessions.all.at(-1)?.status, "cancelled");
  });

  it("a paused inspection says where it is, goes on, and gives the report of one that never paused", async () => {
    const { sessions, statusBar, reports } = await activated();
    const folder = writeLargeDataset(3000);
    const session = sessions.add({ inputs: [folder], assignments: [] });
    reports.show(session);
    const pauses: Thenable<unknown>[] = [];
    const listener = session.onDidProgress(({ title, done }) => {
      if (pauses.length === 0 && title === "Reading" && done > 0)
        pauses.push(vscode.commands.executeCommand("cleansplit.pauseInspection", session.id));
    });
    const messages = await messagesDuring(async () =>
      vscode.commands.executeCommand("cleansplit.inspectAgain", session.id),
    );
    await Promise.all(pauses);
    listener.dispose();
    assert.deepEqual(messages, []);
    assert.equal(session.status, "paused");
    assert.equal(session.isBusy, false);
    assert.match(session.paused?.text ?? "", /^[\d,]+ of 3,000 images$/);
    assert.equal(await textOf(await rowOf("dataset")), `large: Paused at ${session.paused?.text ?? ""}`);
    assert.equal(statusBar.text, `$(debug-pause) Paused at ${session.paused?.text ?? ""}`);

    await vscode.commands.executeCommand("cleansplit.resumeInspection");
    assert.equal(session.status, "ready");
    assert.equal(session.paused, null);
    const resumed = session.result?.report;
    assert.equal(resumed?.timing.samples, 3000);
    await session.inspect();
    assert.deepEqual({ ...resumed, timing: null }, { ...session.result?.report, timing: null });
  });

  it("a paused inspection can be given up, and pausing what does not run does nothing", async () => {
    const { sessions } = await activated();
    const session = sessions.add({ inputs: [writeTinyDataset()], assignments: [] });
    await session.pause();
    await session.resume();
    assert.equal(session.status, "idle");
    const paused = assert.rejects(session.inspect(), { name: "AbortError" });
    await session.pause();
    await paused;
    assert.equal(session.status, "paused");
    await vscode.commands.executeCommand("cleansplit.cancel");
    assert.equal(session.status, "cancelled");
    await vscode.commands.executeCommand("cleansplit.resumeInspection", session.id);
    assert.equal(session.status, "cancelled");
    // What is cancelled while it is being paused is not paused.
    const cancelled = assert.rejects(session.inspect(), { name: "AbortError" });
    await Promise.all([session.pause(), session.cancel()]);
    await cancelled;
    assert.equal(session.status, "cancelled");
  });

  it("an inspection that is overtaken by another one of the same dataset leaves the newer result", async () => {
    const session = await inspect(writeTinyDataset());
    const results = await Promise.allSettled([session.inspect(), session.inspect(), session.inspect()]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "rejected", "fulfilled"],
    );
    assert.equal(session.status, "ready");
  });
});
