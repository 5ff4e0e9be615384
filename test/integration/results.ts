import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import type { TrainingDelta } from "../../src/protocol/training";
import { problemWithTarget, proposeTarget } from "../../src/host/targetFolder";
import { writeTinyDataset } from "./dataset";
import { activated, cleanUp, inspect, messagesDuring, rowOf, rowsOf, textOf, until } from "./extension";

describe("results", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  it("sanitizing writes what the plan says", async () => {
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    const plan = await session.sanitizing.makePlan();
    assert.equal(plan.before, 63);
    const target = `${folder}-sanitized`;
    const result = await session.sanitizing.apply(target);
    assert.equal(result.samples, plan.after);
    assert(result.verified.length > 0);
    const written = readdirSync(target, { recursive: true }).filter((file) => String(file).endsWith(".png"));
    assert.equal(written.length, plan.after);
    assert.equal(session.sanitizing.plan, null);
    const sanitized = await inspect(target);
    assert.deepEqual(
      sanitized.result?.report.leakage.filter(({ samples }) => samples > 0),
      [],
    );
  });

  it("the command proposes a new folder and writes there", async () => {
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    const target = await proposeTarget(session);
    const messages = await messagesDuring(async () => {
      const command = vscode.commands.executeCommand("cleansplit.writeSanitizedDataset", session.id);
      await until("the plan", () => session.sanitizing.plan !== null);
      // The input box opens when the proposal is made; until it has focus there is nothing to accept.
      await until("the dataset", async () => {
        await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
        return session.sanitizing.applied !== null;
      });
      await command;
    });
    assert.deepEqual(messages, []);
    assert.equal(session.sanitizing.applied?.folder, target);
    assert(existsSync(session.sanitizing.applied.manifest));
  });

  it("a target must be new and outside the source", async () => {
    const folder = writeTinyDataset();
    const parent = path.dirname(folder);
    assert.equal(await problemWithTarget(path.join(parent, "new"), [folder]), null);
    assert.match((await problemWithTarget("new", [folder])) ?? "", /absolute/);
    assert.match((await problemWithTarget(path.join(folder, "new"), [folder])) ?? "", /lies in the source/);
    assert.match((await problemWithTarget(folder, [folder])) ?? "", /lies in the source/);
    assert.match((await problemWithTarget(parent, [folder])) ?? "", /lies in this folder/);
    assert.match((await problemWithTarget(path.join(parent, "a", "b"), [folder])) ?? "", /no folder/);
    mkdirSync(path.join(parent, "empty"));
    assert.equal(await problemWithTarget(path.join(parent, "empty"), [folder]), null);
    writeFileSync(path.join(parent, "empty", "file"), "");
    assert.match((await problemWithTarget(path.join(parent, "empty"), [folder])) ?? "", /not empty/);
    assert.match((await problemWithTarget(path.join(parent, "empty", "file"), [folder])) ?? "", /file of that name/);
    // A name that only begins like the source is another folder.
    assert.equal(await problemWithTarget(`${folder}-2`, [folder]), null);
  });

  it("training fills the history and the tree", async () => {
    const session = await inspect(writeTinyDataset());
    const deltas: TrainingDelta[] = [];
    const listener = session.training.onDidChange((delta) => deltas.push(delta));
    await vscode.commands.executeCommand("cleansplit.trainBaseline", session.id);
    listener.dispose();
    const { state } = session.training;
    assert.equal(state.status, "done", state.error ?? "");
    const { plan, runs, costs } = state.experiment ?? { plan: [], runs: [], costs: [] };
    assert(plan.length > 0);
    assert.equal(runs.length, plan.length);
    for (const { run, curve, result } of runs) {
      assert.equal(curve.length, plan[run]?.epochs);
      assert(result !== null);
    }
    assert(costs.length > 0);
    assert.deepEqual(
      deltas.map(({ sequence }) => sequence),
      deltas.map((_, index) => (deltas[0]?.sequence ?? 0) + index),
      "the numbers have gaps",
    );
    // So few images are trained on at once, so that what happened may come in one state.
    assert(deltas.length > 2);
    assert.equal(state.kept[0]?.status, "done");
    const [row] = await rowsOf("experiment", await rowOf("experiments", await rowOf("dataset")));
    assert(row !== undefined);
    assert.match(await textOf(row), /: Done$/);
  });

  it("a training that was cancelled is kept, goes on and can be deleted", async () => {
    const session = await inspect(writeTinyDataset());
    const { training } = session;
    const spec = { ...training.state.next, models: ["mlp" as const] };
    const started = training.start(spec);
    await new Promise<void>((resolve) => {
      const listener = training.onDidChange((delta) => {
        if (delta.type !== "event" || delta.event.type !== "epochs") return;
        listener.dispose();
        resolve();
      });
    });
    await training.cancel();
    await assert.rejects(started);
    assert.equal(training.state.status, "cancelled");
    const experiment = training.state.experiment?.experiment ?? "";
    assert.equal(training.state.kept[0]?.experiment, experiment);
    assert.deepEqual(training.state.next.models, ["mlp"], "the settings are kept for the next time");

    await training.resume(experiment);
    assert.equal(training.state.status, "done", training.state.error ?? "");
    assert.equal(training.state.experiment?.experiment, experiment);
    assert.equal(training.state.experiment.runs.length, training.state.experiment.plan.length);

    await training.forget(experiment);
    // Others of equal images, which is the same dataset, stay.
    assert(training.state.kept.every((kept) => kept.experiment !== experiment));
  });

  it("the sample dataset opens without a question", async () => {
    const { sessions } = await activated();
    const messages = await messagesDuring(async () => vscode.commands.executeCommand("cleansplit.openSampleDataset"));
    assert.deepEqual(messages, []);
    assert.equal(sessions.all[0]?.status, "ready");
    // Once more: what is unpacked already is used again.
    await vscode.commands.executeCommand("cleansplit.openSampleDataset");
    assert.equal(sessions.all.length, 1);
  });
});
