/// <reference lib="dom" />
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { useTranslations } from "../../src/core/language";
import type { Engine } from "../../src/engine/engine";
import { encodePng } from "../support/png";
import { launchBrowser, pseudoBundle } from "../support/webview/harness.mjs";
import { untranslated } from "../support/webview/untranslated";
import { createEngineForTest, quiet } from "../unit/engine/support";

const HOSTILE = [
  "<img src=x onerror=alert(1)>.png",
  "<script>alert(2)<!-- .png",
  "quote\"s & 'more'.png",
  "line\nbreak\u2028.png",
  "\u202Egnp.exe.png",
  `${"n".repeat(251)}.png`,
];

/** A picture of black and white squares in 28 x 28 pixels; `smudge` pixels of it are a little lighter, so that it is near the same without. */
function picture(seed: number, smudge = 0): Buffer {
  const squares = Math.imul(seed, 40_503) & 0xffff;
  const rows = Uint8Array.from({ length: 784 }, (_, at) => {
    const square = 4 * Math.floor(at / 28 / 7) + Math.floor((at % 28) / 7);
    return ((squares >> square) & 1) === 1 ? 255 : at % 28 < smudge ? 30 : 0;
  });
  return encodePng({ width: 28, height: 28, rows });
}

describe("report in one HTML file", () => {
  const scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-page-"));
  const file = path.join(scratch, "somebody's report.html");
  const translated = path.join(scratch, "translated.html");
  let engine: Engine;
  let browser: Browser;
  let page: Page;
  let problems: string[] = [];

  before(async () => {
    const root = path.join(scratch, "data <b>set & \u202Emore\u202C");
    const write = (name: string, content: Buffer | string): void => {
      const target = path.join(root, name);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, content);
    };
    for (const [index, name] of HOSTILE.entries()) {
      write(`train/<u>A<∕u>/${name}`, picture(index + 1));
      write(`test/<u>A<∕u>/${name}`, picture(index + 1));
    }
    for (let seed = 20; seed < 50; seed++) write(`train/B/${String(seed)}.png`, picture(seed));
    write("test/B/near.png", picture(20, 1));
    write("test/B/other label.png", picture(1));
    write("test/B/broken.png", "");
    engine = createEngineForTest(1);
    browser = await launchBrowser();
    const { inspection } = await engine.inspect({ inputs: [root], assignments: [] }, quiet());
    await engine.near({ inspection, threshold: null }, quiet());
    const { plan } = await engine.plan({ inspection }, quiet());
    const request = { inspection, format: "html", file, overwrite: false, tier: "near", plan } as const;
    await engine.exportReport(request, quiet());
    useTranslations(JSON.stringify(pseudoBundle()));
    try {
      await engine.exportReport({ ...request, file: translated }, quiet());
    } finally {
      useTranslations("{}");
    }
  });
  after(async () => {
    await browser.close();
    await engine.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  async function open(options: Parameters<Browser["newContext"]>[0] = {}, place = file): Promise<Page> {
    const context = await browser.newContext({ offline: true, viewport: { width: 1180, height: 900 }, ...options });
    page = await context.newPage();
    problems = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => problems.push(message.text()));
    page.on("dialog", (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      const url = request.url();
      if (!/^(blob|data):/.test(url) && url !== pathToFileURL(place).href) problems.push(`request: ${url}`);
    });
    await page.goto(pathToFileURL(place).href);
    await page.locator("#verdict").waitFor();
    return page;
  }
  afterEach(async () => {
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    await page.context().close();
    // The policy of the page reports what it blocks to the console.
    assert.deepEqual(problems, []);
    assert.ok(overflow <= 0, `the page is ${String(overflow)} px too wide`);
  });

  it("opens without a network, with pictures of its groups, and nothing that is blocked", async () => {
    await open();
    await page.getByRole("heading", { name: /7 of 9 test images also occur in train/ }).waitFor();
    await page.waitForFunction(() => [...document.querySelectorAll<HTMLImageElement>(".card img")].length > 5);
    const broken = await page.evaluate(
      () =>
        [...document.querySelectorAll<HTMLImageElement>(".card img")].filter((image) => image.naturalWidth !== 28)
          .length,
    );
    assert.equal(broken, 0);
    const icon = await page.evaluate(async () => {
      await document.fonts.ready;
      return document.fonts.check("16px codicon");
    });
    assert.ok(icon, "icons have their font");
  });

  it("speaks the language that the editor speaks", async () => {
    await open({}, translated);
    assert.equal(await page.locator("html").getAttribute("lang"), "ja");
    await page.locator("#groups .card").first().waitFor();
    // The dataset was inspected and planned in English, which is not said anew.
    const same = [/data <b>set & \[U\+202E\]more\[U\+202C\]|\b(train|test)\b/g];
    const written = "header, h2, .footnote, .figures, #sanitize th, #settings dt";
    assert.deepEqual(await untranslated(page, same, written), []);
  });

  it("has names as text, whatever is in them", async () => {
    await open();
    assert.equal(await page.locator("header h1").innerText(), "data <b>set & [U+202E]more[U+202C]");
    for (const name of ["<img src=x onerror=alert(1)>.png", "line[U+000A]break[U+2028].png", "[U+202E]gnp.exe.png"]) {
      await page.locator(".card-name", { hasText: name }).first().waitFor();
    }
    assert.equal(await page.locator("main b, main u, main script").count(), 0);
  });

  it("filters groups by a cell of the matrix and shows a picture on its own", async () => {
    await open();
    await page.getByRole("button", { name: /^7 of 9 test images also occur in train/ }).click();
    await page.getByText(/^6 of \d+ groups$/).waitFor();
    await page.locator(".card").first().click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("img").waitFor();
    await dialog.getByText("28 × 28 pixels").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await dialog.waitFor({ state: "detached" });
  });

  it("lays a similar picture over the first one of its group", async () => {
    await open();
    await page.getByRole("button", { name: "Show Similar Groups" }).click();
    await page.getByRole("button", { name: "Compare", exact: true }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("img", { name: "Difference" }).waitFor();
    await dialog.getByText(/^RMS grey difference \d/).waitFor();
    await dialog.getByRole("button", { name: "Swap" }).click();
    await dialog.getByRole("img", { name: "Difference" }).waitFor();
    assert.equal(await dialog.getByRole("button", { name: /Keep|Duplicates|Undo/ }).count(), 0);
  });

  it("offers nothing that it cannot do", async () => {
    await open();
    const names = await page
      .getByRole("button")
      .evaluateAll((buttons) => buttons.map((button) => button.getAttribute("aria-label") ?? button.textContent));
    const never = /inspect|train|plan|write|judge|reset|reveal|role|keep|undo|discard|export|audit|open plan/i;
    const cells =
      /images also occur|occurs in|leaks? nearly|^Open |^Training$|^Sanitize$|, which (stays|leaves)|both leave/;
    assert.deepEqual(
      names.filter((name) => never.test(name) && !cells.test(name)),
      [],
    );
    assert.equal(await page.getByRole("slider").count(), 1, "only the size of pictures can be moved");
    await page.getByRole("heading", { name: "Sanitized copy" }).waitFor();
    await page.getByRole("heading", { name: "Class balance before and after" }).waitFor();
    await page.locator("#faults").getByText("test/B/broken.png").waitFor();
    await page
      .locator("#settings")
      .getByText(/CleanSplit \d/)
      .waitFor();
  });

  it("is light or dark as its reader likes it, and white on paper", async () => {
    const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await open({ colorScheme: "dark" });
    assert.equal(await background(), "rgb(31, 31, 31)");
    await page.emulateMedia({ media: "print" });
    assert.equal(await background(), "rgb(255, 255, 255)");
    assert.equal(await page.getByRole("button", { name: "Print" }).isVisible(), false);
    const cut = await page.locator(".gallery").evaluate((box) => box.scrollHeight - box.clientHeight);
    assert.ok(cut <= 1, "what is printed of the gallery is not cut off");
  });

  it("fits a narrow window", async () => {
    await open({ viewport: { width: 400, height: 800 } });
    await page.locator(".card img").first().waitFor();
  });
});
