/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import type { OpenOptions } from "../support/webview/harness.mjs";
import { usePages } from "../support/webview/pages";

describe("label audit page", () => {
  const pages = usePages("labels");
  let page: Page;

  async function open(scenario: string, options: OpenOptions = {}): Promise<Page> {
    page = await pages.open(scenario, options);
    return page;
  }
  const card = (index: number): Locator => page.locator(`[data-index="${index}"]`);
  const judged = async (): Promise<readonly (readonly unknown[])[]> =>
    (await pages.calls("judge")).map(({ parameters }) => parameters);
  /** Waits until so many verdicts were given on. */
  const judgedTimes = (times: number): Promise<unknown> =>
    page.waitForFunction(
      (wanted) => window.fake.calls.filter((call) => call.method === "judge").length === wanted,
      times,
    );
  const asked = async (): Promise<unknown> => (await pages.calls("suspects")).at(-1)?.parameters[0];

  it("says the sentence first, and names every suspect in full", async () => {
    await open("done");
    await page.getByRole("heading", { name: /^341 of 22,217 labels should be looked at/ }).waitFor();
    await card(3).waitFor();
    assert.match(
      (await card(3).getAttribute("aria-label")) ?? "",
      /^label B \(0\.2 %\), looks like C \(99\.7 %\), train, 2 duplicates, 2 with another label and .+\.png$/,
    );
    assert.equal(await card(3).locator(".tag").innerText(), "2 differ");
    assert.equal(await page.getByRole("button", { name: "Review Plan" }).count(), 0);
  });

  it("is judged by keys: W and R go on to the next one, U takes back", async () => {
    await open("done");
    await card(0).focus();
    await page.keyboard.press("w");
    await page.keyboard.press("r");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("w");
    await judgedTimes(3);
    assert.deepEqual(await judged(), [
      [[0], "wrong"],
      [[1], "right"],
      [[3], "wrong"],
    ]);
    await page.getByText("3 labels judged: 2 wrong, 1 right.").waitFor();
    assert.match((await card(0).getAttribute("aria-label")) ?? "", /judged wrong/);
    await page.keyboard.press("u");
    await judgedTimes(4);
    assert.deepEqual((await judged()).at(-1), [[3], null]);
    await page.getByText("2 labels judged: 1 wrong, 1 right.").waitFor();
    assert.equal(await card(3).evaluate((element) => element === document.activeElement), true);
    await page.getByRole("button", { name: "Review Plan" }).click();
    await pages.awaited("reviewPlan");
  });

  it("moves by arrows, pages and ends, and opens with Enter", async () => {
    await open("done");
    await card(0).focus();
    await page.keyboard.press("ArrowDown");
    const columns = await page.evaluate(() => Number((document.activeElement as HTMLElement).dataset["index"]));
    assert.ok(columns > 2);
    await page.keyboard.press("End");
    await card(340).waitFor();
    await page.waitForFunction(() => (document.activeElement as HTMLElement).dataset["index"] === "340");
    await page.keyboard.press("Enter");
    assert.deepEqual((await pages.awaited("openSample"))[0]?.parameters, [340]);
    await page.keyboard.press("Home");
    await page.waitForFunction(() => (document.activeElement as HTMLElement).dataset["index"] === "0");
  });

  it("judges many at once: by Shift, by Ctrl and by Select All", async () => {
    await open("done");
    await card(1).click();
    await card(3).click({ modifiers: ["Shift"] });
    await page.getByText("3 images selected").waitFor();
    await page.getByRole("button", { name: "Label Is Wrong" }).click();
    await judgedTimes(1);
    assert.deepEqual(await judged(), [[[1, 2, 3], "wrong"]]);
    await card(5).click({ modifiers: ["ControlOrMeta"] });
    await card(7).click({ modifiers: ["ControlOrMeta"] });
    await page.keyboard.press("r");
    await judgedTimes(2);
    assert.deepEqual((await judged()).at(-1), [[5, 7], "right"]);
    await page.getByRole("button", { name: "Select All" }).click();
    await page.getByText("341 images selected").waitFor();
    await page.keyboard.press("Escape");
    // What was right and what was nothing is wrong now; one key brings both back.
    await card(4).click();
    await card(5).click({ modifiers: ["Shift"] });
    await page.getByText("2 images selected").waitFor();
    await page.keyboard.press("w");
    await judgedTimes(3);
    await page.keyboard.press("u");
    await judgedTimes(5);
    assert.deepEqual((await judged()).slice(-2), [
      [[4], null],
      [[5], "right"],
    ]);
  });

  it("a verdict that cannot be kept is taken back, with the reason", async () => {
    await open("done");
    await card(0).focus();
    await page.evaluate(() => window.fake.failing.set("judge", "labels.json cannot be written: the disk is full."));
    await page.keyboard.press("w");
    await page.getByRole("alert").getByText("the disk is full").waitFor();
    assert.doesNotMatch((await card(0).getAttribute("aria-label")) ?? "", /judged/);
    assert.equal(await page.getByRole("button", { name: "Undo" }).isDisabled(), true);
  });

  it("filters by split, label, contradiction and verdict, and asks the host for it", async () => {
    await open("judged");
    await card(0).waitFor();
    await page.getByLabel("Split").selectOption("test");
    await page.getByLabel("Label", { exact: true }).selectOption("B");
    await page.getByLabel("Only not judged").check();
    await page.getByText(/^1 of 11$/).waitFor();
    assert.deepEqual(await asked(), {
      ...{ split: "test", label: "B", onlyConflicting: false, onlyUnjudged: true },
      ...{ from: 0, count: 50 },
    });
    await page.getByLabel("Only with contradicting duplicates").check();
    await page.getByText(/^1 of 3$/).waitFor();
    await page.getByLabel("Label", { exact: true }).selectOption("C");
    await page.getByText("No suspect passes these filters.").waitFor();
    await page.getByRole("button", { name: "Clear Filters" }).click();
    await page.getByText("1 of 341").waitFor();
    await page.getByText("Which classes are taken for one another").click();
    await page.getByRole("row", { name: /^D E/ }).getByRole("button", { name: "D" }).click();
    await page.getByText(/^1 of 34$/).waitFor();
  });

  it("comes back with its filter and its place", async () => {
    await open("done");
    await page.getByLabel("Label", { exact: true }).selectOption("B");
    await card(2).click();
    await page.getByText(/^3 of 34$/).waitFor();
    await page.waitForFunction(() => sessionStorage.getItem("view of /labels")?.includes('"at":2'));
    await page.reload();
    await page.getByText(/^3 of 34$/).waitFor();
  });

  it("mounts few of very many", async () => {
    await open("huge");
    await card(0).focus();
    await page.keyboard.press("End");
    await card(52_103).waitFor();
    assert.ok((await page.locator("[data-index]").count()) < 150);
  });

  it("tells what its keys do", async () => {
    await open("done");
    await card(0).focus();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).getByText("Takes back what was said last").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
  });

  it("shows how far an audit is, and cancels it", async () => {
    await open("running");
    await page.getByText("Checking labels: 9,204 of 22,217 images").waitFor();
    await page.evaluate(() =>
      window.fake.labelsPage.progress({
        title: "Checking labels",
        text: "20,000 of 22,217 images",
        done: 20_000,
        total: 22_217,
      }),
    );
    await page.getByText("20,000 of 22,217 images").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Cancelled. Nothing was changed.").waitFor();
    await page.getByRole("button", { name: "Audit Labels" }).click();
    await pages.awaited("start");
  });

  it("keeps the list while labels are audited again", async () => {
    await open("again");
    await card(0).waitFor();
    await page.getByRole("button", { name: "Cancel" }).waitFor();
  });

  it("says when nothing is suspicious, when it failed, and what Restricted Mode forbids", async () => {
    await open("nothing");
    await page.getByText("Nothing suspicious.").waitFor();
    assert.equal(await page.getByRole("grid").count(), 0);
    await page.context().close();
    await open("failed");
    await page.getByRole("alert").getByText("ended unexpectedly").waitFor();
    await page.context().close();
    await open("untrusted");
    await page.getByText("no model is trained and nothing that is said of labels is kept").waitFor();
    assert.equal(await page.getByRole("button", { name: "Audit Labels" }).isDisabled(), true);
  });

  for (const theme of ["dark", "light", "hc-dark", "hc-light"] as const) {
    it(`fits a narrow window with long names, ${theme}`, async () => {
      await open("long", { theme, viewport: { width: 420, height: 800 } });
      await card(0).waitFor();
      assert.match(await card(0).innerText(), /melanoma in situ\s+nevus/);
    });
  }
});
