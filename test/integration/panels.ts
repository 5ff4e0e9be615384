import assert from "node:assert/strict";
import * as vscode from "vscode";
import { writeTinyDataset } from "./dataset";
import { activated, cleanUp, inspect, until } from "./extension";

describe("panels", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  it("opening and closing 50 times leaves nothing behind", async function () {
    this.timeout(120_000);
    const { reports, trainings, sessions } = await activated();
    const session = await inspect(writeTinyDataset());
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await until("the panels to close", () => reports.size === 0);
    const before = sessions.listeners;
    for (let round = 0; round < 50; round++) {
      const panels = round % 2 === 0 ? reports : trainings;
      panels.show(session);
      assert.equal(panels.size, 1);
      await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
      await until("the panel to close", () => panels.size === 0);
    }
    assert.equal(sessions.listeners, before);
  });

  it("a dataset has one report, which is shown again", async () => {
    const { reports } = await activated();
    const session = await inspect(writeTinyDataset());
    assert.equal(reports.size, 1);
    await vscode.commands.executeCommand("cleansplit.openReport", session.id);
    await vscode.commands.executeCommand("cleansplit.openReport");
    assert.equal(reports.size, 1);
  });

  it("panels go with their dataset", async () => {
    const { reports, sessions } = await activated();
    const session = await inspect(writeTinyDataset());
    sessions.remove(session);
    await until("the report to close", () => reports.size === 0);
  });

  it("a page that nobody knows is closed when it comes back", async () => {
    const { reports } = await activated();
    const panel = vscode.window.createWebviewPanel("cleansplit.report", "Old", vscode.ViewColumn.Active);
    let isClosed = false;
    panel.onDidDispose(() => (isClosed = true));
    await reports.deserializeWebviewPanel(panel, { dataset: "gone" });
    assert(isClosed);
  });
});
