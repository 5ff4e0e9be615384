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

describe("the training page in another language", () => {
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

describe("the page of label audits in another language", () => {
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

describe("the gallery of the report page in another language", () => {
  const pages = usePages("report");
  const same = [
    ...SAME,
    // Of the dataset, and how near duplicates are measured.
    /\b(valid|Apple (scab|black rot)|Cedar rust|Healthy|IMG_\d+\.JPG)\b/g,
    /[^\s、]+\.png/g,
    // What the fake host calls its steps.
    /(^|:) (keep-all|keep|drop|forget|different)( of 1 groups)?/g,
  ];
  let page: Page;

  /** Opens a scenario, with its groups of some kind of equality. */
  async function open(scenario: string, equality: "pixel" | "file" | "near" | "similar" = "pixel"): Promise<void> {
    page = await pages.open(scenario, { language: "pseudo" });
    await page.locator("#groups .card").first().waitFor();
    if (equality === "pixel") return;
    await page.locator("#groups .filters select").nth(1).selectOption(equality);
    await page.locator("#groups .active select").first().waitFor();
    await page
      .locator(equality === "similar" ? "#groups .card-near" : "#groups .card")
      .first()
      .waitFor();
  }
  const english = (root: string): Promise<readonly string[]> => untranslated(page, same, root);
  const text = (locator: string): Promise<void> =>
    page.waitForFunction((selector) => document.querySelector(selector)?.textContent !== "", locator).then(() => {});

  for (const [scenario, equality] of [
    ["leak", "pixel"],
    ["leak", "file"],
    ["reviewed", "pixel"],
    ["near", "near"],
    ["near", "similar"],
    ["nearPhotos", "similar"],
    ["nearUntrusted", "pixel"],
  ] as const) {
    it(`says nothing in English, ${scenario} by ${equality}`, async () => {
      await open(scenario, equality);
      assert.deepEqual(await english("#groups"), []);
    });
  }

  it("says nothing in English where something is said of images and groups", async () => {
    await open("near", "similar");
    for (const key of ["k", "Shift+K", "d", "a", "n", "f", "z", "Shift+Z", "u"]) {
      await page.locator("#groups [data-cell='1-0']").focus();
      await page.keyboard.press(key);
      await text(".gallery-said [role=status]");
      assert.deepEqual(await english("#groups"), [], key);
    }
    await page.keyboard.press("ControlOrMeta+a");
    assert.deepEqual(await english(".review-bar"), []);
    for (const key of ["a", "n", "f"]) {
      await page.locator("#groups [data-cell='1-0']").focus();
      await page.keyboard.press(key);
      await page.locator("dialog.confirm").waitFor();
      assert.deepEqual(await english("dialog.confirm"), [], key);
      await page.keyboard.press("Escape");
    }
    await page.locator("#group-text").fill("nothing is called so");
    await page.locator("#groups p.nothing").waitFor();
    assert.deepEqual(await english("#groups"), []);
  });

  it("says nothing in English where groups cannot be read", async () => {
    await open("leak");
    await page.evaluate(() => window.fake.failing.set("groups", "…"));
    await page.locator("#groups .filters select").first().selectOption("no");
    await page.locator("#groups .notice").waitFor();
    assert.deepEqual(await english("#groups"), []);
  });

  it("says nothing in English in the help about keys", async () => {
    await open("leak");
    await page.locator("#groups [data-cell='0-0']").focus();
    await page.keyboard.press("?");
    await page.locator("dialog.key-help").waitFor();
    assert.deepEqual(await english("dialog.key-help"), []);
  });

  for (const [scenario, equality] of [
    ["near", "similar"],
    ["nearPhotos", "similar"],
    ["nearUntrusted", "similar"],
    ["near", "file"],
    ["near", "pixel"],
  ] as const) {
    it(`says nothing in English where images of a group are compared, ${scenario} by ${equality}`, async () => {
      await open(scenario, equality);
      await page.locator("#groups [data-cell='1-0']").focus();
      await page.keyboard.press("g");
      await page.locator(".comparison:not([aria-busy=true])").waitFor();
      await page.locator("dialog.compare .card").first().waitFor();
      if (scenario !== "nearUntrusted") {
        for (const key of ["k", "ArrowRight", "n", "d"]) await page.keyboard.press(key);
        await page.locator("dialog.compare .card.drop").waitFor();
      }
      for (const view of ["side", "divider", "difference", "all"]) {
        await page.locator(`input[name=comparison-view][value=${view}]`).waitFor();
        assert.deepEqual(await english("dialog.compare"), [], view);
        await page.keyboard.press("v");
      }
    });
  }

  it("says nothing in English where pairs are judged", async () => {
    await open("near");
    await page.locator("#near button", { hasText: "Judge" }).click();
    await page.locator("dialog.judge .comparison:not([aria-busy=true])").waitFor();
    await page.keyboard.press("y");
    await page.keyboard.press("ArrowLeft");
    await page.locator("dialog.judge .said").waitFor();
    assert.deepEqual(await english("dialog.judge"), []);
    await page.keyboard.press("ArrowRight");
    for (let i = 0; i < 19; i++) await page.keyboard.press(i === 0 ? "s" : "n");
    await page.locator(".judge-summary[aria-busy=false]").waitFor();
    assert.deepEqual(await english("dialog.judge .dialog-head, .judge-summary > p, dialog.judge .actions"), []);
  });
});

describe("the report page in another language", () => {
  const pages = usePages("report");
  /** All but the gallery, which is looked at above. */
  const REST = "body > #root > header, main.placeholder, main > :not(#groups)";
  const same = [
    ...SAME,
    // Names of the dataset and of formats, and how near duplicates are measured.
    /\b(all|dev|not listed|skin-lesions|nevus|melanoma|keratosis|everything|notMNIST_large)\b|fold-\d+/g,
    /Apple (scab|black rot)|Cedar rust|Healthy|\bleaves\b|\bvalid\b|IMG_\d+\.JPG|\S+\.JPEG|\S+\.jpg/g,
    /\d x \d+ x \d+|cleansplit-manifest\.json/g,
    /\.png\b|\b(JPEG|RGB)\b/g,
  ];
  let page: Page;

  async function open(scenario: string, awaited: string): Promise<void> {
    page = await pages.open(scenario, { language: "pseudo" });
    await page.locator(awaited).first().waitFor();
    // What is folded is read as well.
    await page.evaluate(() => {
      for (const folded of document.querySelectorAll("details")) folded.open = true;
    });
  }
  const english = (): Promise<readonly string[]> => untranslated(page, same, REST);

  for (const [scenario, awaited] of [
    ["empty", ".placeholder h1"],
    ["loading", "vscode-progress-bar"],
    ["paused", ".first-progress"],
    ["counting", "vscode-progress-bar"],
    ["failed", ".placeholder [role=alert]"],
    ["again", ".header-progress"],
    ["pausedAgain", ".header-progress"],
    ["leak", "#verdict"],
    ["clean", "#verdict"],
    ["warning", "#verdict"],
    ["single", "#leakage"],
    ["nolabels", "#splits"],
    ["lists", "#splits table"],
    ["huge", "#faults .unlisted, #faults table"],
    ["searching", ".near-search"],
    ["searchCancelled", ".near-notice"],
    ["searchFailed", ".near-notice"],
    ["near", ".near-figure"],
    ["nearPhotos", ".near-figure"],
    ["nearUntrusted", "#near-untrusted"],
    ["nearPlan", ".removal-head"],
    ["plan", ".removal-head"],
    ["untrusted", "#write-blocked"],
    ["asks", ".plan-notice"],
    ["moves", ".removal-head"],
    ["edited", "#sanitize .kept"],
    ["interrupted", ".plan-notice"],
    ["applied", ".applied"],
    ["runs", "#train table"],
    ["error", ".notice"],
  ] as const) {
    it(`says nothing in English, ${scenario}`, async () => {
      await open(scenario, awaited);
      assert.deepEqual(await english(), []);
    });
  }

  it("says nothing in English when an inspection was cancelled", async () => {
    await open("loading", "vscode-progress-bar");
    await page.getByRole("button", { name: "⟦Cancel⟧" }).click();
    await page.locator(".codicon-circle-slash").waitFor();
    assert.deepEqual(await english(), []);
  });

  it("says nothing in English when an inspection of something known was cancelled", async () => {
    await open("again", ".header-progress");
    await page.getByRole("button", { name: "⟦Cancel⟧" }).click();
    await page.locator(".notice").waitFor();
    assert.deepEqual(await english(), []);
  });

  it("says nothing in English of the cells of the matrix and of what counts as equal", async () => {
    await open("near", "#leakage");
    for (const tier of await page.locator("#leakage [type=radio]").all()) {
      await tier.check({ force: true });
      assert.deepEqual(await english(), []);
      await page.locator("#leakage [data-cell='0-1']").hover();
      await page.locator("#leakage .readout .codicon-info").waitFor();
      assert.deepEqual(await english(), []);
    }
    await page.locator("#leakage [type=checkbox]").uncheck({ force: true });
    assert.deepEqual(await english(), []);
  });

  it("says nothing in English of other ways to plan, whatever is chosen", async () => {
    await open("near", "#sanitize");
    await page.locator("#sanitize [aria-expanded]").click();
    for (const policy of ["new-split", "move-groups", "protect-train"]) {
      await page.locator(`#ways [value='${policy}']`).check({ force: true });
      await page.locator("#ways .policies[aria-busy=false]").waitFor();
      assert.deepEqual(await english(), []);
    }
    for (const list of await page.locator("#ways select").all()) await list.selectOption({ index: 1 });
    for (const box of await page.locator("#ways [type=checkbox]").all()) await box.check({ force: true });
    await page.locator("#ways .policies[aria-busy=false]").waitFor();
    assert.deepEqual(await english(), []);
    await page.locator("#sanitize > .actions [aria-expanded]").click();
    assert.deepEqual(await english(), []);
  });

  it("says nothing in English of ways to plan a dataset of one split, and of previews that fail", async () => {
    await open("single", "#sanitize");
    await page.evaluate(() => window.fake.failing.set("previews", "…"));
    await page.locator("#sanitize [aria-expanded]").click();
    await page.locator("#ways .notice").waitFor();
    assert.deepEqual(await english(), []);
    await page.evaluate(() => window.fake.failing.clear());
    await page.locator("#ways .notice button").click();
    await page.locator("#ways .policy.unavailable").waitFor();
    assert.deepEqual(await english(), []);
  });

  it("says nothing in English of copies by links, of images that only seem equal, and of a changed dataset", async () => {
    await open("plan", ".removal-head");
    for (const images of ["reflink", "hardlink", "symlink", "index"]) {
      await page.locator(".outputs select").selectOption(images);
      assert.deepEqual(await english(), []);
    }
    await page.evaluate(() => {
      const { plan } = window.fake.reportState;
      if (plan === null) throw new Error("There is no plan.");
      const collisions = Array.from(
        { length: 7 },
        (_, at) => [`train/${String(at)}.png`, `test/${String(at)}.png`] as const,
      );
      window.fake.update({
        plan: { ...plan, after: 0, collisions },
        datasetChanges: { text: "⟦…⟧", leaks: Array.from({ length: 7 }, (_, at) => `⟦${String(at)}⟧`) },
      });
    });
    await page.locator(".changed-leaks").waitFor();
    await page.locator("#write-blocked").waitFor();
    assert.deepEqual(await english(), []);
  });

  it("says nothing in English in its menus", async () => {
    await open("plan", ".removal-head");
    await page.locator(".header-actions [class*=codicon-export]").click();
    await page.locator(".menu").waitFor();
    assert.deepEqual(await untranslated(page, same, ".menu"), []);
    await page.keyboard.press("Escape");
    await page.locator("#sanitize .removal-open").first().click({ button: "right" });
    await page.locator(".menu").waitFor();
    assert.deepEqual(await untranslated(page, same, ".menu"), []);
  });
});
