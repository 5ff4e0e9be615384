import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import type { PlanSummary } from "../../src/core/sanitize/plan";
import type { SuspectQuery } from "../../src/core/training/labelAudit";
import { writeTinyDataset } from "./dataset";
import { activated, cleanUp, inspect, until } from "./extension";

const ALL: SuspectQuery = { from: 0, count: 50, split: null, label: null, onlyConflicting: false, onlyUnjudged: false };

describe("label audit", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  it("finds the wrong label, keeps what is said of it, and shows the plan that follows", async () => {
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    await session.sanitizing.makePlan();
    const { labels, reports } = await activated();
    await vscode.commands.executeCommand("cleansplit.auditLabels", session.id);
    assert.equal(session.labels.state.status, "done", session.labels.state.error ?? "");
    assert.equal(labels.size, 1);
    const panel = labels.show(session);
    const { suspects } = await panel.suspects(ALL);
    const conflict = suspects.find(({ id }) => id === "train/b/conflict.png");
    assert.deepEqual([conflict?.suggested, conflict?.conflicting], ["a", 1]);

    await panel.judge([conflict?.sample ?? -1], "wrong");
    assert.deepEqual(session.labels.state.audit?.judged, { right: 0, wrong: 1 });
    // The dataset lies outside the workspace: beside it is where the command line looks, too.
    const file = path.join(path.dirname(folder), ".cleansplit", "labels.json");
    assert.match(readFileSync(file, "utf8"), /"id":"tiny\/train\/b\/conflict\.png","label":"b","verdict":"wrong"/);
    const plan = (): PlanSummary | null => session.sanitizing.plan;
    assert.equal(plan(), null, "a plan from before would leave out something else");

    await panel.reviewPlan();
    assert.equal(
      plan()?.splits.reduce((sum, { removed }) => sum + removed.label, 0),
      1,
    );
    assert.equal(reports.size, 1);
    await panel.openSample(conflict?.sample ?? -1);
    await until("the image", () => vscode.window.tabGroups.activeTabGroup.activeTab?.label === "conflict.png");

    await session.inspect();
    assert.equal(session.labels.state.audit, null, "its samples have other numbers");
    assert(existsSync(file));
  });

  it("is cancelled with everything else, and says nothing", async () => {
    const session = await inspect(writeTinyDataset());
    const audit = session.labels.start();
    await until("the audit", () => session.labels.isRunning);
    await session.cancel();
    await assert.rejects(audit, { name: "AbortError" });
    assert.deepEqual([session.labels.state.status, session.labels.state.error], ["cancelled", null]);
    assert.equal(session.isBusy, false);
  });
});
