/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { ReviewAction } from "../../src/protocol/report";
import { REVIEW_KEYS } from "../../webview-ui/src/report/reviewKeys";
import type { OpenOptions } from "../support/webview/harness.mjs";
import { usePages } from "../support/webview/pages";

describe("gallery", () => {
  const pages = usePages("report");
  let page: Page;

  /** Opens a scenario, with the focus on the first image of the second group: the first one is large and blank. */
  async function open(scenario = "leak", options: OpenOptions = {}): Promise<void> {
    page = await pages.open(scenario, options);
    await card(2, 1).focus();
  }

  const card = (row: number, at = 1) => page.locator(`[aria-rowindex="${String(row)}"] .card`).nth(at - 1);
  const status = (text: string | RegExp) => page.locator(".gallery-said [role=status]").filter({ hasText: text });
  const about = (text: string | RegExp) => page.locator(".review-about [role=status]").filter({ hasText: text });
  const focusedCell = () => page.evaluate(() => document.activeElement?.getAttribute("data-cell") ?? null);
  /** Waits until the focus is on a cell, e.g. "2-0": the first image of the third group. */
  const focusOn = (cell: string) =>
    page.waitForFunction((wanted) => document.activeElement?.getAttribute("data-cell") === wanted, cell);
  async function reviewed(count: number): Promise<readonly ReviewAction[]> {
    await page.waitForFunction(
      (wanted) => window.fake.calls.filter(({ method }) => method === "review").length >= wanted,
      count,
    );
    return (await pages.calls("review")).map(({ parameters }) => parameters[0] as ReviewAction);
  }
  const lastQuery = async (): Promise<Readonly<Record<string, unknown>>> =>
    (await pages.calls("groups")).at(-1)?.parameters[0] as Readonly<Record<string, unknown>>;
  it("keeps one by K, goes on to the next undecided group, and takes it back by Z", async () => {
    await open();
    await page.keyboard.press("k");
    await card(2).and(page.locator(".keep")).waitFor();
    await page.locator('[aria-rowindex="2"] .tag.decided').waitFor();
    await focusOn("2-0");
    await status("Kept Q2FsbGlncmFwaGlj").waitFor();
    const [first] = await reviewed(1);
    assert.equal(first?.type, "keep-one");
    const { sample, insteadOf } = first;
    assert.equal(insteadOf.length, 13, "all others of the group, also those that do not fit");
    assert.ok(!insteadOf.includes(sample));

    await page.keyboard.press("z");
    await card(2).and(page.locator(".keep")).waitFor({ state: "detached" });
    await focusOn("1-0");
    await pages.awaited("undoReview");
    await page.keyboard.press("Shift+Z");
    await card(2).and(page.locator(".keep")).waitFor();
    await pages.awaited("redoReview");
    await page.keyboard.press("Control+z");
    await card(2).and(page.locator(".keep")).waitFor({ state: "detached" });
    await page.keyboard.press("Control+y");
    await card(2).and(page.locator(".keep")).waitFor();
    // It is shown before the host has heard of it.
    await page.waitForFunction(() => window.fake.calls.filter(({ method }) => method === "redoReview").length >= 2);
    assert.equal((await pages.calls("redoReview")).length, 2);
  });

  it("takes another one of a group by K, more than one by Shift+K, and the same key takes it back", async () => {
    await open();
    await page.getByRole("checkbox", { name: "Advance" }).uncheck();
    await card(2, 1).focus();
    await page.keyboard.press("k");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("k");
    const row = page.locator('[aria-rowindex="2"]');
    await row.locator(".card.keep").nth(0).waitFor();
    assert.equal(await row.locator(".card.keep").count(), 1);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+K");
    await row.locator(".card.keep").nth(1).waitFor();
    await page.keyboard.press("Shift+K");
    await row.locator(".card.keep").nth(1).waitFor({ state: "detached" });
    assert.equal(await focusedCell(), "1-2", "the focus stays where it is");
    const types = (await reviewed(4)).map((action) => (action.type === "choose" ? action.choice : action.type));
    assert.deepEqual(types, ["keep-one", "keep-one", "keep", null]);
  });

  it("drops by D and keeps all by A, with decided groups passed over", async () => {
    await open();
    await page.keyboard.press("d");
    await card(2).and(page.locator(".drop")).waitFor();
    await focusOn("2-0");
    await page.keyboard.press("a");
    await page.locator('[aria-rowindex="3"] .card.keep').nth(5).waitFor();
    await focusOn("3-0");
    await page.keyboard.press("Shift+J");
    await page.keyboard.press("Shift+J");
    await focusOn("1-0");
    await page.keyboard.press("u");
    await focusOn("3-0");
    await page.keyboard.press("Shift+U");
    await focusOn("0-0");
    await page.keyboard.press("j");
    await focusOn("1-0");
    await page.keyboard.press("f");
    await page.locator('[aria-rowindex="2"] .tag.decided').waitFor({ state: "detached" });
    const actions = await reviewed(3);
    assert.deepEqual(
      actions.map((action) => (action.type === "groups" ? action.change.type : action.type)),
      ["choose", "keep-all", "forget"],
    );
    assert.match((await card(3).getAttribute("aria-label")) ?? "", /, kept and train\/A\/Q2Fs/);
  });

  it("takes back what the host refuses, and says why", async () => {
    await open();
    await page.evaluate(() => window.fake.failing.set("review", "choices.json cannot be written."));
    const before = await page.locator(".gallery").boundingBox();
    await page.keyboard.press("d");
    const alert = page.getByRole("alert").filter({ hasText: "choices.json cannot be written." });
    await alert.waitFor();
    assert.equal(await page.locator(".card.drop, .tag.decided").count(), 0);
    assert.deepEqual(await page.locator(".gallery").boundingBox(), before, "nothing moves");
    // A step that was refused is none that could be taken back.
    await page.keyboard.press("z");
    await status("There is nothing to take back.").waitFor();
    assert.equal((await pages.calls("undoReview")).length, 0);
    await page.evaluate(() => window.fake.failing.clear());
    await page.keyboard.press("d");
    await alert.waitFor({ state: "detached" });
    await page.locator(".card.drop").waitFor();
  });

  it("says that similar images are not duplicates by N, but not of equal ones", async () => {
    await open();
    await page.keyboard.press("n");
    await status("Equal images are always duplicates").waitFor();
    assert.equal((await pages.calls("review")).length, 0);
    await page.context().close();
    await open("near");
    await page.getByRole("button", { name: "Show Similar Groups" }).click();
    await page.getByText(/^186 of 1,390 groups$/).waitFor();
    await card(3).focus();
    await page.keyboard.press("n");
    await page.getByText(/^18[0-5] of 1,38\d groups$/).waitFor();
    const [action] = await reviewed(1);
    assert.equal(action?.type === "groups" && action.change.type, "different");
    assert.equal(action?.type === "groups" && action.groups !== "all" && action.groups.length, 1);
  });

  it("opens, reveals and copies by key, and opens a group by its tile", async () => {
    await open();
    await page.keyboard.press("o");
    await page.keyboard.press("Enter");
    await page.keyboard.press("r");
    await page.keyboard.press("c");
    await pages.awaited("copySampleId");
    assert.equal((await pages.calls("openSample")).length, 2);
    assert.equal((await pages.calls("revealSample")).length, 1);
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "14 equal images" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Home");
    await page.keyboard.press("g");
    await page.getByRole("dialog", { name: "14 equal images" }).waitFor();
    await page.keyboard.press("Escape");
    await focusOn("1-0");
    await card(2).dblclick();
    await page.waitForFunction(() => window.fake.calls.filter(({ method }) => method === "openSample").length === 3);
  });

  it("selects by mouse and by key, and changes what is selected", async () => {
    await open();
    await card(2).click();
    await about("1 group selected").waitFor();
    await page.keyboard.press("ArrowDown");
    await about("Group 3 of 1,204").waitFor();
    await card(3).click();
    await card(6).click({ modifiers: ["Shift"] });
    await about("4 groups selected").waitFor();
    await card(4).click({ modifiers: ["Control"] });
    await about("3 groups selected").waitFor();
    assert.equal(await page.locator('.group[aria-selected="true"]').count(), 3);
    await page.getByRole("button", { name: "Keep First" }).click();
    await about("Group 4 of 1,204").waitFor();
    const [action] = await reviewed(1);
    assert.ok(action?.type === "groups" && action.groups !== "all" && action.change.type === "keep-first");
    assert.equal(action.groups.length, 3);
    await page.locator('[aria-rowindex="3"] .card.keep').waitFor();
    assert.equal(await page.locator('[aria-rowindex="4"] .card.keep').count(), 0);

    await card(4).focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await about("2 groups selected").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Shift+PageDown");
    await about(/^\d groups selected$/).waitFor();
  });

  it("selects across rows that were not read", async () => {
    await open("huge");
    await card(2).click();
    await page.locator(".gallery").evaluate((element) => element.scrollTo(0, 170_000));
    await card(1001).click({ modifiers: ["Shift"] });
    await about("1,000 groups selected").waitFor();
  });

  it("asks once before all groups are changed, and takes it back as a whole", async () => {
    await open();
    const before = await page.locator(".gallery").boundingBox();
    await page.keyboard.press("Control+a");
    await about("All 1,204 groups selected").waitFor();
    assert.equal(await page.evaluate(() => String(document.getSelection())), "", "no text is selected");
    await page.getByRole("button", { name: "Drop From…" }).click();
    await page.getByRole("menuitem", { name: "test" }).click();
    const dialog = page.getByRole("dialog", { name: "Drop the test images of 1,204 groups?" });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    assert.equal((await pages.calls("review")).length, 0);
    await about("All 1,204 groups selected").waitFor();
    await page.getByRole("button", { name: "Drop From…" }).click();
    await page.getByRole("menuitem", { name: "test" }).click();
    await dialog.getByRole("button", { name: "Drop" }).click();
    await page.locator(".card.drop").first().waitFor();
    await status("Dropped the test images of 1,204 groups.").waitFor();
    const [action] = await reviewed(1);
    assert.deepEqual(action, {
      type: "groups",
      filter: { sort: "size" },
      groups: "all",
      change: { type: "drop-split", split: "test" },
    });
    for (const facts of await page.locator(".group", { has: page.locator(".card.drop") }).all())
      assert.match(await facts.locator(".group-splits").innerText(), /test/);
    assert.deepEqual(await page.locator(".gallery").boundingBox(), before, "nothing moves");
    const undo = page.getByRole("button", { name: "Undo: drop-split of all groups" });
    assert.match((await undo.getAttribute("title")) ?? "", /\(Z\)$/);
    await undo.click();
    await page.locator(".card.drop").first().waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Redo: drop-split of all groups" }).waitFor();
  });

  it("filters by text when the hand rests, and by what is decided, and says how many are shown", async () => {
    await open("reviewed");
    await page.getByText("1,204 groups", { exact: true }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("CiO4");
    await page.getByText(/^\d+ of 1,204 groups$/).waitFor();
    const texts = (await pages.calls("groups")).map(({ parameters }) => (parameters[0] as { text?: string }).text);
    assert.deepEqual([...new Set(texts)], [undefined, "CiO4"], "not for every letter");
    await page.getByRole("button", { name: "Clear Filters" }).click();
    await page.getByText("1,204 groups", { exact: true }).waitFor();
    assert.equal(await page.getByRole("searchbox", { name: "Path contains" }).inputValue(), "");
    await page.getByRole("combobox", { name: "Decisions" }).selectOption("yes");
    await page.getByText("3 of 1,204 groups").waitFor();
    assert.equal((await lastQuery())["decided"], true);
    await page.getByRole("combobox", { name: "Decisions" }).selectOption("no");
    await page.getByText("1,201 of 1,204 groups").waitFor();
  });

  it("goes on from group to group where decided ones leave the list", async () => {
    await open();
    await page.getByRole("combobox", { name: "Decisions" }).selectOption("no");
    await page.locator(".gallery").evaluate((element) => element.scrollTo(0, 5_000));
    await card(32).focus();
    const second = (await card(33).getAttribute("aria-label")) ?? "";
    const third = (await card(34).getAttribute("aria-label")) ?? "";
    const before = await card(33).boundingBox();
    await page.keyboard.press("k");
    await page.getByText("1,203 of 1,204 groups").waitFor();
    await focusOn("31-0");
    assert.equal(await card(32).getAttribute("aria-label"), second);
    assert.deepEqual(await card(32).boundingBox(), before, "what is looked at stays where it was");
    await page.keyboard.press("d");
    await page.getByText("1,202 of 1,204 groups").waitFor();
    await focusOn("31-0");
    assert.equal(await card(32).getAttribute("aria-label"), third);
    await page.keyboard.press("z");
    await page.getByText("1,203 of 1,204 groups").waitFor();
  });

  it("finds the next undecided group far away, and says when there is none", async () => {
    await open();
    await page.evaluate(() => {
      const { groups } = { groups: Array.from({ length: 1_204 }, (_, group) => group) };
      window.fake.review({
        type: "groups",
        filter: {},
        groups: groups.filter((group) => group !== 1_203),
        change: { type: "keep-first" },
      });
    });
    await page.locator('[aria-rowindex="2"] .card.keep').waitFor();
    // While the groups are read anew a key may come too early.
    for (let tries = 0; (await focusedCell()) !== "1203-0" && tries < 50; tries++) {
      await page.keyboard.press("u");
      await page.waitForTimeout(200);
    }
    assert.equal(await focusedCell(), "1203-0");
    await page.keyboard.press("k");
    await status("No undecided group is left here.").waitFor();
  });

  it("zooms by keys, wheel and slider, keeps the focused group in its place, and remembers it", async () => {
    await open();
    await page.locator(".gallery").evaluate((element) => element.scrollTo(0, 5_000));
    await card(32).focus();
    const place = async (): Promise<number> => {
      const [of, box] = [
        await page.locator('[aria-rowindex="32"]').boundingBox(),
        await page.locator(".gallery").boundingBox(),
      ];
      return Math.round((of?.y ?? 0) - (box?.y ?? 0));
    };
    const before = await place();
    await page.keyboard.press("+");
    await page.waitForFunction(() => document.querySelector(".gallery .picture")?.clientWidth === 128);
    assert.ok(Math.abs((await place()) - before) <= 1);
    await page.locator(".gallery").hover();
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, 100);
    await page.mouse.wheel(0, 100);
    await page.keyboard.up("Control");
    await page.waitForFunction(() => document.querySelector(".gallery .picture")?.clientWidth === 80);
    const slider = page.getByRole("slider", { name: "Size of pictures" });
    await slider.press("Home");
    await page.waitForFunction(() => document.querySelector(".gallery .picture")?.clientWidth === 48);
    await slider.press("End");
    await page.waitForFunction(() => document.querySelector(".gallery .picture")?.clientWidth === 256);
    assert.equal(await slider.getAttribute("aria-valuetext"), "256 pixels");
    await page.locator(".gallery img.crisp").first().waitFor();
    await page.getByRole("checkbox", { name: "Advance" }).uncheck();
    await page.waitForTimeout(400);
    await page.reload();
    await page.waitForFunction(() => document.querySelector(".gallery .picture")?.clientWidth === 256);
    assert.ok(!(await page.getByRole("checkbox", { name: "Advance" }).isChecked()));
  });

  for (const size of ["usual", "largest"] as const) {
    it(`scrolls through 100,000 groups to the last one, at the ${size} size`, async () => {
      await open("huge");
      if (size === "largest") await page.getByRole("slider", { name: "Size of pictures" }).press("End");
      await card(2).focus();
      await page.keyboard.press("Control+End");
      await page.locator('[aria-rowindex="100000"] .card').first().waitFor();
      await focusOn("99999-0");
      const [row, box] = [
        await page.locator('[aria-rowindex="100000"]').boundingBox(),
        await page.locator(".gallery").boundingBox(),
      ];
      assert.ok(row && box && row.y >= box.y && row.y + row.height <= box.y + box.height + 1);
      await page.keyboard.press("ArrowUp");
      await focusOn("99998-0");
      await page.keyboard.press("Control+Home");
      await focusOn("0-0");
    });
  }

  it("comes into view with the group that is gone to, where the page shows only a part of it", async () => {
    await open("huge");
    await page.setViewportSize({ width: 1180, height: 500 });
    await page.evaluate(() => {
      const top = document.querySelector(".gallery")?.getBoundingClientRect().top ?? 0;
      window.scrollBy(0, top - window.innerHeight + 40);
    });
    for (const key of ["j", "j", "j"]) await page.keyboard.press(key);
    await focusOn("4-0");
    const box = await card(5).boundingBox();
    assert.ok(box && box.y >= 0 && box.y + box.height <= 501, JSON.stringify(box));
  });

  it("is entered by Tab where it was left, wherever it is scrolled to", async () => {
    await open("huge");
    await card(2).focus();
    const cell = await page.evaluate(() => document.activeElement?.getAttribute("data-cell"));
    await page.getByRole("slider", { name: "Size of pictures" }).focus();
    await page.locator(".gallery").evaluate((gallery) => (gallery.scrollTop = 200_000));
    await page.waitForFunction(() =>
      [...document.querySelectorAll(".gallery [aria-rowindex]")].some((row) => Number(row.ariaRowIndex) > 100),
    );
    const inGallery = (): Promise<boolean> =>
      page.evaluate(() => document.activeElement?.closest(".gallery") instanceof HTMLElement);
    for (let presses = 0; presses < 15 && !(await inGallery()); presses++) await page.keyboard.press("Tab");
    await focusOn(cell ?? "");
    await page.keyboard.press("ArrowRight");
    assert.ok(await inGallery());
  });

  it("shows the keys by ?, from the table that they come from", async () => {
    await open();
    await page.keyboard.press("?");
    const dialog = page.getByRole("dialog", { name: "Keys of the gallery" });
    await dialog.waitFor();
    for (const { does } of REVIEW_KEYS) await dialog.getByText(does(), { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await focusOn("1-0");
  });

  it("says things of an image by its menu and by the mouse", async () => {
    await open();
    await card(2).click({ button: "right" });
    assert.deepEqual(await page.getByRole("menuitem").allInnerTexts(), [
      "Open",
      "Reveal in Explorer",
      "Reveal in Datasets",
      "Copy Path",
      "Keep This One",
      "Drop This One",
    ]);
    await page.getByRole("menuitem", { name: "Drop This One" }).click();
    await card(2).and(page.locator(".drop")).waitFor();
    await card(2).click({ button: "right" });
    await page.getByRole("menuitem", { name: "Forget" }).click();
    await card(2).and(page.locator(".drop")).waitFor({ state: "detached" });
    await card(2).hover();
    await page.locator('[aria-rowindex="2"] .quick').first().click();
    await card(2).and(page.locator(".keep")).waitFor();
    assert.equal(await focusedCell(), "1-0", "the mouse does not lead away");
  });

  it("keeps nothing in Restricted Mode, and says why", async () => {
    await open("reviewUntrusted");
    await page.locator("#groups").getByText("This workspace is in Restricted Mode. Trust it").waitFor();
    for (const key of ["k", "d", "a", "f"]) await page.keyboard.press(key);
    await status("Nothing was kept.").waitFor();
    assert.equal((await pages.calls("review")).length, 0);
    assert.ok(await page.getByRole("button", { name: "Keep All" }).isDisabled());
    assert.equal(
      await page.getByRole("button", { name: "Keep All" }).getAttribute("aria-describedby"),
      "review-untrusted",
    );
    await card(2).click({ button: "right" });
    assert.equal(await page.getByRole("menuitem", { name: "Keep This One" }).count(), 0);
  });

  for (const theme of ["dark", "light", "hc-dark", "hc-light"] as const) {
    it(`fits at 200 % zoom in ${theme}, at every size`, async () => {
      await open("reviewed", { theme, viewport: { width: 400, height: 450 } });
      for (const press of ["Home", "End"]) {
        await page.getByRole("slider", { name: "Size of pictures" }).press(press);
        await page.locator(".gallery .card").first().waitFor();
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
      }
    });
  }
});
