import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import type { DatasetSession } from "../../src/host/session";
import { PLANTED, writeTinyDataset } from "./dataset";
import { activated, cleanUp, inspect, messagesDuring, until } from "./extension";

describe("sanitizing", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  it("previews every policy, and each one plans and writes a dataset without leaks", async () => {
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    const previews = await session.sanitizing.previews({}, new AbortController().signal);
    assert.equal(previews.length, 4);
    for (const { policy, title, leave, move, unavailable } of previews) {
      assert.equal(unavailable, null, title);
      const plan = await session.sanitizing.makePlan({ policy });
      assert.deepEqual([plan.before - plan.after, plan.moved], [leave, move], policy);
      const { folder: target } = await session.sanitizing.apply(`${folder}-${policy}`);
      const written = await inspect(target);
      const leaks = written.result?.report.leakage.filter(({ samples }) => samples > 0);
      assert.deepEqual(leaks, [], policy);
    }
  });

  it("previews of options that nobody looks at any more are cancelled", async () => {
    const session = await inspect(writeTinyDataset());
    const abort = new AbortController();
    abort.abort();
    await assert.rejects(session.sanitizing.previews({}, abort.signal), { name: "AbortError" });
  });

  it("conflicts wait for a word, and what is kept stays", async () => {
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    const { reports } = await activated();
    const panel = reports.show(session);
    const plan = await session.sanitizing.makePlan({ conflicts: "ask" });
    assert.equal(plan.undecided, 2 * PLANTED.conflicts);
    await assert.rejects(session.sanitizing.apply(`${folder}-sanitized`), /wait for your word/);
    const { changes } = await panel.changes(0, 500);
    const asked = changes.filter(({ action }) => action === "ask");
    assert.equal(asked.length, 2);
    const [chosen, other] = asked.map(({ sample }) => sample.sample);
    assert(chosen !== undefined && other !== undefined);
    await panel.review({ type: "keep-one", sample: chosen, insteadOf: [other] });
    assert.equal(session.sanitizing.plan?.undecided, 0);
    assert.equal(session.review.keep, 1);
    // Another one of the group takes its place, and taking that back asks again.
    await panel.review({ type: "keep-one", sample: other, insteadOf: [chosen] });
    assert.equal(session.review.keep, 1);
    const left = (await panel.changes(0, 500)).changes.map(({ sample }) => sample.sample);
    assert(left.includes(chosen) && !left.includes(other));
    await panel.review({ type: "choose", samples: [other], choice: null });
    assert.equal(session.sanitizing.plan.undecided, 2);
  });

  it("what is said while reviewing is kept in a file, for other windows too, and is undone and done again by commands", async () => {
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    const { reports } = await activated();
    const panel = reports.show(session);
    const file = path.join(path.dirname(folder), ".cleansplit", "choices.json");
    const said = (): string => readFileSync(file, "utf8");
    await session.sanitizing.makePlan();
    const { total } = await panel.changes(0, 1);
    await panel.review({
      type: "groups",
      filter: { leaking: true },
      groups: "all",
      change: { type: "drop-split", split: "test" },
    });
    assert.equal(panel.state().review.drop, PLANTED.leaks);
    assert.equal(said().match(/"drop"/g)?.length, PLANTED.leaks);
    // What leaked stays now, and the plan is the one that follows.
    assert.equal((await panel.changes(0, 1)).total, total);
    const reasons = (await panel.changes(0, 500)).changes.map(({ reason }) => reason);
    assert.equal(reasons.filter((reason) => reason === "choice").length, PLANTED.leaks);
    assert(!reasons.includes("leaks"));

    await vscode.commands.executeCommand("cleansplit.undoReviewStep");
    assert.equal(session.review.drop, 0);
    assert.doesNotMatch(said(), /"drop"/);
    assert(session.review.redo !== null);
    await vscode.commands.executeCommand("cleansplit.redoReviewStep");
    assert.equal(said().match(/"drop"/g)?.length, PLANTED.leaks);

    // Another inspection reads it, and has nothing to undo.
    await session.inspect();
    assert.deepEqual([session.review.drop, session.review.undo], [PLANTED.leaks, null]);
    writeFileSync(file, "{");
    await session.inspect();
    assert.match(session.error ?? "", /choices\.json cannot be used/);
    assert.equal(session.status, "ready");
  });

  it("a plan opens as JSON, and what is edited in it is written", async () => {
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    const plan = await session.sanitizing.makePlan();
    await vscode.commands.executeCommand("cleansplit.openPlanAsJson", session.id);
    const editor = await waitForPlan();
    const text = editor.document.getText();
    const file = JSON.parse(text) as { readonly changes: readonly { readonly id: string; readonly action: string }[] };
    assert.equal(file.changes.length, plan.before - plan.after);
    const twin = file.changes.find(({ id }) => id.endsWith("twin.png"));
    assert(twin !== undefined);
    const edited = JSON.stringify({
      ...file,
      changes: file.changes.map((change) => (change === twin ? { ...change, action: "stay" } : change)),
    });
    await editor.edit((edit) => edit.replace(new vscode.Range(0, 0, editor.document.lineCount, 0), edited));
    const messages = await messagesDuring(async () => {
      const command = vscode.commands.executeCommand("cleansplit.writeFromPlanFile");
      await until("the copy", async () => {
        await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
        return session.sanitizing.applied !== null;
      });
      await command;
    });
    assert.deepEqual(messages, []);
    const applied = session.sanitizing.applied;
    assert.equal(applied?.samples, plan.after + 1);
    assert(existsSync(path.join(applied.folder, "train", "a", "twin.png")));
  });

  it("a plan of another dataset is refused in words", async () => {
    const session = await inspect(writeTinyDataset());
    await session.sanitizing.makePlan();
    const text = await session.sanitizing.planText();
    const other = await inspect(writeTinyDataset("other"));
    writeFileSync(path.join(other.request.inputs[0] ?? "", "train", "a", "0.png"), "changed");
    await other.inspect();
    await assert.rejects(other.sanitizing.readPlan(text, "plan.json"), /plan/);
    assert.equal(other.sanitizing.plan, null);
  });

  it("verifying finds what was changed, and lists it as problems", async () => {
    const { folder, changed } = await writtenCopy();
    const certificate = vscode.Uri.file(path.join(folder, "cleansplit-certificate.json"));
    await verified(folder);
    assert.deepEqual(vscode.languages.getDiagnostics(certificate), []);
    writeFileSync(changed, "no picture any more");
    writeFileSync(path.join(folder, "added.png"), "not ours");
    await verified(folder);
    const problems = vscode.languages.getDiagnostics(certificate).map(({ message }) => message);
    assert.equal(problems.length, 2, problems.join("\n"));
    assert(problems.some((problem) => problem.includes(path.basename(changed))));
    assert(problems.some((problem) => problem.includes("added.png")));
  });

  it("undoing removes what was written, and leaves what people added and changed", async () => {
    const { session, folder, changed, source } = await writtenCopy();
    const before = digestOf(source);
    writeFileSync(changed, "mine now");
    const added = path.join(folder, "notes.txt");
    writeFileSync(added, "mine too");
    await answered("Remove It", async () =>
      vscode.commands.executeCommand("cleansplit.undoSanitizedCopy", vscode.Uri.file(folder)),
    );
    assert.deepEqual(filesIn(folder).sort(), [changed, added].sort());
    assert.equal(session.sanitizing.applied, null);
    assert.equal(digestOf(source), before);
  });

  it("undoing that nobody confirms removes nothing", async () => {
    const { folder } = await writtenCopy();
    const before = filesIn(folder).length;
    await answered(undefined, async () =>
      vscode.commands.executeCommand("cleansplit.undoSanitizedCopy", vscode.Uri.file(folder)),
    );
    assert.equal(filesIn(folder).length, before);
  });

  it("quarantine has to be allowed, moves what leaves, and is restored", async () => {
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    const before = digestOf(folder);
    await answered(undefined, async () => vscode.commands.executeCommand("cleansplit.quarantineInPlace", session.id));
    assert.equal(digestOf(folder), before);
    const settings = vscode.workspace.getConfiguration();
    await settings.update("cleansplit.sanitize.allowQuarantine", true, vscode.ConfigurationTarget.Global);
    try {
      const plan = await session.sanitizing.makePlan();
      await answered(/^Move/, async () => vscode.commands.executeCommand("cleansplit.quarantineInPlace", session.id));
      assert.equal(session.result?.report.timing.samples, plan.after);
      const quarantine = `${folder}-quarantine`;
      assert(existsSync(quarantine));
      await vscode.commands.executeCommand("cleansplit.restoreQuarantine", vscode.Uri.file(quarantine));
      assert.equal(digestOf(folder), before);
      assert.equal(session.result.report.timing.samples, plan.before);
    } finally {
      await settings.update("cleansplit.sanitize.allowQuarantine", undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it("a writing that was cancelled is gone on with or taken back", async () => {
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    await session.sanitizing.makePlan();
    const target = `${folder}-sanitized`;
    const listener = session.onDidProgress(() => void session.cancel());
    await session.sanitizing.apply(target).catch(() => undefined);
    listener.dispose();
    assert(!existsSync(target) || session.sanitizing.applied !== null);
    if (session.sanitizing.applied === null) await session.sanitizing.apply(target);
    assert.equal(session.sanitizing.interrupted, null);
    assert(existsSync(path.join(target, "cleansplit-certificate.json")));
  });
});

/** A dataset that was sanitized by default, and one image of the copy to change. */
async function writtenCopy(): Promise<{
  readonly session: DatasetSession;
  readonly source: string;
  readonly folder: string;
  readonly changed: string;
}> {
  const source = writeTinyDataset();
  const session = await inspect(source);
  await session.sanitizing.makePlan();
  const { folder } = await session.sanitizing.apply(`${source}-sanitized`);
  return { session, source, folder, changed: path.join(folder, "test", "a", "0.png") };
}

/** Verifies a folder by the command; what it says waits for nobody. */
async function verified(folder: string): Promise<void> {
  const messages = await messagesDuring(async () =>
    vscode.commands.executeCommand("cleansplit.verifySanitizedCopy", vscode.Uri.file(folder)),
  );
  assert.deepEqual(messages, []);
}

/** Runs a command and gives the warning that it shows an answer, as a person would by its button; `undefined` closes it. */
async function answered(answer: string | RegExp | undefined, run: () => Thenable<unknown>): Promise<void> {
  const { window } = vscode;
  const show = window.showWarningMessage;
  const pick = (_message: string, ...rest: unknown[]): Promise<unknown> => {
    const labels = rest.filter((item) => typeof item === "string");
    return Promise.resolve(answer === undefined ? undefined : labels.find((label) => label.match(answer) !== null));
  };
  Object.assign(window, { showWarningMessage: pick });
  try {
    await run();
  } finally {
    Object.assign(window, { showWarningMessage: show });
  }
}

async function waitForPlan(): Promise<vscode.TextEditor> {
  const isPlan = (): boolean =>
    vscode.window.activeTextEditor?.document.getText().includes("cleansplit/plan@1") === true;
  await until("the plan in an editor", isPlan);
  const editor = vscode.window.activeTextEditor;
  assert(editor !== undefined);
  return editor;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());
}

/** A digest over the names and the bytes of all files in a folder. */
function digestOf(folder: string): string {
  const hash = createHash("sha256");
  for (const file of filesIn(folder).sort()) hash.update(path.relative(folder, file)).update(readFileSync(file));
  return hash.digest("hex");
}
