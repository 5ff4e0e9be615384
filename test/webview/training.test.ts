/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { OpenOptions } from "../support/webview/harness.mjs";
import { usePages } from "../support/webview/pages";

describe("training page", () => {
  const pages = usePages("training");
  let page: Page;

  async function open(scenario: string, options: OpenOptions = {}): Promise<Page> {
    page = await pages.open(scenario, options);
    await page.locator(".header").waitFor();
    return page;
  }

  /** How far it is, as the header says it. */
  const status = (): Promise<string> => page.locator(".status").innerText();
  const readyCalls = async (): Promise<number> => (await pages.calls("ready")).length;

  describe("while it trains", () => {
    it("says which run it is and how long it takes, and shows what is known so far", async () => {
      await open("training");
      assert.equal(await status(), "Run 26 of 50: sanitized, 1,000 images, seed 3, epoch 9 of 20 · 45 s left");
      await page.getByText("So far: trained on 1,000 images, 2 of 5 seeds.").waitFor();
      assert.equal(await page.getByRole("radiogroup", { name: "Training images" }).first().isVisible(), true);
      assert.equal(
        await page.locator("input[name=size][value='1000']").isChecked(),
        true,
        "it follows the running size",
      );
      assert.match(await page.locator(".sizes tbody").nth(2).innerText(), /Sanitized\s+2 of 5 seeds/);
      assert.match(await page.locator(".sizes tbody").nth(4).innerText(), /0 of 5 seeds/);
    });

    it("can be paused, resumed and cancelled", async () => {
      await open("training");
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByText(/^Paused at run 26 of 50/).waitFor();
      await page.getByRole("button", { name: "Resume", exact: true }).click();
      await page.getByText(/^Run 26 of 50/).waitFor();
      assert.deepEqual(
        (await pages.calls("setPaused")).map((call) => call.parameters),
        [[true], [false]],
      );
      await page.getByRole("button", { name: "Cancel" }).click();
      await page
        .getByText(/^Cancelled after 25 of 50 runs/)
        .first()
        .waitFor();
    });

    it("follows deltas, ignores old ones, and asks again after a gap", async () => {
      await open("training");
      await page.evaluate(async () => {
        const { training, epochOf } = window.fake;
        await training.change(epochOf(101, 25, 9));
        // Included already.
        await training.change(epochOf(99, 25, 9));
        await training.change(epochOf(101, 25, 9));
        await training.change(epochOf(102, 25, 10));
      });
      await page
        .getByText(/epoch 11 of 20/)
        .first()
        .waitFor();
      assert.equal(await readyCalls(), 1);

      await page.evaluate(async () => {
        const { fake } = window;
        fake.trainingState = { ...fake.trainingState, sequence: 106 };
        // 103 to 105 were lost.
        await fake.training.change(fake.epochOf(106, 25, 14));
      });
      await page
        .getByText(/epoch 9 of 20/)
        .first()
        .waitFor();
      assert.equal(await readyCalls(), 2);

      await page.evaluate(() => window.fake.training.change(window.fake.finishedRun(107, 25)));
      await page.getByText(/^Run 27 of 50/).waitFor();
      assert.equal(await readyCalls(), 2);
    });

    it("loses no delta that comes while the state is under way", async () => {
      await open("training");
      await page.evaluate(async () => {
        const { training, epochOf } = window.fake;
        // The gap asks for the state (sequence 100); 101 and 102 come before the answer and still count.
        void training.change(epochOf(104, 25, 12));
        void training.change(epochOf(101, 25, 9));
        await training.change(epochOf(102, 25, 10));
      });
      await page
        .getByText(/epoch 11 of 20/)
        .first()
        .waitFor();
    });

    it("draws a run that begins again from its first epoch", async () => {
      await open("training");
      await page.evaluate(() => window.fake.training.change(window.fake.epochOf(101, 25, 0)));
      await page
        .getByText(/epoch 1 of 20/)
        .first()
        .waitFor();
    });
  });

  describe("when it is done", () => {
    it("begins with the sentence, then its figures; what may be nothing looks like it", async () => {
      await open("done");
      const verdict = page.getByRole("region", { name: /^The score counts 78 of 3,493 test images/ });
      await verdict.getByText(/which cannot be told from none/).waitFor();
      assert.match(
        await verdict.locator(".cost-figure").nth(0).innerText(),
        /Published score\s+8\d\.\d %\s+95 % interval/,
      );
      assert.match(
        await verdict.locator(".cost-figure").nth(1).innerText(),
        /on 3,415 test images without a duplicate/,
      );
      const parts = verdict.getByRole("table", { name: "What the leaked images add" });
      assert.match(await parts.getByRole("row", { name: /^Memorising/ }).innerText(), /may be nothing/);
      assert.doesNotMatch(await parts.getByRole("row", { name: /^Composition/ }).innerText(), /may be nothing/);
    });

    it("without leaked images has no parts to tell apart", async () => {
      await open("clean");
      await page.getByRole("heading", { name: /owe nothing to leakage/ }).waitFor();
      assert.equal(await page.locator(".cost-figure").count(), 1);
      assert.equal(await page.locator(".parts").count(), 0);
      await page.locator("input[name=run-set][value=leaked]").check();
      await page.getByText("The dataset has no such test images.").waitFor();
    });

    it("has a table beside every chart, also for the eye", async () => {
      await open("done");
      await page.locator(".matrix").waitFor();
      assert.equal(await page.locator("canvas").count(), 5);
      assert.equal(await page.locator(".chart .hidden table").count(), 5);
      await page.getByRole("checkbox", { name: "Show charts as tables" }).check();
      assert.equal(await page.locator("canvas").count(), 0);
      const curve = page.getByRole("table", { name: "Accuracy on all test images" });
      assert.match(await curve.getByRole("row", { name: /^1,000/ }).innerText(), /8\d\.\d %\s+7\d\.\d % to 8\d\.\d %/);
    });

    it("says which bands it draws, and switches the test images", async () => {
      await open("done");
      await page.getByText("Bands: 95 % intervals over seeds and test images.").waitFor();
      await page.locator("input[name=curve-set][value=sanitized]").check();
      await page.getByText("Bands: the lowest and the highest of 5 seeds.").waitFor();
    });

    it("one experiment with one run of one size shows what there is", async () => {
      await open("single");
      await page.locator(".matrix").waitFor();
      assert.equal(await page.locator(".verdict").count(), 0);
      assert.equal(await page.locator("input[name=run-data]").count(), 0);
    });

    it("models have tabs, and each its own sentence", async () => {
      await open("three");
      await page.getByRole("heading", { name: /softmax regression scores/ }).waitFor();
      await page.getByRole("radio", { name: "Nearest neighbour" }).check();
      await page.getByRole("heading", { name: /nearest neighbour scores/ }).waitFor();
      assert.equal(await page.getByRole("heading", { name: "Epoch by epoch" }).count(), 0, "it has no epochs");
    });

    it("reopened shows the same", async () => {
      await open("three");
      await page.getByRole("radio", { name: "Small convolutional network" }).check();
      await page.locator("input[name=size][value='100']").check();
      await page.locator("input[name=curve-set][value=clean]").check();
      await page.getByRole("combobox", { name: "Seeds" }).selectOption("2");
      await page.getByRole("checkbox", { name: "Show charts as tables" }).check();
      await page.locator("input[name=run-data][value=sanitized]").check();
      await page.locator(".mistake img").first().waitFor();
      const before = await page.locator("#root").innerText();
      await page.reload();
      await page.locator(".mistake img").first().waitFor();
      assert.equal(await page.locator("#root").innerText(), before);
    });

    it("exports, with a picture of the charts that has a background and their titles", async () => {
      await open("done");
      for (const [entry, format] of [
        ["Table as CSV", "csv"],
        ["Everything as JSON", "json"],
        ["Notebook in Keras", "keras"],
        ["Notebook in scikit-learn", "sklearn"],
      ] as const) {
        await page.getByRole("button", { name: "Export" }).click();
        await page.getByRole("menuitem", { name: entry }).click();
        await page.waitForFunction(
          (wanted) =>
            window.fake.calls.some((call) => call.method === "exportExperiment" && call.parameters[1] === wanted),
          format,
        );
      }
      await page.getByRole("button", { name: "Export" }).click();
      await page.getByRole("menuitem", { name: "Charts as PNG" }).click();
      await pages.awaited("saveChart");
      const picture = await page.evaluate(async () => {
        const [png] = window.fake.calls.find((call) => call.method === "saveChart")?.parameters ?? [];
        const image = await createImageBitmap(new Blob([png as Uint8Array<ArrayBuffer>], { type: "image/png" }));
        const canvas = new OffscreenCanvas(image.width, image.height);
        const context = canvas.getContext("2d");
        context?.drawImage(image, 0, 0);
        const { data } = context?.getImageData(0, 0, image.width, image.height) ?? { data: [] };
        const colors = new Set<number>();
        let isOpaque = true;
        for (let at = 0; at < data.length; at += 4) {
          colors.add(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0));
          isOpaque &&= data[at + 3] === 255;
        }
        return { width: image.width, isOpaque, colors: colors.size };
      });
      assert.equal(picture.width, 1896);
      assert.ok(picture.isOpaque);
      assert.ok(picture.colors > 50, "something is drawn");
    });

    it("saves the model of a run whose parameters are kept", async () => {
      await open("done");
      await page.getByRole("combobox", { name: "Save this model" }).selectOption("onnx");
      const [call] = await pages.awaited("exportModel");
      assert.deepEqual(call?.parameters, ["2026-11-26-041537", 40, "onnx"]);
      await page.locator("input[name=run-size][value='50']").check();
      assert.equal(await page.getByRole("combobox", { name: "Save this model" }).count(), 0);
    });
  });

  describe("one run closely", () => {
    it("a cell of the confusion matrix filters the mistakes, also by keyboard", async () => {
      await open("done");
      await page.getByRole("heading", { name: "Most confidently wrong" }).waitFor();
      const cells = page.locator(".matrix button");
      assert.equal(await page.locator(".matrix button[tabindex='0']").count(), 1);
      await cells.first().focus();
      for (const key of ["ArrowRight", "ArrowRight", "Enter"]) await page.keyboard.press(key);
      await page.getByRole("heading", { name: "A taken for C" }).waitFor();
      const count = Number(await cells.nth(2).innerText());
      await page.getByRole("status").getByText(`${count} image`).waitFor();
      assert.deepEqual((await pages.calls("mistakes")).at(-1)?.parameters[1], { label: 0, predicted: 2 });
      await page.getByRole("button", { name: "Show All Mistakes" }).click();
      await page.getByRole("heading", { name: "Most confidently wrong" }).waitFor();
    });

    it("what is right or empty in the matrix filters nothing", async () => {
      await open("done");
      await page.locator(".matrix .right button").first().dispatchEvent("click");
      assert.equal(await page.getByRole("heading", { name: "Most confidently wrong" }).count(), 1);
    });

    it("opens an image, and moves through the grid by keyboard", async () => {
      await open("done");
      const first = page.locator("[data-mistake='0']");
      await first.click();
      const [call] = await pages.awaited("openSample");
      assert.equal(typeof call?.parameters[0], "number");
      await first.focus();
      await page.keyboard.press("End");
      await page.waitForFunction(() => Number((document.activeElement as HTMLElement).dataset["mistake"]) > 300);
      assert.ok((await page.locator(".mistake").count()) < 100, "only what is seen is mounted");
      await page.keyboard.press("Home");
      await page.waitForFunction(() => (document.activeElement as HTMLElement).dataset["mistake"] === "0");
    });

    it("says so when the dataset is no longer the one that was trained on", async () => {
      await open("changed");
      await page.getByText(/no longer the one that this model was trained on/).waitFor();
      await page.locator("[data-mistake='0']").dispatchEvent("click");
      assert.deepEqual(await pages.calls("openSample"), []);
    });

    it("with many classes lists the pairs that are confused most", async () => {
      await open("many");
      const pairs = page.getByRole("table", { name: "Pairs of classes that are confused" });
      await pairs.getByRole("button").first().click();
      await page.getByRole("heading", { name: /^English springer 0 taken for / }).waitFor();
      assert.equal(await page.locator(".matrix").count(), 0);
    });

    it("tells what could not be read, and tries again", async () => {
      await open("done");
      await page.locator(".matrix").waitFor();
      await page.evaluate(() => window.fake.failing.set("details", "The file predictions is damaged."));
      await page.locator("input[name=run-size][value='100']").check();
      await page.getByText("The predictions of this run could not be read: The file predictions is damaged.").waitFor();
      await page.evaluate(() => window.fake.failing.clear());
      await page.getByRole("button", { name: "Try Again" }).click();
      await page.getByText("could not be read").waitFor({ state: "detached" });
    });
  });

  describe("settings", () => {
    const openSettings = (): Promise<void> => page.getByRole("heading", { name: "Settings of the next" }).click();

    it("start the next experiment, checked before", async () => {
      await open("done");
      await openSettings();
      const start = page.getByRole("button", { name: "Train with These Settings" });
      const sizes = page.getByRole("textbox", { name: "Numbers of training images" });
      await page.getByRole("status").getByText("50 runs").waitFor();
      await sizes.fill("50, many");
      await page.getByText("“many” is neither a whole number").waitFor();
      assert.equal(await sizes.getAttribute("aria-invalid"), "true");
      assert.ok(await start.isDisabled());
      await sizes.fill("50, all");
      await page.getByRole("textbox", { name: "Seeds" }).fill("1-2, 9");
      await page.getByRole("textbox", { name: "Epochs" }).fill("3");
      await page.getByRole("checkbox", { name: "Nearest neighbour" }).check();
      await page.getByRole("combobox", { name: "Back end" }).selectOption("wasm");
      // Nearest neighbours that know all images are the same with every seed.
      await page.getByRole("status").getByText("20 runs").waitFor();
      await start.click();
      const [call] = await pages.awaited("start");
      assert.deepEqual(call?.parameters[0], {
        models: ["softmax", "knn"],
        sizes: [50, "all"],
        data: ["original", "sanitized"],
        seeds: [1, 2, 9],
        epochs: 3,
        batchSize: null,
        learningRate: null,
        side: null,
        channels: null,
        tier: "pixel",
        backend: "wasm",
      });
      await page.getByText("Reading images").first().waitFor();
    });

    it("stay as typed while the page is hidden, and the defaults come back", async () => {
      await open("idle");
      await openSettings();
      const before = await page.evaluate(() => JSON.stringify(sessionStorage));
      await page.getByRole("textbox", { name: "Seeds" }).fill("7");
      // What is typed is kept when it was drawn.
      await page.waitForFunction((last) => JSON.stringify(sessionStorage) !== last, before);
      await page.reload();
      await openSettings();
      assert.equal(await page.getByRole("textbox", { name: "Seeds" }).inputValue(), "7");
      await page.getByRole("button", { name: "Restore Defaults" }).click();
      assert.equal(await page.getByRole("textbox", { name: "Seeds" }).inputValue(), "1-5");
    });
  });

  describe("kept experiments", () => {
    it("open in place of the newest one, and back", async () => {
      await open("done");
      await page.getByRole("button", { name: "Open the experiment of 25 Nov 2026", exact: false }).first().click();
      await page.getByText(/^This is the experiment of 25 Nov 2026/).waitFor();
      await page.getByRole("heading", { name: /nearest neighbour scores/ }).waitFor();
      await page.getByRole("button", { name: "Show the Newest" }).click();
      await page.getByRole("heading", { name: /softmax regression scores/ }).waitFor();
    });

    it("open when the host says so", async () => {
      await open("done");
      await page.evaluate(() => window.fake.training.open("2026-11-25-181002"));
      await page.getByText(/^This is the experiment of 25 Nov 2026/).waitFor();
    });

    it("are compared: curves over each other, settings that differ, and results", async () => {
      await open("done");
      const boxes = page.locator(".kept-row .toggle input");
      await boxes.nth(0).check();
      await page.getByText("Choose another one to compare it with.").waitFor();
      await boxes.nth(1).check();
      const table = page.getByRole("table", { name: "Settings that differ" });
      assert.match(
        await table.getByRole("row", { name: /^Models/ }).innerText(),
        /Softmax regression\s+Nearest neighbour/,
      );
      assert.equal(await table.getByRole("row", { name: /^Batch size/ }).count(), 0, "it is the same");
      assert.match(await table.getByRole("row", { name: /memorising/ }).innerText(), /may be nothing/);
      assert.equal(await page.locator(".comparison canvas").count(), 1);
      await page.getByRole("button", { name: "End Comparison" }).click();
      assert.equal(await page.locator(".comparison").count(), 0);
    });

    it("that were interrupted go on with one button", async () => {
      await open("interrupted");
      await page.getByText(/The training was interrupted/).waitFor();
      await page.locator(".header").getByRole("button", { name: "Resume" }).click();
      const [call] = await pages.awaited("resume");
      assert.deepEqual(call?.parameters, ["2026-11-26-041537"]);
    });

    it("are deleted when the host was asked", async () => {
      await open("done");
      await page
        .getByRole("button", { name: /^Delete the experiment of 25 Nov/ })
        .first()
        .click();
      await pages.awaited("forget");
      await page.waitForFunction(() => document.querySelectorAll(".kept-row").length === 2);
    });
  });

  /** A canvas is drawn some frames after what it shows has changed. */
  async function until(holds: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 50; attempt++) {
      if (await holds()) return;
      await page.waitForTimeout(50);
    }
    assert.fail("it did not come true in time");
  }

  it("takes its colours from the theme, also when it changes", async () => {
    await open("done");
    const hasColor = (color: readonly number[]): Promise<boolean> =>
      page.evaluate((wanted) => {
        const canvas = document.querySelectorAll("canvas")[0];
        const data = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        for (let at = 0; at < data.length; at += 4) {
          if (data[at + 3] === 255 && wanted.every((part, index) => data[at + index] === part)) return true;
        }
        return false;
      }, color);
    const parse = (hex: string): number[] => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    const colorOf = async (): Promise<number[]> =>
      parse(await page.evaluate(() => getComputedStyle(document.body).getPropertyValue("--vscode-charts-blue").trim()));
    const dark = await colorOf();
    await until(() => hasColor(dark));
    await page.evaluate(() => window.setTheme("light"));
    const light = await colorOf();
    assert.notDeepEqual(light, dark);
    await until(() => hasColor(light));
    assert.ok(!(await hasColor(dark)));
  });

  it("names are text, whatever they are", async () => {
    await open("hostile");
    await page.locator(".matrix").waitFor();
    const text = await page.locator("#root").innerText();
    assert.match(text, /<img src=x onerror=alert\(1\)>/);
    assert.match(text, /a\[U\+202E\]gnp\.exe/);
    assert.equal(await page.locator("img[src=x]").count(), 0);
  });

  for (const [scenario, text] of [
    ["idle", "Not trained yet"],
    ["uninspected", "Experiments that are kept are found when the dataset is inspected."],
    ["inspecting", "The dataset is being inspected"],
    ["loading", "Reading images: 9,200 of 20,870 (44 %)"],
    ["searching", "Searching near duplicates: 9,200 of 20,870 (44 %)"],
    ["first", "Run 1 of 50"],
    ["cancelled", "Cancelled after 25 of 50 runs"],
    ["failed", "The trainer ended unexpectedly"],
    ["interrupted", "Interrupted after 25 of 50 runs"],
    ["refused", "The training cannot start"],
    ["paused", "Paused at run 26 of 50"],
    ["three", "Small convolutional network"],
    ["many", "Show 20 of"],
  ] as const) {
    it(`shows the state ${scenario}, also in a small window`, async () => {
      await open(scenario, { theme: "hc-light", viewport: { width: 420, height: 450 } });
      await page.getByText(text).first().waitFor();
    });
  }

  it("does not start in an untrusted workspace, and says why", async () => {
    await open("untrusted");
    assert.ok(await page.getByRole("button", { name: "Start Training" }).isDisabled());
    await page.getByText("Restricted Mode").waitFor();
    await page.getByRole("heading", { name: "Settings of the next" }).click();
    assert.ok(await page.getByRole("button", { name: "Train with These Settings" }).isDisabled());
  });
});
