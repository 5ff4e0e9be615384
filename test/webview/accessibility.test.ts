/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { seriousViolations } from "../support/webview/axe";
import type { Theme } from "../support/webview/harness.mjs";
import { usePages } from "../support/webview/pages";

/** A page in a state, and what a person opens there before it is looked at. */
interface Sight {
  readonly scenario: string;
  readonly open?: string;
  readonly by?: (page: Page) => Promise<unknown>;
}

const button = (page: Page, name: string | RegExp): Promise<void> => page.getByRole("button", { name }).first().click();

/** Every state that looks different, and every dialog and menu. */
const SIGHTS: Readonly<Record<"report" | "training" | "labels", readonly Sight[]>> = {
  report: [
    ...["leak", "clean", "warning", "photos", "lists", "hostile", "near", "empty", "loading", "counting", "paused"],
    ...["failed", "again", "searchFailed", "nearUntrusted", "untrusted", "asks", "moves", "edited", "interrupted"],
    ...["applied", "error", "reviewed", "reviewUntrusted"],
  ].map((scenario) => ({ scenario })),
  training: [
    ...["idle", "uninspected", "untrusted", "loading", "first", "training", "paused", "done", "clean", "failed"],
    ...["changed", "refused", "interrupted", "three", "single", "hostile"],
  ].map((scenario) => ({ scenario })),
  labels: ["idle", "untrusted", "running", "cancelled", "failed", "done", "nothing", "long", "judged"].map(
    (scenario) => ({ scenario }),
  ),
};
const DIALOGS: typeof SIGHTS = {
  report: [
    { scenario: "near", open: "pairs to judge", by: async (page) => button(page, "Judge 20 Pairs") },
    { scenario: "leak", open: "other ways", by: async (page) => button(page, "Other Ways") },
    { scenario: "leak", open: "the menu of an image", by: async (page) => openMenu(page) },
    { scenario: "near", open: "a group", by: async (page) => inGallery(page, "g", "dialog") },
    { scenario: "leak", open: "keys", by: async (page) => inGallery(page, "?", "dialog") },
    { scenario: "reviewed", open: "groups selected", by: async (page) => inGallery(page, "Control+a") },
  ],
  training: [
    { scenario: "done", open: "settings", by: async (page) => page.locator("details.settings > summary").click() },
  ],
  labels: [{ scenario: "done", open: "keys", by: async (page) => page.getByRole("button", { name: "Keys" }).click() }],
};

const THEMES: readonly Theme[] = ["dark", "light", "hc-dark", "hc-light"];

for (const name of ["report", "training", "labels"] as const) {
  describe(`accessibility of the ${name} page`, () => {
    const pages = usePages(name);

    for (const { scenario, open, by } of [...SIGHTS[name], ...DIALOGS[name]]) {
      it(`has no serious violation: ${scenario}${open === undefined ? "" : `, ${open}`}`, async () => {
        const page = await pages.open(scenario);
        await shown(page);
        await by?.(page);
        const found = [await violations(page, "dark")];
        // Themes differ in nothing but colours.
        for (const theme of THEMES.slice(1)) found.push(await violations(page, theme, ["color-contrast"]));
        assert.deepEqual(found.flat(), []);
      });
    }

    for (const [what, viewport] of [
      ["at 200 % zoom", { width: 590, height: 450 }],
      ["400 pixels wide", { width: 400, height: 700 }],
    ] as const) {
      // That nothing is too wide is checked after each test.
      it(`fits ${what}`, async () => {
        const page = await pages.open(name === "report" ? "near" : "done", { viewport });
        await shown(page);
        await page.locator("main").evaluate((main) => main.scrollIntoView({ block: "end" }));
      });
    }

    it("is gone through by the Tab key: each stop is seen, has a name, and comes once", async () => {
      const page = await pages.open(name === "report" ? "leak" : "done");
      await shown(page);
      const stops: string[] = [];
      for (;;) {
        await page.keyboard.press("Tab");
        const stop = await page.evaluate(describeFocus);
        if (stop === null) break;
        assert.equal(stop.problem, "", stop.what);
        stops.push(stop.what);
        assert.ok(stops.length < 120, `Tab goes round: ${stops.slice(-8).join(", ")}`);
      }
      assert.ok(stops.length > 3, stops.join(", "));
    });

    it("does not move for those who asked for less motion", async () => {
      const page = await pages.open(name === "report" ? "loading" : name === "training" ? "loading" : "running");
      await page.emulateMedia({ reducedMotion: "reduce" });
      await shown(page);
      assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
    });
  });
}

async function shown(page: Page): Promise<void> {
  await page.locator("main").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".waiting .picture, .thumbnail.waiting") === null);
}

async function openMenu(page: Page): Promise<void> {
  await page.locator("#groups .card").first().click({ button: "right" });
  await page.getByRole("menu").waitFor();
}

/** Presses a key on the first image, and waits for what that opens. */
async function inGallery(page: Page, key: string, opened?: "dialog"): Promise<void> {
  await page.locator("#groups .card").first().focus();
  await page.keyboard.press(key);
  if (opened !== undefined) await page.getByRole(opened).waitFor();
}

/** What axe calls serious or critical in a theme, one line an element. */
async function violations(page: Page, theme: Theme, rules?: readonly string[]): Promise<readonly string[]> {
  await page.evaluate((chosen) => window.setTheme(chosen), theme);
  return (await seriousViolations(page, rules)).map((violation) => `${theme}: ${violation}`);
}

/** In the page: what has the focus, and what is wrong with that; `null` when the page has none any more. */
function describeFocus(): { readonly what: string; readonly problem: string } | null {
  let element = document.activeElement;
  if (element === null || element === document.body) return null;
  while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  const label = element instanceof HTMLInputElement ? (element.labels?.[0]?.textContent ?? "") : "";
  const name =
    element.getAttribute("aria-label") ??
    (element.hasAttribute("aria-labelledby")
      ? document.getElementById(element.getAttribute("aria-labelledby") ?? "")?.textContent
      : null) ??
    (element.textContent.trim() || label || element.getAttribute("title") || "");
  const what = `${element.tagName.toLowerCase()} "${name.slice(0, 60)}"`;
  const box = element.getBoundingClientRect();
  const outlined = [element, element.nextElementSibling, element.parentElement].some((candidate) => {
    if (candidate === null) return false;
    const { outlineStyle, outlineWidth } = getComputedStyle(candidate);
    return outlineStyle !== "none" && outlineWidth !== "0px";
  });
  const problem =
    name === ""
      ? "it has no name"
      : element instanceof HTMLElement && element.tabIndex > 0
        ? "it jumps the queue"
        : box.width === 0 || box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth
          ? "it is not in view"
          : outlined
            ? ""
            : "its focus is not seen";
  return { what, problem };
}
