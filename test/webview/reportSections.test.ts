/// <reference lib="dom" />
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { usePages } from "../support/webview/pages";

describe("report page: classes, training and exports", () => {
  const pages = usePages("report");

  /** Width and height of a PNG that the page handed over. */
  async function savedPicture(page: Page): Promise<readonly [number, number]> {
    await pages.awaited("saveCharts");
    return page.evaluate(async () => {
      const call = window.fake.calls.find(({ method }) => method === "saveCharts");
      const picture = await createImageBitmap(new Blob([call?.parameters[0] as Uint8Array<ArrayBuffer>]));
      return [picture.width, picture.height] as const;
    });
  }

  it("shows the images of every class in every split, with a table beside them", async () => {
    const page = await pages.open("leak");
    const section = page.locator("#classes");
    await section.getByRole("heading", { name: "Class balance", exact: true }).waitFor();
    assert.equal(await section.locator("figure").count(), 3);
    assert.equal(await section.locator("figure").first().getByRole("listitem").count(), 10);
    await section.getByText("The figures as a table").click();
    assert.equal(await section.locator("tbody tr").count(), 10);
  });

  it("shows what a plan makes of the classes", async () => {
    const page = await pages.open("plan");
    const section = page.locator("#classes");
    await section.getByRole("heading", { name: "Class balance before and after" }).waitFor();
    assert.match(await section.locator("figure li").first().innerText(), /^A\s+[\d,]+\s+becomes\s+[\d,]+$/);
    assert.equal(await section.locator("figure").first().locator(".leaves").count(), 9);
  });

  it("draws the largest of a thousand classes and has all in the table", async () => {
    const page = await pages.open("vast");
    const section = page.locator("#classes");
    await section.getByText("These are the 20 largest of 1,000 classes").waitFor();
    assert.equal(await section.locator("figure").count(), 6);
    assert.equal(await section.locator("figure").first().getByRole("listitem").count(), 20);
    await section.getByRole("button", { name: "Show 6 of 44 more splits" }).click();
    assert.equal(await section.locator("figure").count(), 12);
    await section.getByText("The figures as a table").click();
    await section.getByRole("button", { name: "Show 50 of 950 more classes" }).waitFor();
  });

  it("has no section of classes where nothing is labelled", async () => {
    const page = await pages.open("nolabels");
    await page.locator("#sanitize").waitFor();
    assert.equal(await page.locator("#classes").count(), 0);
  });

  it("says of a folder without images what it could hold", async () => {
    const page = await pages.open("noImages", { viewport: { width: 400, height: 700 } });
    await page.getByRole("alert").getByText("holds no images").waitFor();
    await page.getByRole("button", { name: "Try Again" }).waitFor();
  });

  it("lists kept experiments with their scores and opens them", async () => {
    const page = await pages.open("runs");
    const rows = page.locator("#train tbody tr");
    await rows.first().waitFor();
    assert.match(await rows.first().innerText(), /\d\d\.\d %\s+\d\d\.\d %/);
    await rows.first().getByRole("button").click();
    const [call] = await pages.awaited("openRun");
    assert.equal(typeof call?.parameters[0], "string");
  });

  for (const [label, format] of [
    ["Report as HTML", "html"],
    ["Tables as CSV", "csv"],
    ["Everything as JSON", "json"],
  ] as const) {
    it(`exports ${format} from its header`, async () => {
      const page = await pages.open("leak");
      await page.getByRole("button", { name: "Export" }).click();
      await page.getByRole("menuitem", { name: label }).click();
      assert.deepEqual((await pages.awaited("exportReport"))[0]?.parameters, [format]);
    });
  }

  it("draws its charts as one picture, twice as fine as the screen", async () => {
    const page = await pages.open("near");
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("menuitem", { name: "Charts as PNG" }).click();
    const [width, height] = await savedPicture(page);
    assert.equal(width, 2 * (900 + 2 * 24));
    assert.ok(height > 1500, `${String(height)} pixels high`);
  });

  it("draws its charts when the host asks, also very many of them", async () => {
    const page = await pages.open("vast");
    await page.locator("#verdict").waitFor();
    await page.evaluate(() => void window.fake.report.drawCharts());
    const [, height] = await savedPicture(page);
    assert.ok(height <= 16_384);
  });
});

describe("theme of a report in a file", () => {
  it("has a value for every colour of the page", () => {
    const folder = path.join(import.meta.dirname, "../../webview-ui/src");
    const sheets = ["report/report.css", "shared/base.css"].map((name) =>
      readFileSync(path.join(folder, name), "utf8"),
    );
    const scripts = ["report", "shared"].flatMap((part) =>
      readdirSync(path.join(folder, part))
        .filter((name) => /\.tsx?$/.test(name))
        .map((name) => readFileSync(path.join(folder, part, name), "utf8")),
    );
    const theme = readFileSync(path.join(folder, "report/file/theme.css"), "utf8");
    // High contrast themes alone have these; without them there is no such border.
    const optional = /^--vscode-(contrast|toolbar-hoverOutline|menu-selectionBorder)/;
    const used = new Set([...sheets, ...scripts].flatMap((text) => text.match(/--vscode-[\w-]+\w/g) ?? []));
    const missing = [...used].filter((name) => !optional.test(name) && !theme.includes(`${name}:`));
    assert.deepEqual(missing, []);
  });
});
