/// <reference lib="dom" />
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, renameSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Frame, Page } from "playwright-core";
import { PROJECT_ROOT } from "../support/vscode/prepare.mjs";
import * as workbench from "../support/vscode/workbench.mjs";
import { useOpened } from "./opened.mjs";
import { seriousViolations } from "../support/webview/axe";

const CLI = path.join(PROJECT_ROOT, "dist", "cli.js");

/** What is said of the first ten groups, a key each: keep this image, drop it, keep all of the group. */
const DECISIONS = ["k", "d", "a", "k", "k", "d", "k", "a", "k", "d"];

const THEMES = ["light", "hc-dark", "hc-light", "dark"] as const;

// From the first start to the next day, as one person does it. Each step is looked at in every theme.
describe("the whole story of a dataset", function () {
  this.timeout(180_000);
  this.bail(true);
  const opened = useOpened("story", writeSample, { colorTheme: "dark" });
  const { report } = opened;

  /** Takes a picture in every theme; of a frame also what axe-core calls serious there. The last theme is the usual one. */
  async function picture(name: string, frame?: Frame): Promise<void> {
    const found: string[] = [];
    for (const theme of THEMES) {
      await opened.session.setTheme(theme);
      await opened.picture(`${name}-${theme}`);
      if (frame !== undefined) found.push(...(await seriousViolations(frame)).map((line) => `${theme}: ${line}`));
    }
    assert.deepEqual(found, []);
  }
  const copy = (): string => path.join(opened.workspace, "glyphs-sanitized");

  it("starts with the walkthrough and the sample dataset", async () => {
    const { page } = opened.session;
    await workbench.runCommand(page, "CleanSplit: Get Started");
    const open = page.getByRole("button", { name: "Open Sample Dataset" });
    await open.waitFor();
    await workbench.moveMouseAway(page);
    await picture("1-walkthrough");
    await open.click();
    const frame = await report("letters");
    await frame.getByRole("heading", { name: /: 80 of 1,039 test images also occur in train[.,]/ }).waitFor();
  });

  it("inspects a folder from the menu of the Explorer", async () => {
    const { page } = opened.session;
    const folder = await workbench.explorerRow(page, "glyphs");
    await workbench.contextMenu(page, folder.row, "Inspect Dataset");
    const frame = await report("glyphs");
    await frame.getByRole("heading", { name: /: 80 of 1,039 test images also occur in train[.,]/ }).waitFor();
    // Near duplicates change tree and report when they are found.
    await frame.getByRole("slider", { name: "Threshold" }).waitFor();
    await workbench.moveMouseAway(page);
    await picture("2-report", frame);
  });

  it("shows the groups of a cell of the matrix", async () => {
    const frame = await report("glyphs");
    await frame.getByRole("button", { name: /^80 of 1,039 test images/ }).click();
    await frame.locator("#groups .card img").nth(3).waitFor();
    await picture("3-cell");
  });

  it("has ten groups judged by keyboard only", async () => {
    const { page } = opened.session;
    const frame = await report("glyphs");
    await tabTo(page, frame, "#groups .card");
    for (const key of DECISIONS) {
      await page.keyboard.press(key);
      await page.keyboard.press("j");
    }
    await frame.locator("#groups .tag.decided").first().waitFor();
    await frame.waitForFunction(() =>
      [...document.querySelectorAll("#groups .picture")].every((picture) => picture.childElementCount > 0),
    );
    await picture("4-judged", frame);
    await said(frame, 10);
  });

  it("takes a step back and does it again", async () => {
    const { page } = opened.session;
    const frame = await report("glyphs");
    await tabTo(page, frame, "#groups .card");
    await page.keyboard.press("z");
    await picture("5-undone");
    await said(frame, 9);
    await tabTo(page, frame, "#groups .card");
    await page.keyboard.press("Shift+Z");
    await said(frame, 10);
  });

  it("writes a copy that heeds what was said", async () => {
    const { page } = opened.session;
    await workbench.runCommand(page, "CleanSplit: Write Sanitized Dataset");
    const question = page.locator(".quick-input-widget");
    if ((await workbench.quickPickLabels(page).catch((): string[] => [])).includes("glyphs"))
      await workbench.quickPick(page, "glyphs");
    await question.getByText("Review the plan").waitFor();
    const frame = await report("glyphs");
    await frame.getByText("Write Sanitized Copy").scrollIntoViewIfNeeded();
    await picture("6-plan");
    await workbench.inputBox(page, copy());
    const done = await workbench.notification(page, /Wrote [\d,]+ images/);
    await workbench.moveMouseAway(page);
    await picture("7-written");
    await done.getByRole("button", { name: "Inspect It" }).click();
    const clean = await report("glyphs-sanitized");
    await clean.getByRole("heading", { name: /[1-5] of [\d,]+ test images also occur in train/ }).waitFor();
    assert(existsSync(path.join(copy(), "cleansplit-certificate.json")));
    await workbench.dismissNotifications(page);
  });

  it("trains, and says what the leakage costs", async () => {
    const { page } = opened.session;
    await workbench.runCommand(page, "CleanSplit: Train Baseline");
    await workbench.quickPick(page, "glyphs");
    const frame = await workbench.webviewFrame(page, "glyphs – Training");
    await frame.getByRole("img").first().waitFor();
    await frame.getByRole("button", { name: "Train Again" }).waitFor({ timeout: 120_000 });
    await frame.getByRole("table", { name: "What the leaked images add, in percentage points" }).waitFor();
    await workbench.moveMouseAway(page);
    await picture("8-trained", frame);
  });

  it("exports the report as one file that opens in any browser", async () => {
    const { page } = opened.session;
    const file = path.join(opened.workspace, "glyphs-report.html");
    await workbench.runCommand(page, "CleanSplit: Export Report");
    await workbench.quickPick(page, "glyphs");
    await workbench.quickPick(page, "Report as One File (HTML)");
    const input = page.locator(".quick-input-widget input.input");
    await workbench.until("the proposed name", async () => (await input.inputValue()) === file || undefined);
    await input.press("Enter");
    await workbench.notification(page, /glyphs-report\.html/);
    const reader = await opened.session.browser.newPage();
    const problems: string[] = [];
    reader.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    reader.on("pageerror", (error) => problems.push(String(error)));
    reader.on("request", (request) => {
      if (!/^(file|data|blob):/.test(request.url())) problems.push(request.url());
    });
    await reader.goto(pathToFileURL(file).href);
    await reader.getByRole("heading", { name: /: 80 of 1,039 test images also occur in train[.,]/ }).waitFor();
    await reader.locator("#groups .card img").first().waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await reader.emulateMedia({ colorScheme });
      await reader.screenshot({ path: opened.pictureFile(`9-file-${colorScheme}`) });
    }
    assert.deepEqual(problems, []);
    await reader.close();
    await workbench.dismissNotifications(page);
  });

  it("finds everything again after a reload", async () => {
    const { page } = opened.session;
    await page.reload();
    await page
      .locator(".tab", { hasText: /^glyphs$/ })
      .first()
      .click();
    const frame = await report("glyphs");
    await frame.getByRole("button", { name: "Inspect Dataset" }).click();
    await frame.getByRole("heading", { name: /: 80 of 1,039 test images also occur in train[.,]/ }).waitFor();
    await said(frame, 10);
    await workbench.openView(page, "CleanSplit");
    await workbench.treeRow(page, "glyphs-sanitized").waitFor();
    await workbench.moveMouseAway(page);
    await picture("10-reloaded");
    await workbench.runCommand(page, "CleanSplit: Open Training");
    await workbench.quickPick(page, "glyphs");
    const training = await workbench.webviewFrame(page, "glyphs – Training");
    await training.getByRole("table", { name: "What the leaked images add, in percentage points" }).waitFor();
  });

  it("has ticked what was done in the walkthrough", async () => {
    const { page } = opened.session;
    await workbench.runCommand(page, "CleanSplit: Get Started");
    for (const step of ["Open the sample dataset", "Inspect a dataset of your own", "Write a clean copy"]) {
      await page.getByRole("checkbox", { name: new RegExp(`${step}.*Completed`) }).waitFor();
    }
    await picture("11-ticked");
  });

  it("has nothing blocked by the security policy, and nothing thrown", () => {
    assert.doesNotMatch(opened.session.log(), /Content Security Policy directive|TreeError|browser exception/);
  });
});

/** Writes the sample dataset, by another name than the one that the walkthrough opens. */
function writeSample(workspace: string): void {
  const { status, stderr } = spawnSync(process.execPath, [CLI, "sample", workspace], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  renameSync(path.join(workspace, "letters"), path.join(workspace, "glyphs"));
}

/** Waits until the gallery, which shows the groups that are decided only for this, has so many. */
async function said(frame: Frame, count: number): Promise<void> {
  const filter = frame.getByRole("combobox", { name: "Decisions" });
  await filter.focus();
  await filter.selectOption("yes");
  await frame.locator(".gallery-count", { hasText: new RegExp(`^${count} of [\\d,]+ groups$`) }).waitFor();
  await filter.selectOption("any");
}

/** Presses Tab until an element has the focus. */
async function tabTo(page: Page, frame: Frame, selector: string): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press("Tab");
    if (await frame.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
  }
  throw new Error(`Tab does not lead to ${selector}`);
}
