import assert from "node:assert/strict";
import * as vscode from "vscode";
import { activated, extension, type Manifest } from "./extension";

/** Commands that mean nothing without the row they are called on. */
const NEED_AN_ARGUMENT = [
  ...["changeRole", "removeFromList", "openImage", "revealInExplorer", "copyPath", "showInReport", "showInDatasets"],
  ...["showMore", "inspectFound"],
];

describe("activation", () => {
  const manifest = (): Manifest => extension().packageJSON as Manifest;

  it("nothing runs before it is asked for", async () => {
    const { enginePid, finder } = await activated();
    assert.equal(enginePid(), undefined);
    assert.equal(finder.walks, 0);
  });

  it("every command of the manifest is there, with its category and a title in Title Case", async () => {
    const known = await vscode.commands.getCommands(true);
    for (const { command, title, category } of manifest().contributes.commands) {
      assert(known.includes(command), `${command} is not registered`);
      assert.equal(category, "CleanSplit", command);
      assert.match(title, /^([A-Z][a-z]+|from|in|as|JSON)( ([A-Z][a-z]+|from|in|as|JSON|TensorFlow))*…?$/, command);
    }
  });

  it("every command that is registered is in the manifest", async () => {
    const known = (await vscode.commands.getCommands(true)).filter((id) => /^cleansplit\.[a-z]\w*$/i.test(id));
    const declared = new Set(manifest().contributes.commands.map(({ command }) => command));
    // VS Code adds commands of its own for every view: cleansplit.datasets.focus and the like have a second dot.
    assert.deepEqual(
      known.filter((id) => !declared.has(id)),
      [],
    );
  });

  it("commands that need an argument are hidden from the palette", () => {
    const { commandPalette } = manifest().contributes.menus;
    const hidden = commandPalette.filter(({ when }) => when === "false").map(({ command }) => command);
    assert.deepEqual(hidden.sort(), NEED_AN_ARGUMENT.map((id) => `cleansplit.${id}`).sort());
  });

  it("commands that get no argument they can use do nothing", async () => {
    for (const id of NEED_AN_ARGUMENT) await vscode.commands.executeCommand(`cleansplit.${id}`, { session: "no" });
  });
});
