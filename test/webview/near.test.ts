/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import type { OpenOptions } from "../support/webview/harness.mjs";
import { usePages } from "../support/webview/pages";
import type { PlanOptions, ReviewAction } from "../../src/protocol/report";

describe("near duplicates on the report page", () => {
  const pages = usePages("report");
  let page: Page;

  async function open(scenario: string, options: OpenOptions = {}): Promise<Locator> {
    page = await pages.open(scenario, options);
    await page.locator("#groups .card").first().waitFor();
    return page.locator("#near");
  }

  const callsOf = pages.calls;
  type Judgement = Extract<ReviewAction, { readonly type: "judge" }>;
  const judgements = async (): Promise<readonly Judgement[]> =>
    (await callsOf("review"))
      .map(({ parameters }) => parameters[0] as ReviewAction)
      .filter((action): action is Judgement => action.type === "judge");
  const decisions = async (): Promise<readonly unknown[]> => (await judgements()).map(({ verdict }) => verdict);

  it("says how far the search is, cancels it, and offers it again", async () => {
    const section = await open("searching");
    await section.getByText("8,204 of 18,632 images · 4,100/s · 3 s left").waitFor();
    const progress = { title: "Searching near duplicates", text: "9,000 of 18,632 images", done: 9_000, total: 18_632 };
    await page.evaluate((shown) => window.fake.report.searchProgress(shown), progress);
    await section.getByText("9,000 of 18,632 images").waitFor();
    await page.getByRole("button", { name: "Other Ways" }).click();
    await page.getByText("They are still being searched.").waitFor();
    await section.getByRole("button", { name: "Cancel Search" }).click();
    await section.getByText("The search was cancelled.").waitFor();
    assert.equal((await callsOf("cancel")).length, 0, "other work goes on");
    // Late progress does not bring it back.
    await page.evaluate((shown) => window.fake.report.searchProgress(shown), progress);
    await section.getByRole("button", { name: "Search Near Duplicates" }).click();
    await section.getByRole("progressbar").waitFor();
    assert.equal((await callsOf("searchNear")).length, 1);
  });

  it("says why a search failed, and that none was asked for", async () => {
    const failed = await open("searchFailed");
    await failed.getByText("Near duplicates could not be searched: The engine ran out of memory.").waitFor();
    await failed.getByRole("button", { name: "Try Again" }).waitFor();
    await page.evaluate(() => window.fake.update({ search: { status: "idle", progress: null, error: null } }));
    await failed.getByText("They were not searched yet.").waitFor();
    assert.equal(await page.getByRole("radio", { name: "Also near" }).count(), 0);
    await page.getByRole("button", { name: "Other Ways" }).click();
    assert.ok(await page.getByRole("checkbox", { name: /^Also near duplicates/ }).isDisabled());
  });

  it("says what was compared and how, and counts with nouns", async () => {
    const section = await open("near");
    await section
      .getByText(/^18,632 different pictures were compared by RMS grey difference .* at 9\.0 or less\./)
      .waitFor();
    const figures = await section.getByRole("list", { name: "Figures of near duplicates" }).innerText();
    assert.match(figures, /260\s+near pairs\s+of different pictures/);
    assert.match(figures, /5\s+pairs expected by chance/);
    assert.match(figures, /test images leak nearly/);
    await section.getByText("262 images took no part: nearly empty").waitFor();
    await section.getByText("The figures as a table").click();
    const row = section.getByRole("row", { name: /^9\.0 to 9\.5/ });
    assert.match(await row.innerText(), /^9\.0 to 9\.5\s+\d+\s+\d+$/);
  });

  it("moves the threshold by keyboard, applies it when it rests, and resets it", async () => {
    const section = await open("near");
    const slider = section.getByRole("slider", { name: "Threshold" });
    assert.equal(await slider.getAttribute("aria-valuetext"), "RMS grey difference 9.0 or less");
    assert.ok(await section.getByRole("button", { name: "Reset to 9.0" }).isDisabled());
    await slider.focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowLeft");
    await section.getByText("8.7 or less").first().waitFor();
    await section.getByText("Two are near at 8.7 or less.").waitFor();
    assert.deepEqual((await callsOf("setThreshold")).at(-1)?.parameters, [8.7]);
    // Moved on at once, so that no time can pass between two moves.
    const before = (await callsOf("setThreshold")).length;
    const whileMoving = await slider.evaluate((element) => {
      for (let i = 0; i < 3; i++) {
        (element as HTMLInputElement).stepUp();
        element.dispatchEvent(new Event("input", { bubbles: true }));
      }
      return window.fake.calls.filter(({ method }) => method === "setThreshold").length;
    });
    assert.equal(whileMoving, before, "it is not applied while it moves");
    await section.getByText("Two are near at 9.0 or less.").waitFor();
    assert.equal((await callsOf("setThreshold")).length, before + 1);
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    await section.getByText("Two are near at 8.9 or less.").waitFor();
    await section.getByRole("button", { name: "Reset to 9.0" }).click();
    await section.getByText("Two are near at 9.0 or less.").waitFor();
    assert.deepEqual((await callsOf("setThreshold")).at(-1)?.parameters, [null]);
  });

  it("leads to less alike on the right, also where a higher score is better", async () => {
    const section = await open("nearPhotos");
    const slider = section.getByRole("slider", { name: "Threshold" });
    assert.equal(await slider.getAttribute("aria-valuetext"), "structural similarity 0.90 or more");
    await slider.focus();
    await page.keyboard.press("ArrowRight");
    await section.getByText("Two are near at 0.89 or more.").waitFor();
    await page.keyboard.press("End");
    await section.getByText("Two are near at 0.70 or more.").waitFor();
  });

  it("leaves the threshold that holds when another one is refused", async () => {
    const section = await open("near");
    await page.evaluate(() => window.fake.failing.set("setThreshold", "The engine ended."));
    await section.getByRole("slider", { name: "Threshold" }).focus();
    await page.keyboard.press("Home");
    await page.getByRole("alert").getByText("The engine ended.").waitFor();
    await section.getByText("Threshold: 9.0 or less").waitFor();
  });

  it("has pairs judged by keyboard, keeps each at once, and says how far the threshold can be trusted", async () => {
    const section = await open("near");
    await section.getByRole("button", { name: "Judge 20 Pairs" }).press("Enter");
    const dialog = page.getByRole("dialog", { name: "Are these duplicates?" });
    await dialog.getByText("1 of 20").waitFor();
    await dialog.locator(".comparison img.crisp").nth(2).waitFor();
    await page.keyboard.press("y");
    await dialog.getByText("2 of 20").waitFor();
    await page.keyboard.press("n");
    await page.keyboard.press("z");
    await dialog.getByText("2 of 20").waitFor();
    await page.keyboard.press("ArrowLeft");
    await dialog.getByText("You said: duplicates").waitFor();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("s");
    await page.waitForFunction(() => window.fake.calls.filter(({ method }) => method === "review").length === 3);
    assert.deepEqual(await decisions(), ["duplicate", "different", null]);
    for (let i = 0; i < 18; i++) await page.keyboard.press(i < 6 ? "n" : "y");
    await dialog.getByText("You judged 19 pairs: 13 are duplicates, 6 not, 1 skipped.").waitFor();
    await dialog.getByText(/^About 67 % of the pairs at 9\.0 or less are duplicates, by 15 judged pairs/).waitFor();
    assert.equal(await dialog.getByRole("row").count(), 5);
    const pairs = (await judgements()).map(({ samples }) => JSON.stringify(samples));
    await dialog.getByRole("button", { name: "Judge 20 More" }).click();
    await dialog.getByText("1 of 20").waitFor();
    await page.keyboard.press("y");
    await page.waitForFunction(
      (count) => window.fake.calls.filter(({ method }) => method === "review").length > count,
      pairs.length,
    );
    const last = (await judgements()).at(-1)?.samples;
    assert.equal(JSON.stringify(last), pairs[1], "what was skipped comes again, before all others");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Judge 20 Pairs");
    await section.getByText(/^About \d+ % of the pairs/).waitFor();
  });

  it("does not take for judged what could not be kept", async () => {
    const section = await open("near");
    await page.evaluate(() => window.fake.failing.set("review", "near.json cannot be written."));
    await section.getByRole("button", { name: "Judge 20 Pairs" }).click();
    const dialog = page.getByRole("dialog", { name: "Are these duplicates?" });
    await dialog.getByText("1 of 20").waitFor();
    await page.keyboard.press("y");
    await dialog.getByText("near.json cannot be written.").waitFor();
    await page.keyboard.press("ArrowLeft");
    await dialog.getByText("1 of 20").waitFor();
    assert.equal(await dialog.getByText("You said").count(), 0);
  });

  it("keeps nothing in Restricted Mode, and says why", async () => {
    const section = await open("nearUntrusted");
    assert.ok(await section.getByRole("button", { name: "Judge 20 Pairs" }).isDisabled());
    await section.getByText("This workspace is in Restricted Mode. Trust it to keep what you decide.").waitFor();
    await section.getByRole("button", { name: "Show Similar Groups" }).click();
    await page.getByRole("button", { name: "Compare", exact: true }).first().click();
    const dialog = page.getByRole("dialog", { name: /similar images$/ });
    await dialog.locator(".comparison img").first().waitFor();
    assert.ok(await dialog.getByRole("button", { name: "Duplicates", exact: true }).isDisabled());
    await page.keyboard.press("y");
    assert.deepEqual(await decisions(), []);
  });

  it("shows similar groups by doubt, compares two of one, and judges them and all of it", async () => {
    await open("near");
    await page.getByRole("button", { name: "Show Similar Groups" }).click();
    await page.getByRole("heading", { name: "Groups of similar images" }).waitFor();
    assert.equal(await page.getByRole("combobox", { name: "Order" }).inputValue(), "doubt");
    const query = (await callsOf("groups")).at(-1)?.parameters[0] as Record<string, unknown>;
    assert.deepEqual([query["tier"], query["similar"], query["sort"]], ["near", true, "doubt"]);
    const first = page.locator("#groups .group").first();
    assert.match(await first.innerText(), /similar images\s+RMS grey difference 1\d\.\d/);
    assert.match((await first.locator(".card").nth(1).getAttribute("aria-label")) ?? "", /RMS grey difference/);

    await page.getByRole("combobox", { name: "Order" }).selectOption("size");
    await page.locator("#groups .group").first().getByRole("button", { name: "Compare", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "4 similar images" });
    const pressed = dialog.getByRole("button", { pressed: true });
    const samples = async (): Promise<unknown> => (await callsOf("compare")).at(-1)?.parameters;
    const names = async (): Promise<string[]> => dialog.locator(".comparison .path").allInnerTexts();
    await dialog.locator(".comparison img").nth(2).waitFor();
    assert.equal(await pressed.count(), 2);
    const [a = "", b = ""] = await names();
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction((name) => document.querySelectorAll(".comparison .path")[1]?.textContent !== name, b);
    const [, c = ""] = await names();
    await page.keyboard.press("x");
    await page.waitForFunction((name) => document.querySelector(".comparison .path")?.textContent === name, c);
    assert.deepEqual(await names(), [c, a]);
    await dialog.locator(".card", { hasText: b.slice(b.lastIndexOf("/") + 1) }).click();
    await page.waitForFunction((name) => document.querySelectorAll(".comparison .path")[1]?.textContent === name, b);
    await page.waitForFunction(() => window.fake.calls.filter(({ method }) => method === "compare").length === 4);
    const compared = await samples();
    await page.keyboard.press("n");
    await dialog.getByText("You said: not duplicates").waitFor();
    const [said] = await judgements();
    assert.deepEqual([said?.samples, said?.verdict], [compared, "different"]);
    await dialog.getByRole("button", { name: "Undo", exact: true }).click();
    await dialog.getByText("You said: not duplicates").waitFor({ state: "detached" });

    await dialog.getByRole("button", { name: "None Are Duplicates" }).click();
    await dialog.getByText("You said: not duplicates").waitFor();
    assert.equal((await judgements()).at(-1)?.samples.length, 4);
    await dialog.getByRole("button", { name: "Undo", exact: true }).click();
    await dialog.getByText("You said: not duplicates").waitFor({ state: "detached" });
    assert.deepEqual(await decisions(), ["different", "different"]);
    assert.equal((await callsOf("undoReview")).length, 2);
    await dialog.locator(".comparison img").nth(2).waitFor();

    // Divider, difference, all of the group; then nearer, and the next group.
    await page.keyboard.press("v");
    await dialog.getByRole("slider", { name: "Divider" }).waitFor();
    await page.keyboard.press("v");
    await page.keyboard.press("v");
    await dialog.locator(".comparison-all img").nth(3).waitFor();
    await page.keyboard.press("+");
    await dialog.getByText("2 ×", { exact: true }).waitFor();
    await page.keyboard.press("j");
    await dialog.getByText("2 of 186", { exact: true }).waitFor();
    await dialog.locator(".comparison img").nth(1).waitFor();
    // Pictures of a dialog that is closed are given back.
    const before = await page.evaluate(() => window.fake.liveBlobs.size);
    await page.keyboard.press("Escape");
    await page.waitForFunction((size) => window.fake.liveBlobs.size <= size - 3, before);
  });

  it("keeps the place in the gallery while groups are counted anew", async () => {
    await open("near");
    await page.getByRole("combobox", { name: "Equality" }).selectOption("similar");
    await page.getByText(/^186 of [\d,]+ groups$/).waitFor();
    await page.locator(".gallery").evaluate((element) => element.scrollTo(0, 9_000));
    await page.locator('.gallery [aria-rowindex="50"] .card').first().waitFor();
    await page.evaluate(() => {
      const { report } = window.fake.reportState;
      if (report !== null) window.fake.update({ report: { ...report, conflicts: { groups: 1, samples: 2 } } });
    });
    await page.waitForTimeout(300);
    assert.equal(await page.locator(".gallery").evaluate((element) => element.scrollTop), 9_000);
    await page.locator('.gallery [aria-rowindex="50"] .card').first().waitFor();
  });

  it("counts near duplicates in the matrix, and plans with them", async () => {
    await open("near");
    await page.getByRole("radio", { name: "Also near" }).check();
    const cell = page.getByRole("button", {
      name: /^\d+ of 3,493 test images .* in train with the same or nearly the same pixels/,
    });
    await cell.click();
    await page.getByRole("heading", { name: "Groups of equal or similar images" }).waitFor();
    const query = (await callsOf("groups")).at(-1)?.parameters[0] as Record<string, unknown>;
    assert.deepEqual([query["tier"], query["splits"]], ["near", ["test", "train"]]);
    await page.getByRole("button", { name: "Plan a Sanitized Copy" }).click();
    await page.getByRole("button", { name: "Discard Plan" }).click();
    await page.getByRole("button", { name: "Other Ways" }).click();
    await page.getByRole("checkbox", { name: /^Also near duplicates/ }).check();
    await page.getByRole("button", { name: "Plan a Sanitized Copy" }).click();
    await page
      .getByRole("list", { name: "Images that would leave or move" })
      .getByText("similar", { exact: true })
      .first()
      .waitFor();
    assert.deepEqual(
      (await callsOf("makePlan")).map(({ parameters }) => (parameters[0] as PlanOptions).tier),
      ["pixel", "near"],
    );
  });

  it("asks for equal groups while near duplicates are not known, whatever was chosen before", async () => {
    await open("near");
    await page.getByRole("radio", { name: "Also near" }).check();
    await page.getByRole("combobox", { name: "Equality" }).selectOption("similar");
    await page.getByText(/^186 of [\d,]+ groups$/).waitFor();
    await page.evaluate(() => {
      const { report } = window.fake.reportState;
      if (report !== null) window.fake.update({ inspection: "another", report: { ...report, near: null } });
    });
    await page.getByText("1,204 groups", { exact: true }).waitFor();
    assert.ok(await page.getByRole("radio", { name: "Same pixels" }).isChecked());
  });

  for (const theme of ["light", "hc-dark", "hc-light"] as const) {
    it(`fits at 200 % zoom in ${theme}`, async () => {
      const section = await open("near", { theme, viewport: { width: 420, height: 450 } });
      await section.getByRole("button", { name: "Judge 20 Pairs" }).click();
      await page.locator(".comparison img").first().waitFor();
    });
  }
});
