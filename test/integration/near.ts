import assert from "node:assert/strict";
import * as vscode from "vscode";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { NearReport } from "../../src/core/leakage/report";
import { writeLargeDataset, writeSimilarDataset, writeTinyDataset } from "./dataset";
import { activated, cleanUp, inspect, messagesDuring, rowOf, rowsOf, until } from "./extension";

describe("near duplicates", () => {
  const searchByItself = (value: boolean | undefined): Thenable<void> =>
    vscode.workspace
      .getConfiguration("cleansplit")
      .update("nearDuplicates.search", value, vscode.ConfigurationTarget.Global);

  beforeEach(async () => {
    await cleanUp();
    await searchByItself(true);
  });
  after(async () => {
    await searchByItself(false);
    await cleanUp();
  });

  it("are searched after an inspection, whose report is there before", async () => {
    const session = await inspect(writeTinyDataset());
    assert.equal(session.status, "ready");
    assert.equal(session.isBusy, false);
    assert.equal(session.search.status, "searching");
    const exact = session.result?.report;
    assert.equal(exact?.near, null);
    await until("the search", () => session.search.status === "done");
    const report = session.result?.report;
    assert(report?.near !== undefined && report.near !== null);
    assert.deepEqual(report.duplicates.pixel, exact.duplicates.pixel);
    const tiers = await rowsOf("tier", await rowOf("duplicates", await rowOf("dataset")));
    assert.deepEqual(
      tiers.map(({ tier }) => tier),
      ["file", "pixel", "near"],
    );
    for (const tier of tiers) assert.equal((await rowsOf("group", tier)).length, tier.groups, tier.tier);
    const threshold = (): number | undefined => session.result?.report.near?.threshold;
    const { best } = report.near.measure;
    const standard = threshold();
    await session.setThreshold(best);
    assert.equal(threshold(), best);
    await session.setThreshold(null);
    assert.equal(threshold(), standard);
  });

  it("that are still being searched can be cancelled, and the exact report stays", async () => {
    const session = await inspect(writeLargeDataset(1500));
    const exact = session.result;
    await assert.rejects(session.sanitizing.makePlan({ tier: "near" }), /still being searched/);
    const messages = await messagesDuring(() => session.cancel());
    assert.deepEqual(messages, []);
    assert.equal(session.search.status, "cancelled");
    assert.equal(session.status, "ready");
    assert.equal(session.result, exact);
    assert.equal((await session.sanitizing.makePlan()).before, 1500);
    await assert.rejects(session.setThreshold(1), /Search them first/);
  });

  it("of an inspection that is asked for again are searched in the new one only", async () => {
    const session = await inspect(writeTinyDataset());
    const first = session.result;
    await session.inspect();
    await until("the search", () => session.search.status === "done");
    assert.notEqual(session.result?.inspection, first?.inspection);
    assert.notEqual(session.result?.report.near, null);
    assert.equal(first?.report.near, null);
  });

  it("are searched by the command where the setting is off, and a plan that counts them goes with the threshold", async () => {
    await searchByItself(false);
    const session = await inspect(writeTinyDataset());
    assert.equal(session.search.status, "idle");
    await assert.rejects(session.sanitizing.makePlan({ tier: "near" }), /Search them first/);
    const { reports } = await activated();
    await vscode.commands.executeCommand("cleansplit.searchNearDuplicates", session.id);
    assert.equal(session.search.status, "done");
    assert.equal(reports.size, 1);
    const { best, threshold } = session.result?.report.near?.measure ?? assert.fail();
    await session.sanitizing.makePlan({ tier: "near" });
    await session.setThreshold(best);
    assert.equal(session.sanitizing.plan, null);
    await session.sanitizing.makePlan();
    await session.setThreshold(threshold);
    assert.notEqual(session.sanitizing.plan, null);
  });

  it("that a person says are different are so from then on, by a file beside the dataset", async () => {
    const folder = writeSimilarDataset();
    const session = await inspect(folder);
    await until("the search", () => session.search.status === "done");
    const near = (): NearReport => session.result?.report.near ?? assert.fail();
    assert.equal(near().pairs, 1);
    const query = { tier: "near", similar: true, from: 0, count: 1, membersEach: 2 } as const;
    const page = await session.read((engine, inspection) => engine.groups({ inspection, query }, quietRun()));
    const samples = page.groups[0]?.members.map(({ sample }) => sample) ?? [];
    assert.equal(samples.length, 2);

    await session.takeStep({ type: "judge", samples, verdict: "different" });
    assert.equal(near().pairs, 0);
    assert.equal(near().decisions.different, 1);
    const file = path.join(path.dirname(folder), ".cleansplit", "decisions.json");
    assert.match(readFileSync(file, "utf8"), /"different"/);
    await session.inspect();
    await until("the second search", () => session.search.status === "done");
    assert.equal(near().pairs, 0);

    await session.takeStep({ type: "judge", samples, verdict: null });
    assert.equal(near().pairs, 1);
  });
});

function quietRun(): { readonly signal: AbortSignal; progress(): void } {
  return { signal: new AbortController().signal, progress: () => undefined };
}
