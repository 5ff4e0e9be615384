import assert from "node:assert/strict";
import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as workbench from "../support/vscode/workbench.mjs";
import { useOpened } from "./opened.mjs";
import { writeTinyDataset } from "../integration/dataset";

/** Markup, an icon, a command behind a link, quotes: whatever one of the places where names are shown could obey. */
const DATASET = `$(flame) <img src=x onerror=alert(1)> [go](command:workbench.action.toggleZenMode) "it's"`;
const CLASS = `$(bug) <b>bold<b>`;
const FILES: Readonly<Record<string, string>> = {
  "leak.png": `<img src=x onerror=alert(2)>.png`,
  "0.png": `\u202Egpj.desrever.png`,
  "1.png": `two\nlines $(warning).png`,
  "2.png": `${"long".repeat(62)}abc.png`,
};

// Such names are impossible on Windows.
(process.platform === "win32" ? describe.skip : describe)("names that are code elsewhere", function () {
  this.timeout(180_000);
  this.bail(true);
  const opened = useOpened("names", writeHostileDataset);
  const { picture } = opened;
  const dialogs: string[] = [];

  before(() => {
    opened.session.page.on("dialog", (dialog) => dialogs.push(dialog.message()));
  });

  it("are text in the report", async () => {
    const { page } = opened.session;
    await workbench.openView(page, "Explorer");
    const row = page.locator(".explorer-folders-view .monaco-list-row").filter({ hasText: "onerror" }).first();
    await row.waitFor();
    await workbench.contextMenu(page, row, "Inspect Dataset");
    const frame = await workbench.webviewFrame(page, async (candidate) => {
      return (await candidate.getByRole("heading", { name: /2 of 10 test images also occur in train/ }).count()) > 0;
    });
    await frame.getByRole("heading", { level: 1, name: DATASET }).waitFor();
    await frame.locator("#groups [role=row]").first().waitFor();
    assert.equal(await frame.locator("#root b, #root img:not([src^='blob:'])").count(), 0);
    await picture("report");
  });

  it("are text in the tree and the status bar", async () => {
    const { page } = opened.session;
    await workbench.openView(page, "CleanSplit");
    const tree = page.locator(".part.sidebar");
    await tree.getByText(DATASET).first().waitFor();
    await workbench.expandTreeRow(page, "train");
    await tree.getByText(CLASS).first().waitFor();
    assert.equal(await tree.locator(".monaco-list-row img[src='x'], .label-name .codicon").count(), 0);
    const item = page.locator(".statusbar-item").filter({ hasText: "onerror" });
    await item.waitFor();
    assert.match((await item.textContent()) ?? "", /\$\(flame\)/);
    await item.hover();
    await picture("tree");
  });

  it("are text on the pages of labels and training", async () => {
    const { page } = opened.session;
    for (const [command, title] of [
      ["CleanSplit: Audit Labels", `${DATASET} – Labels`],
      ["CleanSplit: Train Baseline", `${DATASET} – Training`],
    ] as const) {
      await workbench.runCommand(page, command);
      const frame = await workbench.webviewFrame(page, title);
      await frame.getByRole("heading", { level: 1, name: DATASET }).waitFor();
      assert.equal(await frame.locator("#root b, #root img:not([src^='blob:'])").count(), 0);
    }
    await picture("training");
  });

  it("are text in quick picks and notifications", async () => {
    const { page } = opened.session;
    await workbench.runCommand(page, "CleanSplit: Write Sanitized Dataset");
    const input = page.locator(".quick-input-widget");
    await input.getByText("Review the plan").waitFor();
    await workbench.inputBox(page, path.join(opened.workspace, `${DATASET}-copy`));
    const done = await workbench.notification(page, /Wrote [\d,]+ images/);
    assert.match((await done.textContent()) ?? "", /\[go\]/);
    assert.equal(await done.locator(".notification-list-item-message a").count(), 0);
    await picture("notification");
    await done.getByRole("button", { name: "Inspect It" }).click();
    await page.locator(".tab").filter({ hasText: "-copy" }).waitFor();
    await workbench.runCommand(page, "CleanSplit: Open Report");
    await input.locator(".monaco-list-row").filter({ hasText: "-copy" }).waitFor();
    assert.equal(await input.locator(".monaco-list-row .label-name .codicon").count(), 0);
    await picture("pick");
    await page.keyboard.press("Escape");
  });

  it("ran nothing", () => {
    assert.deepEqual(dialogs, []);
    assert.doesNotMatch(opened.session.log(), /Content Security Policy directive/);
  });
});

/** The tiny dataset with other names. */
function writeHostileDataset(parent: string): void {
  const folder = writeTinyDataset(DATASET, parent);
  for (const split of ["train", "test", "valid"]) {
    for (const [plain, hostile] of Object.entries(FILES)) {
      const file = path.join(folder, split, "a", plain);
      if (readdirSync(path.dirname(file)).includes(plain)) renameSync(file, path.join(path.dirname(file), hostile));
    }
    renameSync(path.join(folder, split, "a"), path.join(folder, split, CLASS));
  }
  mkdirSync(path.join(folder, "train", CLASS), { recursive: true });
  writeFileSync(path.join(folder, "train", CLASS, `[go](command:workbench.action.toggleZenMode).png`), "no picture");
}
