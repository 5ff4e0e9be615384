import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { writeTinyDataset } from "./dataset";
import { activated, cleanUp, inspect, messagesDuring } from "./extension";

describe("Restricted Mode", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  it("inspecting works", async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    const session = await inspect(writeTinyDataset());
    assert.equal(session.status, "ready");
  });

  it("corrections last for the window and are not written", async () => {
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    await session.setRole("valid", "other");
    await session.inspect();
    assert(session.result?.report.splits.some(({ name }) => name === "other"));
    assert(!existsSync(path.join(path.dirname(folder), ".cleansplit")));
  });

  it("near duplicates are searched, and what is decided about them is not kept", async () => {
    const session = await inspect(writeTinyDataset());
    await session.searchNear();
    assert.equal(session.search.status, "done");
    const { reports } = await activated();
    const panel = reports.show(session);
    const clear = setInterval(() => void vscode.commands.executeCommand("notifications.clearAll"), 100);
    await assert.rejects(panel.review({ type: "judge", samples: [0, 1], verdict: "different" }), /Nothing was kept/);
    clearInterval(clear);
    assert.equal(session.result?.report.near?.decisions.different, 0);
  });

  it("writing, training and installing say that they need trust, and do nothing", async () => {
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    const { trainings, labels } = await activated();
    const messages = await messagesDuring(async () => {
      const writing = ["writeSanitizedDataset", "writeFromPlanFile", "undoSanitizedCopy", "quarantineInPlace"];
      const others = ["trainBaseline", "auditLabels", "installNativeTensorFlow"];
      for (const id of [...writing, "restoreQuarantine", ...others]) {
        const command = vscode.commands.executeCommand(`cleansplit.${id}`, session.id);
        // The message about trust waits for an answer; clearing it is one.
        const clear = setInterval(() => void vscode.commands.executeCommand("notifications.clearAll"), 100);
        await command;
        clearInterval(clear);
      }
    });
    assert.deepEqual(messages, []);
    assert.equal(session.sanitizing.plan, null);
    assert.equal(session.training.state.status, "idle");
    assert.equal(session.training.state.trusted, false);
    assert.equal(trainings.size, 0);
    assert.equal(session.labels.state.status, "idle");
    assert.equal(labels.size, 0);
    assert(!existsSync(`${folder}-sanitized`));
  });
});
