/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { OpenOptions } from "../support/webview/harness.mjs";
import { usePages } from "../support/webview/pages";

describe("training page", function () {
  this.timeout(30_000);
  const pages = usePages("training");
  let page: Page;

  async function open(scenario: string, options: OpenOptions = {}): Promise<Page> {
    page = await pages.open(scenario, options);
    return page;
  }

  const readyCalls = (): Promise<number> =>
    page.evaluate(() => window.fake.calls.filter((call) => call.method === "ready").length);
  /** Epochs of the running run as the header says them. */
  const status = (): Promise<string> => page.locator(".status").innerText();

  it("shows status, back end with its reason, charts and runs", async () => {
    await open("training");
    assert.equal(await status(), "Run 6 of 10: sanitized, 1,000 images, epoch 9 of 20");
    await page.getByText("the native library is not installed", { exact: true }).waitFor();
    assert.equal(await page.locator("canvas").count(), 3);
    assert.equal(await page.getByRole("radio", { name: "1,000" }).isChecked(), true);
    assert.match(await page.locator(".results tbody").nth(2).innerText(), /Sanitized\s+1,000\s+epoch 9 of 20/);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.waitForFunction(() => window.fake.calls.some((call) => call.method === "cancel"));
  });

  it("follows deltas, ignores old ones, and asks again after a gap", async () => {
    await open("training");
    await page.locator("canvas").first().waitFor();
    await page.evaluate(async () => {
      const { training, scoreAt } = window.fake;
      await training.change({ sequence: 101, type: "epoch", run: 5, score: scoreAt(5, 10) });
      // Included already.
      await training.change({ sequence: 99, type: "epoch", run: 5, score: scoreAt(5, 10) });
      await training.change({ sequence: 101, type: "epoch", run: 5, score: scoreAt(5, 10) });
      await training.change({ sequence: 102, type: "epoch", run: 5, score: scoreAt(5, 11) });
    });
    assert.match(await status(), /epoch 11 of 20$/);
    assert.equal(await readyCalls(), 1);

    await page.evaluate(async () => {
      const { fake } = window;
      const run = fake.trainingState.runs[5];
      if (run === undefined) return;
      const scores = Array.from({ length: 15 }, (_, epoch) => fake.scoreAt(5, epoch + 1));
      fake.trainingState = {
        ...fake.trainingState,
        sequence: 106,
        runs: fake.trainingState.runs.map((other, index) => (index === 5 ? { ...other, scores } : other)),
      };
      // 103 to 105 were lost.
      await fake.training.change({ sequence: 106, type: "epoch", run: 5, score: fake.scoreAt(5, 15) });
    });
    await page
      .getByText(/epoch 15 of 20$/)
      .first()
      .waitFor();
    assert.equal(await readyCalls(), 2);

    await page.evaluate(async () => {
      await window.fake.training.change({ sequence: 107, type: "run", run: 5, result: window.fake.resultOf(5) });
    });
    await page.getByText("Run 7 of 10").first().waitFor();
    assert.equal(await readyCalls(), 2);
    assert.equal(
      await page.getByRole("radio", { name: "5,000" }).isChecked(),
      true,
      "the charts follow the running size",
    );
  });

  it("loses no delta that comes while the state is under way", async () => {
    await open("training");
    await page.locator("canvas").first().waitFor();
    await page.evaluate(async () => {
      const { training, scoreAt } = window.fake;
      // The gap asks for the state (sequence 100); 101 and 102 come before the answer and still count.
      void training.change({ sequence: 104, type: "epoch", run: 5, score: scoreAt(5, 13) });
      void training.change({ sequence: 101, type: "epoch", run: 5, score: scoreAt(5, 10) });
      await training.change({ sequence: 102, type: "epoch", run: 5, score: scoreAt(5, 11) });
    });
    await page
      .getByText(/epoch 11 of 20$/)
      .first()
      .waitFor();
  });

  it("reopened shows the same", async () => {
    await open("training");
    await page.getByRole("radio", { name: "100", exact: true }).check();
    await page.getByRole("radio", { name: "Clean part" }).check();
    await page.getByRole("checkbox", { name: "Show as table" }).check();
    const before = await page.locator("#root").innerText();
    await page.reload();
    await page.locator(".chart-table").first().waitFor();
    assert.equal(await page.locator("#root").innerText(), before);
    assert.equal(await page.getByRole("radio", { name: "Clean part" }).isChecked(), true);
  });

  it("has a table beside every chart, also for the eye", async () => {
    await open("done");
    assert.equal(await page.locator(".chart table").count(), 3);
    assert.equal(await page.locator(".chart .hidden table").count(), 3);
    await page.getByRole("checkbox", { name: "Show as table" }).check();
    assert.equal(await page.locator("canvas").count(), 0);
    const curve = page.getByRole("table", { name: "Learning curve" });
    assert.match(await curve.getByRole("row", { name: /^1,000/ }).innerText(), /75\.5 %\s+74\.7 %/);
    await page.getByRole("heading", { name: /^On images it has never seen/ }).waitFor();
    assert.match(await page.locator(".results").innerText(), /\+0\.8 points/);
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
        const canvas = document.querySelectorAll("canvas")[2];
        const data = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        for (let at = 0; at < data.length; at += 4) {
          if (data[at + 3] === 255 && wanted.every((part, index) => data[at + index] === part)) return true;
        }
        return false;
      }, color);
    const parse = (hex: string): number[] => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    const colorOf = async (): Promise<number[]> =>
      parse(
        await page.evaluate(() => getComputedStyle(document.body).getPropertyValue("--vscode-charts-yellow").trim()),
      );
    const dark = await colorOf();
    await until(() => hasColor(dark));
    await page.evaluate(() => window.setTheme("light"));
    const light = await colorOf();
    assert.notDeepEqual(light, dark);
    await until(() => hasColor(light));
    assert.ok(!(await hasColor(dark)));
  });

  for (const [scenario, text] of [
    ["idle", "Not trained yet"],
    ["loading", "Reading images: 9,200 of 20,870 (44 %)"],
    ["first", "epoch 0 of 20"],
    ["cancelled", "stopped after epoch 9 of 20"],
    ["failed", "The trainer ended unexpectedly"],
  ] as const) {
    it(`shows the state ${scenario}`, async () => {
      await open(scenario, { theme: "hc-light", viewport: { width: 420, height: 450 } });
      await page.getByText(text).first().waitFor();
    });
  }

  it("does not start in an untrusted workspace, and says why", async () => {
    await open("untrusted");
    assert.ok(await page.getByRole("button", { name: "Start Training" }).isDisabled());
    await page.getByText("Restricted Mode").waitFor();
  });
});
