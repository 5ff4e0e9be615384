/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { usePages } from "../support/webview/pages";
import { untranslated } from "../support/webview/untranslated";

/** What reads the same in every language: names of the dataset, of models, of back ends and of formats. */
const SAME = [
  /\S+\.png/g,
  /notmnist_split/g,
  /\b(train|validation|test)\b/g,
  // Classes, and keys of the keyboard.
  /\b[A-Z]\b/g,
  /softmax regression( with L2)?|nearest neighbour|network with 1024 hidden units|small convolutional network/gi,
  /CleanSplit kernel|TensorFlow(\.js (WebAssembly|JavaScript|LayersModel))?|ONNX|\bL2\b/g,
  // Kept with the experiment as the engine wrote them.
  /28 x 28 grey, \(p - 127\.5\) \/ 255|the fastest for this model|the native library is not installed/g,
];

describe("the training page in another language", function () {
  this.timeout(30_000);
  const pages = usePages("training");

  async function open(scenario: string): Promise<Page> {
    const page = await pages.open(scenario, { language: "pseudo" });
    await page.locator(".header").waitFor();
    return page;
  }

  for (const [scenario, awaited] of [
    ["idle", ".intro"],
    ["uninspected", ".intro"],
    ["inspecting", ".intro"],
    ["untrusted", "#untrusted"],
    ["loading", "vscode-progress-bar"],
    ["searching", "vscode-progress-bar"],
    ["first", ".facts"],
    ["training", ".run-details"],
    ["paused", ".run-details"],
    ["interrupted", ".run-details"],
    ["clean", ".run-details"],
    ["single", ".run-details"],
    ["three", ".run-details"],
  ] as const) {
    it(`says nothing in English, ${scenario}`, async () => {
      const page = await open(scenario);
      await page.locator(awaited).first().waitFor();
      assert.deepEqual(await untranslated(page, SAME), []);
    });
  }

  it("says nothing in English where things are chosen, compared and typed", async () => {
    const page = await open("done");
    await page.locator(".run-details .mistake").first().waitFor();
    for (const box of await page.locator(".kept input").all()) await box.check({ force: true });
    await page.locator(".differences").waitFor();
    await page.locator(".matrix td.wrong button[aria-disabled=false]").first().click();
    await page.locator("#settings summary").click();
    for (const field of await page.locator("#settings input[type=text]").all()) await field.fill("-");
    await page.locator(".header-actions [class*=codicon-export]").click();
    await page.locator(".menu").waitFor();
    assert.deepEqual(await untranslated(page, SAME), []);
  });

  it("writes lists as the language does", async () => {
    const page = await open("done");
    await page.locator(".kept-row", { hasText: "50、100、" }).first().waitFor();
  });
});

describe("the page of label audits in another language", function () {
  this.timeout(30_000);
  const pages = usePages("labels");

  for (const [scenario, awaited] of [
    ["idle", ".intro"],
    ["untrusted", "#untrusted"],
    ["running", "vscode-progress-bar"],
    ["cancelled", ".notice"],
    ["nothing", ".placeholder-inline"],
    ["judged", "[data-index='0']"],
  ] as const) {
    it(`says nothing in English, ${scenario}`, async () => {
      const page = await pages.open(scenario, { language: "pseudo" });
      await page.locator(awaited).first().waitFor();
      assert.deepEqual(await untranslated(page, SAME), []);
    });
  }

  it("says nothing in English where labels are judged", async () => {
    const page = await pages.open("done", { language: "pseudo" });
    await page.locator("[data-index='0']").focus();
    await page.keyboard.press("w");
    await page.locator(".suspect-verdict.wrong").waitFor();
    await page.keyboard.press("ControlOrMeta+a");
    await page.locator(".suspect.selected").first().waitFor();
    await page.keyboard.press("?");
    await page.locator(".key-help").waitFor();
    assert.deepEqual(await untranslated(page, SAME), []);
  });
});
