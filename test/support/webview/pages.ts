/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { FakeCall } from "./fakeHost";
import { startHarness, type Harness, type OpenOptions } from "./harness.mjs";

/** Pages of a suite, of which each test opens one. */
export interface Pages {
  readonly open: (scenario: string, options?: OpenOptions) => Promise<Page>;
  /** The calls of a method so far. */
  readonly calls: (method: string) => Promise<readonly FakeCall[]>;
  /** The same, after waiting for one. */
  readonly awaited: (method: string) => Promise<readonly FakeCall[]>;
  /** Bytes of each bundle, by its name. */
  readonly sizes: () => Harness["sizes"];
}

/**
 * Opens pages of one kind in a browser. Whatever a test did with its page is checked after it: nothing was blocked by the
 * security policy, nothing thrown, no dialog of the browser opened, and nothing is too wide.
 */
export function usePages(name: "report" | "training" | "labels"): Pages {
  let harness: Harness;
  let page: Page;
  let problems: string[] = [];

  before(async () => {
    harness = await startHarness();
  });
  after(async () => {
    await harness.close();
  });
  afterEach(async () => {
    const violations = await page.evaluate(() => window.fake.violations);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    await page.context().close();
    assert.deepEqual(violations, []);
    assert.deepEqual(problems, []);
    assert.ok(overflow <= 0, `the page is ${String(overflow)} px too wide`);
  });

  const calls = (method: string): Promise<readonly FakeCall[]> =>
    page.evaluate((wanted) => window.fake.calls.filter((call) => call.method === wanted), method);
  return {
    async open(scenario, options = {}) {
      page = await harness.open(name, { scenario, ...options });
      problems = [];
      page.on("pageerror", (error) => problems.push(String(error)));
      page.on("dialog", (dialog) => {
        problems.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      return page;
    },
    calls,
    sizes: () => harness.sizes,
    async awaited(method) {
      await page.waitForFunction((wanted) => window.fake.calls.some((call) => call.method === wanted), method);
      return calls(method);
    },
  };
}
