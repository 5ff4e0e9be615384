/// <reference lib="dom" />
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Page } from "playwright-core";
import type { OpenOptions } from "../support/webview/harness.mjs";
import { usePages } from "../support/webview/pages";

describe("report page", () => {
  const pages = usePages("report");
  let page: Page;

  async function open(scenario: string, options: OpenOptions = {}): Promise<Page> {
    page = await pages.open(scenario, options);
    return page;
  }

  const callsOf = pages.awaited;
  const focusedName = async (): Promise<string> =>
    page.evaluate(
      () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "",
    );

  it("says the verdict first, with its level and its figures", async () => {
    await open("leak");
    const verdict = page.locator("#verdict");
    await verdict.getByRole("heading", { name: "Leakage: 64 of 3,493 test images also occur in train." }).waitFor();
    assert.equal(await page.locator("main > section").first().getAttribute("id"), "verdict");
    assert.match(await page.getByRole("list", { name: "Key figures" }).innerText(), /20,870\s+images\s+in 3 splits/);
  });

  for (const [scenario, text] of [
    ["clean", /^Clean: Clean: 20,870 images in 3 splits/],
    ["warning", /^Warning: No image of one split occurs/],
  ] as const) {
    it(`says that a dataset is ${scenario}`, async () => {
      await open(scenario);
      await page.getByRole("heading", { name: text }).waitFor();
      await page.getByText("No two images are equal.").waitFor();
    });
  }

  it("says what is odd about images, and opens and reveals them", async () => {
    await open("leak");
    const section = page.locator("#quality");
    await section.getByText("7 files hold another format than the name says: 7 .png are JPEG.").waitFor();
    const check = section.locator("li", { hasText: "Wrong extension" });
    await check.getByText("Show them").click();
    assert.equal(await check.locator("tbody tr").count(), 7);
    await check
      .getByRole("button", { name: /^Open / })
      .nth(1)
      .click();
    assert.deepEqual((await callsOf("openSample"))[0]?.parameters, [3]);
    await check
      .getByRole("button", { name: /^Reveal / })
      .nth(2)
      .click();
    assert.deepEqual((await callsOf("revealSample"))[0]?.parameters, [6]);
  });

  it("takes a correction of one part back, and counts with nouns what long lists leave out", async () => {
    await open("lists");
    const splits = page.locator("#splits");
    await splits.getByText("How this was recognised").click();
    await splits.getByRole("button", { name: "Undo Correction" }).click();
    const undone = (await callsOf("undoCorrection"))[0]?.parameters;
    assert.deepEqual(undone, ["/home/someone/datasets/skin-lesions/metadata.csv#dev"]);
    await splits.getByText("1,001 ignored entries").click();
    await splits.getByText("1 more ignored entry is listed by").waitFor();
    await splits.getByRole("button", { name: "Show 100 of 900 more ignored entries" }).click();
    await splits.getByRole("button", { name: "Show 100 of 800 more ignored entries" }).waitFor();
    await page.locator("#faults").getByText("1,234 more unusable images are listed by").waitFor();
  });

  it("has no section of quality where nothing is odd", async () => {
    await open("clean");
    await page.locator("#sanitize").waitFor();
    assert.equal(await page.locator("#quality").count(), 0);
  });

  it("filters the groups by a cell of the matrix", async () => {
    await open("leak");
    const cell = page.getByRole("button", { name: /^64 of 3,493 test images also occur in train/ });
    await cell.hover();
    assert.match(await page.locator(".readout").innerText(), /with the same pixels: 51 groups, 122 pairs\./);
    await cell.click();
    await page.getByText(/^[\d,]+ of 1,204 groups$/).waitFor();
    assert.equal(await page.getByRole("combobox", { name: "Splits" }).inputValue(), '["train","test"]');
    const last = (await callsOf("groups")).at(-1)?.parameters[0];
    assert.deepEqual((last as { splits: string[] }).splits, ["test", "train"]);
    assert.equal(await cell.getAttribute("aria-pressed"), "true");
    for (const facts of await page.locator(".group-facts").all()) {
      assert.match(await facts.innerText(), /train[\s\S]*test/);
    }
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByText("1,204 groups", { exact: true }).waitFor();
  });

  it("switches the matrix between tiers and leaves blank images out", async () => {
    await open("leak");
    const grid = page.getByRole("grid", { name: "Leakage between splits" });
    await page.getByRole("radio", { name: "Same file" }).check();
    await grid.getByRole("button", { name: /^45 of 3,493 test images .* as the same file/ }).waitFor();
    await page.getByRole("checkbox", { name: "Count blank images" }).uncheck();
    await grid.getByRole("button", { name: /^39 of 3,493 test images .* blank ones left out/ }).waitFor();
    assert.equal(await grid.getByRole("columnheader").count(), 4);
    assert.equal(await grid.getByRole("rowheader").count(), 3);
  });

  it("mounts few rows of 100,000 groups and reads them in small pages", async () => {
    await open("huge");
    const grid = page.getByRole("grid", { name: "Groups of equal images" });
    await grid.waitFor();
    assert.equal(await grid.getAttribute("aria-rowcount"), "100000");
    for (const share of [0.2, 0.5, 0.77, 1]) {
      await grid.evaluate(
        (element, at) => element.scrollTo(0, (element.scrollHeight - element.clientHeight) * at),
        share,
      );
      await page.waitForTimeout(40);
    }
    await page.locator('[aria-rowindex="100000"] .card').first().waitFor();
    assert.ok((await page.locator("[role=row][aria-rowindex]").count()) < 200);
    assert.ok((await page.locator("*").count()) < 3000);
    for (const call of await callsOf("groups")) assert.ok((call.parameters[0] as { count: number }).count <= 100);
    const first = page.locator('[aria-rowindex="99999"]');
    const box = await grid.boundingBox();
    const row = await first.boundingBox();
    assert.ok(box !== null && row !== null && row.y >= box.y && row.y < box.y + box.height);
  });

  it("asks for thumbnails in batches and gives their memory back", async () => {
    await open("huge", { viewport: { width: 1000, height: 700 } });
    const grid = page.getByRole("grid", { name: "Groups of equal images" });
    await grid.waitFor();
    for (let step = 1; step <= 32; step++) {
      await grid.evaluate((element, top) => element.scrollTo(0, top), step * 860);
      await page.waitForTimeout(40);
    }
    await page.waitForFunction(() => document.querySelectorAll(".gallery img").length > 4);
    const calls = await callsOf("thumbnails");
    const samples = calls.flatMap((call) => call.parameters[0] as number[]);
    assert.equal(new Set(samples).size, samples.length, "no picture is asked for twice");
    assert.ok(calls.length < samples.length, "pictures are asked for together");
    assert.ok((await page.evaluate(() => window.fake.liveBlobs.size)) <= 620);
    // Another inspection: every picture of the one before is released.
    await page.evaluate(() => {
      const { report } = window.fake.reportState;
      if (report === null) return;
      window.fake.update({ inspection: "another", report: { ...report, timing: { seconds: 7, samples: 1 } } });
    });
    await page.waitForFunction(() => window.fake.liveBlobs.size < 100);
  });

  it("shows hostile names as text", async () => {
    await open("hostile");
    await page.locator("#groups .card").first().waitFor();
    await page.getByText("How this was recognised").click();
    assert.equal(
      await page.locator("#root b, #root i, #root u, #root script, #root img:not([src^='blob:'])").count(),
      0,
    );
    await page.getByRole("heading", { level: 1, name: "<b>bold</b> & [U+202E]evil[U+202C] dataset" }).waitFor();
    await page
      .getByRole("button", { name: /<img src=x onerror=alert\(1\)>\.png/ })
      .first()
      .waitFor();
    assert.ok(!(await page.locator("#root").innerText()).includes("\u202E"));
  });

  it("is used by keyboard: matrix, groups, menu", async () => {
    await open("leak");
    await page.locator("#groups .card").first().waitFor();
    const stops = await page.locator(".matrix [tabindex='0']").count();
    assert.equal(stops, 1, "the matrix is one stop of the Tab key");
    await page.locator(".matrix [tabindex='0']").focus();
    assert.match(await focusedName(), /^448 of 13,901 train images also occur in validation/);
    await page.keyboard.press("ArrowDown");
    assert.match(await focusedName(), /^validation: 3,476 images/);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.getByText(/^[\d,]+ of 1,204 groups$/).waitFor();

    await page.locator(".gallery .card[tabindex='0']").focus();
    const before = await focusedName();
    await page.keyboard.press("ArrowRight");
    assert.notEqual(await focusedName(), before);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => window.fake.calls.some((call) => call.method === "openSample"));
    await page.keyboard.press("Control+End");
    const total = await page.getByRole("grid", { name: "Groups of equal images" }).getAttribute("aria-rowcount");
    await page.waitForFunction(
      (row) =>
        document.activeElement?.closest("[role=row]")?.getAttribute("aria-rowindex") === row &&
        document.activeElement.matches(".card"),
      total,
    );

    await page.keyboard.press("Shift+F10");
    assert.equal(await focusedName(), "Open");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => window.fake.calls.some((call) => call.method === "revealSample"));
    assert.match(await focusedName(), /\.png$/, "the focus is back on the picture");
  });

  it("keeps the focus on a picture that is scrolled out of sight", async () => {
    await open("huge");
    await page.locator(".gallery .card").first().focus();
    const name = await focusedName();
    await page.locator(".gallery").evaluate((element) => element.scrollTo(0, 500_000));
    await page.locator('.gallery [aria-rowindex="2945"]').waitFor();
    assert.equal(await focusedName(), name);
  });

  it("opens all of a big group", async () => {
    await open("leak");
    await page.getByRole("button", { name: /^\+ 24\d more$/ }).click();
    const dialog = page.getByRole("dialog", { name: "248 equal images" });
    await dialog.locator(".card").nth(247).waitFor();
    await dialog.locator(".card").nth(3).click({ button: "right" });
    await page.getByRole("menuitem", { name: "Copy Path" }).click();
    assert.equal((await callsOf("copySampleId")).length, 1);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  });

  it("goes to one group when the tree asks for it, and to the tree from a picture", async () => {
    await open("huge");
    await page.locator('.card[data-cell="0-0"]').waitFor();
    await page.evaluate(() => window.fake.report.showGroup({ tier: "pixel", sort: "first" }, 4321));
    const isReached = (): boolean => (document.activeElement as HTMLElement).dataset["cell"] === "4321-0";
    await page.waitForFunction(isReached);
    await page.waitForFunction(() => {
      const { top, bottom } = (document.activeElement as HTMLElement).getBoundingClientRect();
      return top >= 0 && bottom <= window.innerHeight + 1;
    });
    // Once reached it is left alone: another filter does not jump there again.
    await page.evaluate(() => window.fake.report.filterGroups({ tier: "file" }));
    await page.locator('.card[data-cell="0-0"]').waitFor();
    assert.equal(await page.evaluate(isReached), false);
    await page.locator('.card[data-cell="0-0"]').click({ button: "right" });
    await page.getByRole("menuitem", { name: "Reveal in Datasets" }).click();
    assert.equal((await pages.awaited("revealInTree")).length, 1);
  });

  it("corrects a role", async () => {
    await open("leak");
    await page.getByRole("combobox", { name: "Role of validation" }).selectOption("test");
    assert.deepEqual((await callsOf("setRole"))[0]?.parameters, ["validation", "test"]);
  });

  it("goes from nothing by progress and cancelling to a failure", async () => {
    await open("empty");
    await page.getByRole("button", { name: "Inspect Dataset" }).click();
    await page.getByRole("progressbar").waitFor();
    const text = "5,000 of 20,000 images · 2,500/s · 6 s left";
    const progress = { title: "Reading", text, done: 5_000, total: 20_000 };
    await page.evaluate((shown) => window.fake.report.progress(shown), progress);
    await page.getByText(text).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Inspection cancelled").waitFor();
    // Late progress does not bring it back.
    await page.evaluate((shown) => window.fake.report.progress(shown), progress);
    assert.equal(await page.getByRole("progressbar").count(), 0);
    await page.evaluate(() => window.fake.update({ error: "The folder is not there any more." }));
    await page.getByText("The folder is not there any more.").waitFor();
    await page.getByRole("button", { name: "Try Again" }).click();
    await page.getByRole("progressbar").waitFor();
  });

  it("keeps the report while the dataset is inspected again", async () => {
    await open("again");
    await page.getByRole("heading", { name: /also occur in train/ }).waitFor();
    await page.getByText("12,480 of 20,870 images · 9,800/s · 1 s left").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("This is the report from before").waitFor();
  });

  for (const scenario of ["loading", "again"]) {
    it(`pauses an inspection, resumes it and gives it up: ${scenario}`, async () => {
      await open(scenario);
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByText("Paused", { exact: true }).waitFor();
      assert.equal(await page.getByRole("button", { name: "Pause" }).count(), 0);
      // Late progress does not make it run again.
      const late = { title: "Reading", text: "late", done: 13_000, total: 20_870 };
      await page.evaluate((shown) => window.fake.report.progress(shown), late);
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByText(/Inspection cancelled|This is the report from before/).waitFor();
      assert.equal((await callsOf("pause")).length, 2);
      assert.equal((await callsOf("resume")).length, 1);
    });
  }

  for (const scenario of ["paused", "pausedAgain"]) {
    it(`says where it was paused when it opens: ${scenario}`, async () => {
      await open(scenario, { viewport: { width: 420, height: 700 } });
      await page.getByText("12,480 of 20,870 images", { exact: true }).waitFor();
      assert.equal(await page.getByRole("progressbar", { name: "Paused" }).count(), 1);
      const again = page.getByRole("button", { name: "Inspect Again" });
      if (scenario === "pausedAgain") assert.ok(await again.isDisabled());
      else assert.equal(await again.count(), 0);
    });
  }

  it("says when the groups cannot be read, and reads them again", async () => {
    await open("leak");
    await page.locator("#groups .card").first().waitFor();
    await page.evaluate(() => window.fake.failing.set("groups", "The engine ended."));
    await page.getByRole("combobox", { name: "Labels" }).selectOption("yes");
    await page.getByText("The groups could not be read: The engine ended.").waitFor();
    await page.evaluate(() => window.fake.failing.clear());
    await page.getByRole("button", { name: "Try Again" }).click();
    await page.getByText("37 of 1,204 groups").waitFor();
  });

  it("is filtered by the host", async () => {
    await open("leak");
    await page.locator("#groups .card").first().waitFor();
    await page.evaluate(() => window.fake.report.filterGroups({ conflict: true, label: "F" }));
    await page.getByText(/^\d+ of 1,204 groups$/).waitFor();
    assert.equal(await page.getByRole("combobox", { name: "Class" }).inputValue(), "=F");
    assert.ok((await page.evaluate(() => window.scrollY)) > 500);
  });

  it("comes back as it was", async () => {
    await open("leak");
    await page.getByRole("radio", { name: "Same file" }).check();
    await page.getByRole("combobox", { name: "Splits" }).selectOption("leaking");
    await page.getByText(/^[\d,]+ of 1,204 groups$/).waitFor();
    await page.locator("#groups").scrollIntoViewIfNeeded();
    await page.locator(".gallery").evaluate((element) => element.scrollTo(0, 20_000));
    await page.locator('.gallery [aria-rowindex="120"] .card').first().waitFor();
    await page.waitForTimeout(900);
    const picture = (): Promise<unknown> =>
      page.evaluate(() => ({
        scroll: window.scrollY,
        gallery: document.querySelector(".gallery")?.scrollTop,
        rows: [...document.querySelectorAll(".gallery [role=row]")].map((row) => (row as HTMLElement).innerText),
        filter: [...document.querySelectorAll(".filters select")].map((select) => (select as HTMLSelectElement).value),
        tier: document.querySelector<HTMLInputElement>("input[name=tier]:checked")?.value,
      }));
    const before = await picture();
    await page.reload();
    await page.locator('.gallery [aria-rowindex="120"] .card').first().waitFor();
    // Rows are drawn and filled one after the other.
    for (let tries = 0; tries < 50 && !isDeepStrictEqual(await picture(), before); tries++)
      await page.waitForTimeout(100);
    assert.deepEqual(await picture(), before);
  });

  for (const theme of ["light", "hc-dark", "hc-light"] as const) {
    it(`fits at 200 % zoom in ${theme}`, async () => {
      await open("plan", { theme, viewport: { width: 420, height: 450 } });
      await page.locator("#groups .card").first().waitFor();
      await page.getByRole("button", { name: "Inspect Again" }).waitFor();
    });
  }

  it("is small", async () => {
    await open("clean");
    assert.ok((pages.sizes()["report.js"] ?? Infinity) < 250_000);
    assert.ok((pages.sizes()["training.js"] ?? Infinity) < 400_000);
  });
});
