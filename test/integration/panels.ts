import assert from "node:assert/strict";
import * as vscode from "vscode";
import { writeTinyDataset } from "./dataset";
import { activated, cleanUp, inspect, until } from "./extension";

describe("panels", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  it("opening and closing 50 times leaves nothing behind", async () => {
    const { reports, trainings, labels, sessions, enginePid } = await activated();
    const session = await inspect(writeTinyDataset());
    const kinds = [reports, trainings, labels];
    const openAndClose = async (panels: (typeof kinds)[number]): Promise<void> => {
      panels.show(session);
      assert.equal(panels.size, 1);
      await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
      await until("the panel to close", () => panels.size === 0);
    };
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await until("the report to close", () => reports.size === 0);
    // What is made once, with the first panel of a kind, is no leak.
    for (const panels of kinds) await openAndClose(panels);
    const [listeners, pid, resources] = [sessions.listeners, enginePid(), resourcesOfProcess()];
    for (let round = 0; round < 50; round++) await openAndClose(kinds[round % kinds.length] ?? reports);
    assert.equal(sessions.listeners, listeners);
    assert.equal(enginePid(), pid);
    await until("sockets and processes to be as few as before", () =>
      Object.entries(resourcesOfProcess()).every(([kind, count]) => count <= (resources[kind] ?? 0)),
    );
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

/** What keeps this process busy, by its kind: processes it started, their pipes, sockets, workers. Timers come and go. */
function resourcesOfProcess(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (/Process|Pipe|Socket|TCP|MessagePort|Worker/.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
