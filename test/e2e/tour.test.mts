import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import * as workbench from "../support/vscode/workbench.mjs";
import { useOpened } from "./opened.mjs";
import { writeTinyDataset } from "../integration/dataset";

describe("what the story of a dataset leaves out", function () {
  this.timeout(180_000);
  this.bail(true);
  const opened = useOpened("tour", (workspace) => writeTinyDataset("letters", workspace), {
    colorTheme: "dark",
  });
  const { picture, report } = opened;

  it("lists what it found in the workspace", async () => {
    await workbench.openView(opened.session.page, "CleanSplit");
    await workbench.treeRow(opened.session.page, "letters").waitFor();
    await workbench.moveMouseAway(opened.session.page);
    await picture("1-found");
  });

  it("opens the sample dataset from the palette", async () => {
    await workbench.runCommand(opened.session.page, "CleanSplit: Open Sample Dataset");
    const frame = await report("letters");
    await frame.getByRole("heading", { name: /: 80 of 1,039 test images also occur in train[.,]/ }).waitFor();
    // Near duplicates change tree and report when they are found.
    await frame.getByRole("slider", { name: "Threshold" }).waitFor();
    await workbench.openView(opened.session.page, "CleanSplit");
    await workbench.treeRow(opened.session.page, "test in train").waitFor();
    await workbench.moveMouseAway(opened.session.page);
    await picture("2-sample");
    const rows = await workbench.treeRows(opened.session.page);
    const described = Object.fromEntries(rows.map(({ label, description }) => [label, description]));
    assert.match(described["test in train"] ?? "", /^80 images(, [\d,]+ more nearly)?$/);
    assert.equal(described["Label conflicts"], "20 groups");
    assert.equal(described["Unreadable"], "20 images");
  });

  it("has doubtful pairs judged by keyboard, and keeps what was said", async () => {
    const { page } = opened.session;
    const frame = await report("letters");
    await frame.getByRole("button", { name: "Judge 20 Pairs" }).click();
    const dialog = frame.getByRole("dialog", { name: "Are these duplicates?" });
    await dialog.getByText("1 of 20").waitFor();
    await dialog.locator("img").nth(2).waitFor();
    await picture("judge-1");
    await page.keyboard.press("n");
    await dialog.getByText("2 of 20").waitFor();
    await page.keyboard.press("y");
    await dialog.getByText("3 of 20").waitFor();
    await page.keyboard.press("Escape");
    const kept = frame.getByText(/People decided about 2 pairs: 1 as duplicates, 1 as different\. That is kept in /);
    await kept.scrollIntoViewIfNeeded();
    await picture("judge-2");
    const file = /kept in (.*decisions\.json)/.exec((await kept.textContent()) ?? "")?.[1] ?? "";
    assert.match(readFileSync(file, "utf8"), /"different"/);
  });

  it("opens a group in the tree and its image in an editor", async () => {
    const { page } = opened.session;
    await workbench.expandTreeRow(page, "test in train");
    const group = page.locator(".part.sidebar .monaco-list-row[aria-level='4']").first();
    await group.locator(".monaco-tl-twistie").click();
    const image = page.locator(".part.sidebar .monaco-list-row[aria-level='5']").first();
    const name = (await image.locator(".label-name").textContent()) ?? "";
    await image.click();
    await page.locator(".tab.active", { hasText: name }).waitFor();
    await workbench.webviewFrame(page, async (frame) => (await frame.locator("img.loaded, img").count()) > 0);
    await picture("4-image");
    await page.keyboard.press("Control+w");
  });

  it("previews other ways to sanitize", async () => {
    const frame = await report("letters");
    await frame.getByRole("button", { name: "Other Ways" }).click();
    const moves = frame.locator(".policy", { has: frame.getByRole("radio", { name: "Move groups" }) });
    await moves.getByText(/[1-9]\d* move/).waitFor();
    await frame.getByRole("button", { name: "Plan This Way" }).scrollIntoViewIfNeeded();
    await picture("5-ways");
    await frame.getByRole("button", { name: "Other Ways" }).click();
  });

  it("writes a sanitized copy that is clean", async () => {
    const { page } = opened.session;
    const target = path.join(opened.workspace, "sample-sanitized");
    await workbench.runCommand(page, "CleanSplit: Write Sanitized Dataset");
    await page.locator(".quick-input-widget").getByText("Review the plan").waitFor();
    const frame = await report("letters");
    await frame.getByText("Write Sanitized Copy").scrollIntoViewIfNeeded();
    await picture("5-preview");
    await workbench.inputBox(page, target);
    const done = await workbench.notification(page, /Wrote [\d,]+ images/);
    await picture("6-written");
    assert(existsSync(target));
    assert(readdirSync(target).length > 1);
    await done.getByRole("button", { name: "Inspect It" }).click();
    const clean = await report("sample-sanitized");
    await clean.getByRole("heading", { name: /No image of one split occurs in another|Clean/ }).waitFor();
    await picture("7-clean");
  });

  it("verifies the copy from the Explorer", async () => {
    const { page } = opened.session;
    const copy = await workbench.explorerRow(page, "sample-sanitized");
    await workbench.moveMouseAway(opened.session.page);
    await workbench.contextMenu(page, copy.row, "Verify Sanitized Copy");
    await workbench.notification(page, /sample-sanitized is as it was written: [\d,]+ images in [\d,]+ files/);
    await picture("10-verified");
  });

  it("inspects a folder from the Explorer and marks its files", async () => {
    const { page } = opened.session;
    // Rows are reused while the Explorer fills: only when its last folder is there does a click hit the right one.
    await workbench.explorerRow(page, "sample-sanitized");
    const folder = await workbench.explorerRow(page, "letters");
    await workbench.moveMouseAway(opened.session.page);
    await workbench.contextMenu(page, folder.row, "Inspect Dataset");
    await workbench.until("the report", async () => {
      const frame = await report("letters");
      return (
        (await frame.getByRole("heading", { name: /2 of 10 test images also occur in train/ }).count()) > 0 || undefined
      );
    });
    const leak = await workbench.explorerRow(page, "letters/test/a/leak.png");
    await workbench.until("the badge of a leak", async () => ((await leak.badge()) === "L" ? true : undefined));
    const twin = await workbench.explorerRow(page, "letters/train/a/twin.png");
    await workbench.until("the badge of a twin", async () => ((await twin.badge()) === "=" ? true : undefined));
    await picture("10-explorer");
  });

  it("takes the copy back, when that is confirmed", async () => {
    const { page } = opened.session;
    await workbench.runCommand(page, "CleanSplit: Undo Sanitized Copy");
    await workbench.quickPick(page, "sample-sanitized");
    await page.getByText("Files that were added or changed since stay").waitFor();
    await picture("12-undo");
    await workbench.answerDialog(page, "Remove It");
    await workbench.notification(page, /Removed [\d,]+ files of .*sample-sanitized/);
    assert(!existsSync(path.join(opened.workspace, "sample-sanitized")));
    assert(existsSync(path.join(opened.workspace, "letters")));
  });

  it("leaves no error in the log", () => {
    assert.doesNotMatch(opened.session.log(), /Content Security Policy directive|TreeError|browser exception/);
  });
});
