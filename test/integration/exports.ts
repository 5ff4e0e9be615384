import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { writeTinyDataset } from "./dataset";
import { cleanUp, inspect, messagesDuring, until } from "./extension";

describe("exporting a report", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  for (const [format, holds] of [
    ["html", /<script type="application\/json" id="snapshot">/],
    ["csv", /^group,tier,size,/],
    ["json", /"schema": "cleansplit\/report@1"/],
  ] as const) {
    it(`the command asks for a place and writes ${format}`, async () => {
      const folder = writeTinyDataset();
      const session = await inspect(folder);
      const [workspace] = vscode.workspace.workspaceFolders ?? [];
      const file = path.join(workspace?.uri.fsPath ?? path.dirname(folder), `${session.name}-report.${format}`);
      const messages = await messagesDuring(async () => {
        const command = vscode.commands.executeCommand("cleansplit.exportReport", session.id, format);
        // The dialog proposes a place when it is there; until then there is nothing to accept.
        await until("the report", async () => {
          await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
          return existsSync(file);
        });
        await command;
      });
      assert.deepEqual(messages, []);
      assert.match(readFileSync(file, "utf8"), holds);
      for (const written of [file, file.replace(".csv", "-leakage.csv"), file.replace(".csv", "-unusable.csv")]) {
        rmSync(written, { force: true });
      }
    });
  }
});
