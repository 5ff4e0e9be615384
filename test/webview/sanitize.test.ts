/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { DEFAULT_OPTIONS, type PlanOptions, type ReviewAction } from "../../src/protocol/report";
import type { OpenOptions } from "../support/webview/harness.mjs";
import { usePages } from "../support/webview/pages";

describe("sanitizing on the report page", () => {
  const pages = usePages("report");
  let page: Page;

  async function open(scenario: string, options: OpenOptions = {}): Promise<Page> {
    page = await pages.open(scenario, options);
    return page;
  }

  const callsOf = pages.awaited;
  const lastOptions = async (method: "previews" | "makePlan"): Promise<PlanOptions | undefined> =>
    (await callsOf(method)).at(-1)?.parameters[0] as PlanOptions | undefined;

  it("previews a plan, writes it, discards it", async () => {
    await open("leak");
    await page.getByRole("button", { name: "Plan a Sanitized Copy" }).click();
    const section = page.locator("#sanitize");
    await section.getByText("Test is kept whole first").waitFor();
    assert.match(
      await section
        .getByRole("row", { name: /^train/ })
        .first()
        .innerText(),
      /13,901\s+−417\s+−153\s+−28\s+−7\s+13,296/,
    );
    await section.getByText("737 of 20,870 images would leave, 20,133 stay.").waitFor();
    const list = section.getByRole("list", { name: "Images that would leave or move" });
    await list.getByRole("listitem").first().waitFor();
    assert.ok((await list.getByRole("listitem").count()) < 40);
    assert.equal(await list.getByRole("listitem").first().getAttribute("aria-setsize"), "737");
    // The page scrolls to a new plan when it is drawn, and may take the focus with it while the first key is on its way.
    const atLast = (): Promise<boolean> =>
      page
        .waitForFunction(() => document.activeElement?.matches("[data-row='736'].removal-open"), null, {
          timeout: 3000,
        })
        .then(() => true)
        .catch(() => false);
    let reached = false;
    for (let attempt = 0; attempt < 3 && !reached; attempt++) {
      await list.getByRole("button").first().focus();
      await page.keyboard.press("End");
      reached = await atLast();
    }
    assert.ok(reached, "End goes to the last image that would leave");
    await section.getByRole("button", { name: "Write Sanitized Copy…" }).click();
    await section.getByRole("button", { name: "Discard Plan" }).click();
    await section.getByRole("button", { name: "Plan a Sanitized Copy" }).waitFor();
    assert.equal((await callsOf("applyPlan")).length, 1);
  });

  it("does not write in an untrusted workspace, and says why", async () => {
    await open("untrusted");
    const write = page.getByRole("button", { name: "Write Sanitized Copy…" });
    assert.ok(await write.isDisabled());
    await page.getByText("Trust it to write a copy").waitFor();
  });

  it("shows what was written and checked", async () => {
    await open("applied");
    await page.getByText("20,203 images were read back").waitFor();
    const folder = "/data/notmnist_split-sanitized";
    await page.getByRole("button", { name: "Reveal", exact: true }).click();
    assert.deepEqual((await callsOf("openFolder"))[0]?.parameters, [folder]);
    await page.getByRole("button", { name: "Inspect It" }).click();
    assert.deepEqual((await callsOf("inspectFolder"))[0]?.parameters, [folder]);
    await page.getByRole("button", { name: "Certificate" }).click();
    assert.deepEqual((await callsOf("openFile"))[0]?.parameters, [`${folder}/cleansplit-certificate.json`]);
    await page.getByRole("button", { name: "Undo…" }).click();
    assert.deepEqual((await callsOf("undoCopy"))[0]?.parameters, [folder]);
    await page.getByRole("button", { name: "Plan a Sanitized Copy" }).waitFor();
  });

  it("plans as usual with one button, and asks for nothing before", async () => {
    await open("leak");
    const section = page.locator("#sanitize");
    await section.getByRole("button", { name: "Plan a Sanitized Copy" }).waitFor();
    assert.equal(await section.getByRole("radio").count(), 0);
    await section.getByRole("button", { name: "Plan a Sanitized Copy" }).click();
    assert.deepEqual(await lastOptions("makePlan"), DEFAULT_OPTIONS);
    assert.ok(await page.evaluate(() => window.fake.calls.every(({ method }) => method !== "previews")));
  });

  it("shows what each policy would do, and plans the one that is chosen", async () => {
    await open("leak");
    await page.getByRole("button", { name: "Other Ways" }).click();
    const train = page.getByRole("radio", { name: "Protect training" });
    await train.waitFor();
    const card = page.locator(".policy", { has: train });
    assert.match(await card.innerText(), /582 leave\s+0 move/);
    assert.match(await card.innerText(), /test\s+3,493\s+becomes\s+3,280/);
    await page.getByRole("radio", { name: "Protect evaluation" }).focus();
    await page.keyboard.press("ArrowDown");
    assert.ok(await train.isChecked());
    await page.getByRole("button", { name: "Plan This Way" }).click();
    assert.equal((await lastOptions("makePlan"))?.policy, "protect-train");
    // Which policy is chosen changes no preview.
    assert.equal((await callsOf("previews")).length, 1);
  });

  it("previews anew when an option rests, and never goes blank meanwhile", async () => {
    await open("leak");
    await page.getByRole("button", { name: "Other Ways" }).click();
    const first = page.getByRole("radio", { name: "Protect evaluation" });
    await first.waitFor();
    await page.getByRole("checkbox", { name: /^Balance/ }).check();
    await page.getByRole("combobox", { name: "Equal images with different labels" }).selectOption("majority");
    await page.getByRole("combobox", { name: "Which image of a group stays" }).selectOption("largest");
    assert.ok(await first.isVisible());
    await page.getByRole("spinbutton", { name: "Seed" }).focus();
    await page.keyboard.type("1234567");
    await page.locator(".policies[aria-busy=false]").getByText("1,562 leave").waitFor();
    const { balance, conflicts, keep, seed } = (await lastOptions("previews")) ?? DEFAULT_OPTIONS;
    assert.deepEqual(
      [balance, conflicts, keep, String(seed).startsWith("1234567")],
      [true, "majority", "largest", true],
    );
    const asked = await callsOf("previews");
    assert.ok(asked.length < 7, "what is typed quickly is previewed once it rests");
    await page.getByRole("button", { name: "Other Ways" }).click();
    await page.getByText("of conflicts those with the label of most stay, the largest file stays, classes").waitFor();
  });

  it("divides anew by shares in percent and a seed", async () => {
    await open("single");
    await page.getByRole("button", { name: "Other Ways" }).click();
    assert.ok(await page.getByRole("radio", { name: "Move groups" }).isDisabled());
    await page.getByText("All images are in one split: there is none").waitFor();
    await page.getByRole("radio", { name: "New split" }).check();
    // Where groups stay whole, none of them has to be chosen.
    assert.equal(await page.getByRole("combobox", { name: "Which image of a group stays" }).count(), 0);
    await page.getByRole("spinbutton", { name: "train" }).fill("70");
    await page.getByRole("spinbutton", { name: "validation" }).fill("0");
    await page.getByText("Together 80 %").waitFor();
    // What is no whole number of percent is not taken, nor what leaves fewer than two splits.
    await page.getByRole("spinbutton", { name: "test" }).fill("1e9");
    await page.getByRole("spinbutton", { name: "test" }).fill("0");
    await page.getByRole("spinbutton", { name: "Seed" }).fill("7");
    await page.getByRole("button", { name: "Plan This Way" }).click();
    const options = await lastOptions("makePlan");
    assert.equal(options?.seed, 7);
    assert.deepEqual(
      options.shares.map(({ name, share }) => [name, share]),
      [
        ["train", 0.7],
        ["test", 0.1],
      ],
    );
  });

  it("says when previews cannot be worked out, and tries again", async () => {
    await open("leak");
    await page.evaluate(() => window.fake.failing.set("previews", "The engine ended."));
    await page.getByRole("button", { name: "Other Ways" }).click();
    await page.getByText("could not be worked out: The engine ended.").waitFor();
    await page.evaluate(() => window.fake.failing.clear());
    await page.getByRole("button", { name: "Try Again" }).click();
    await page.getByRole("radio", { name: "Protect training" }).waitFor();
  });

  it("remembers what was chosen while it is hidden", async () => {
    await open("leak");
    await page.getByRole("button", { name: "Other Ways" }).click();
    await page.getByRole("radio", { name: "Protect training" }).check();
    await page.waitForTimeout(500);
    await page.reload();
    await page.getByRole("radio", { name: "Protect training" }).waitFor();
    assert.ok(await page.getByRole("radio", { name: "Protect training" }).isChecked());
  });

  it("says what moves where", async () => {
    await open("moves");
    const section = page.locator("#sanitize");
    await section.getByText("737 of 20,870 images would leave, 20,133 stay, 48 of them in another split.").waitFor();
    assert.match(
      await section
        .getByRole("row", { name: /^validation/ })
        .first()
        .innerText(),
      /3,476.*\+48\s+3,437/s,
    );
    await section.getByText("The 785 images that would leave or move, one by one").waitFor();
    await section.getByText("moves to validation", { exact: true }).first().waitFor();
    await section.getByRole("button", { name: "Quarantine in Place…" }).click();
    assert.equal((await callsOf("quarantine")).length, 1);
  });

  it("names different images that have one MD5", async () => {
    await open("plan");
    await page.evaluate(() => {
      const { plan } = window.fake.reportState;
      if (plan !== null) window.fake.update({ plan: { ...plan, collisions: [["test/A/<b>1.png", "train/A/2.png"]] } });
    });
    await page
      .getByText("1 pair of different images has one MD5; both stay: test/A/<b>1.png and train/A/2.png.")
      .waitFor();
  });

  it("is not written when no image stays, and says what to do", async () => {
    await open("plan");
    await page.evaluate(() => {
      const { plan } = window.fake.reportState;
      if (plan !== null) window.fake.update({ plan: { ...plan, after: 0 }, canQuarantine: true });
    });
    await page.getByText("There is nothing to write, as no image stays.").waitFor();
    assert.ok(await page.getByRole("button", { name: "Write Sanitized Copy…" }).isDisabled());
    assert.ok(await page.getByRole("button", { name: "Quarantine in Place…" }).isDisabled());
  });

  it("is not written while conflicts wait, and leads to them", async () => {
    await open("asks");
    const section = page.locator("#sanitize");
    const write = section.getByRole("button", { name: "Write Sanitized Copy…" });
    assert.ok(await write.isDisabled());
    assert.equal(await write.getAttribute("aria-describedby"), "write-blocked");
    await section.getByText("It can be written when all conflicts are decided.").waitFor();
    await section.getByRole("button", { name: "Show Conflicts" }).click();
    await page.getByText("37 of 1,204 groups").waitFor();
    await page.getByRole("button", { name: "Choose" }).first().click();
    const dialog = page.getByRole("dialog");
    const keep = dialog.getByRole("button", { name: /^Keep: / });
    await keep.nth(1).click();
    await dialog.locator(".button[aria-pressed=true]").waitFor();
    const [call] = await callsOf("review");
    const action = call?.parameters[0] as ReviewAction;
    assert.ok(action.type === "keep-one" && !action.insteadOf.includes(action.sample));
    assert.equal(action.insteadOf.length, (await dialog.locator(".dialog-cards .card").count()) - 1);
    // Another one of the group takes its place.
    await keep.first().click();
    await page.waitForFunction(() => window.fake.reportState.review.keep === 1);
    await keep.first().click();
    await page.waitForFunction(() => window.fake.reportState.review.keep === 0);
    // What cannot be kept is said where it was asked for.
    await page.evaluate(() => window.fake.failing.set("review", "Two of its group are kept in two splits."));
    await keep.first().click();
    await dialog.getByText("Two of its group are kept in two splits.").waitFor();
  });

  it("keeps one from the list and from its menu, and takes that back; the list keeps its place", async () => {
    await open("plan");
    const list = page.getByRole("list", { name: "Images that would leave or move" });
    await list.getByRole("listitem").first().waitFor();
    await list.evaluate((element) => element.scrollTo(0, 20_000));
    const row = list.locator("[aria-posinset='268']");
    await row.getByRole("button", { name: /^Keep This One: / }).waitFor();
    await row.getByRole("button", { name: /^Keep This One: / }).click();
    await page.getByText("Because you said so, 1 image stays.").waitFor();
    await row.getByText("leaves", { exact: true }).waitFor();
    assert.equal(await list.evaluate((element) => element.scrollTop), 20_000);
    await row.locator(".removal-open").click({ button: "right" });
    await page.getByRole("menuitem", { name: "Forget" }).click();
    await page.getByText("Because you said so").waitFor({ state: "detached" });
    const actions = (await callsOf("review")).map(({ parameters }) => (parameters[0] as ReviewAction).type);
    assert.deepEqual(actions, ["keep-one", "choose"]);
  });

  it("leaves what stays to the file that a plan was read from", async () => {
    await open("edited");
    const section = page.locator("#sanitize");
    await section.getByText("letters-plan.json").waitFor();
    await section.getByText("where 3 images were edited").waitFor();
    assert.equal(await section.getByRole("button", { name: /^Keep This One/ }).count(), 0);
    await section.getByRole("button", { name: "Undo Last" }).click();
    assert.equal((await callsOf("undoReview")).length, 1);
    await section.getByRole("button", { name: "Open Plan as JSON" }).click();
    assert.equal((await callsOf("openPlan")).length, 1);
  });

  it("says how image files are written, and what an index leaves out", async () => {
    await open("plan");
    const section = page.locator("#sanitize");
    await section.getByText("test/ (3,448 images)").waitFor();
    await section.getByRole("combobox", { name: "How image files are written" }).selectOption("index");
    assert.deepEqual((await callsOf("setImages"))[0]?.parameters, ["index"]);
    await section.getByText("No images: lists of those that stay").waitFor();
    assert.equal(await section.getByText("test/ (3,448 images)").count(), 0);
  });

  it("goes on with what was interrupted, or takes it back", async () => {
    await open("interrupted");
    const notice = page.locator("#sanitize").getByRole("status", { name: "" }).filter({ hasText: "was interrupted" });
    await notice.getByRole("button", { name: "Resume" }).click();
    assert.equal((await callsOf("resumeWriting")).length, 1);
    await notice.getByRole("button", { name: "Undo…" }).click();
    assert.deepEqual((await callsOf("undoCopy"))[0]?.parameters, ["/data/notmnist_split-sanitized"]);
    await notice.waitFor({ state: "detached" });
  });

  for (const theme of ["dark", "light", "hc-dark", "hc-light"] as const) {
    it(`fits at 200 % zoom in ${theme}`, async () => {
      await open("moves", { theme, viewport: { width: 420, height: 450 } });
      await page.getByRole("button", { name: "Plan Another Way" }).click();
      await page.getByRole("radio", { name: "New split" }).check();
      await page.getByRole("spinbutton", { name: "Seed" }).waitFor();
    });
  }
});
