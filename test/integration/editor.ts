import assert from "node:assert/strict";
import { mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import type { NodeOf, TreeNode } from "../../src/host/views/datasetNodes";
import { PLANTED, writeManyGroups, writeTinyDataset } from "./dataset";
import { activated, cleanUp, inspect, messagesDuring, rowOf, rowsOf, until } from "./extension";

/** The folder that is open in this window. */
function workspaceFolder(): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert(folder !== undefined);
  return folder.uri.fsPath;
}

async function tooltip(node: TreeNode): Promise<string> {
  const { tree } = await activated();
  const token = new vscode.CancellationTokenSource().token;
  const item = await tree.resolveTreeItem(tree.getTreeItem(node), node, token);
  return item.tooltip instanceof vscode.MarkdownString ? item.tooltip.value : (item.tooltip ?? "");
}

/** Changes a setting for the time of an action. */
async function withSetting(name: string, value: unknown, action: () => Promise<void>): Promise<void> {
  const settings = vscode.workspace.getConfiguration("cleansplit");
  await settings.update(name, value, vscode.ConfigurationTarget.Global);
  try {
    await action();
  } finally {
    await settings.update(name, undefined, vscode.ConfigurationTarget.Global);
  }
}

describe("datasets in the workspace", () => {
  beforeEach(cleanUp);
  after(cleanUp);
  afterEach(() => rmSync(path.join(workspaceFolder(), "data"), { recursive: true, force: true }));

  it("are found by their names, are read only when they are inspected, and leave the rows of what was found", async () => {
    const { finder, tree, sessions } = await activated();
    const folder = writeTinyDataset("letters", path.join(workspaceFolder(), "data"));
    await vscode.commands.executeCommand("cleansplit.datasets.focus");
    await vscode.commands.executeCommand("cleansplit.findDatasets");
    const [found] = await tree.getChildren();
    assert(found?.kind === "found");
    assert.equal(tree.getTreeItem(found).description, "1 dataset");
    const [candidate] = await tree.getChildren(found);
    assert(candidate?.kind === "candidate");
    assert.deepEqual(candidate.candidate.inputs, [folder]);
    const item = tree.getTreeItem(candidate);
    assert.deepEqual([item.label, item.description], ["letters", "not inspected · data"]);
    assert.match(typeof item.tooltip === "string" ? item.tooltip : "", /train, valid, test/);
    assert.equal(sessions.all.length, 0);

    await vscode.commands.executeCommand("cleansplit.copyPath", candidate, [candidate]);
    assert.equal(await vscode.env.clipboard.readText(), folder);
    await vscode.commands.executeCommand("cleansplit.inspectFound", candidate, [candidate]);
    assert.equal(sessions.all[0]?.status, "ready");
    assert.deepEqual(finder.candidates, []);
    assert.deepEqual(
      (await tree.getChildren()).map(({ kind }) => kind),
      ["dataset"],
    );
  });

  it("are not looked for when that is not wanted", async () => {
    const { finder } = await activated();
    writeTinyDataset("letters", path.join(workspaceFolder(), "data"));
    await vscode.commands.executeCommand("cleansplit.findDatasets");
    assert.equal(finder.candidates.length, 1);
    await withSetting("datasets.find", false, async () => {
      await until("nothing to be found", () => finder.candidates.length === 0);
      await vscode.commands.executeCommand("cleansplit.findDatasets");
      assert.equal(finder.candidates.length, 0);
    });
  });
});

describe("rows of the tree", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  it("show pictures in their tooltips, and names as text", async () => {
    const folder = writeTinyDataset();
    const hostile = "[x](command:quit) <img src=x onerror=alert(1)>.png";
    writeFileSync(path.join(folder, "test", "a", hostile), readFileSync(path.join(folder, "train", "a", "7.png")));
    await inspect(folder);
    const tiers = await rowsOf("tier", await rowOf("duplicates", await rowOf("dataset")));
    const pixel = tiers.find(({ tier }) => tier === "pixel");
    for (const group of await rowsOf("group", pixel)) {
      const text = await tooltip(group);
      assert.equal(text.match(/!\[\]\(data:image\/png;base64,/g)?.length, 2, text);
      for (const sample of await rowsOf("sample", group)) {
        const own = await tooltip(sample);
        assert.match(own, /^!\[\]\(data:image\/png;base64,/);
        assert.doesNotMatch(own.replace(/^!\[\]\([^)]*\)/, ""), /[<>[\]()]/);
      }
    }
  });

  it("of several images are opened and copied together, and several datasets removed", async () => {
    const { sessions } = await activated();
    const folder = writeTinyDataset();
    await inspect(folder);
    const conflict = await rowOf("group", await rowOf("conflicts", await rowOf("dataset")));
    const samples = await rowsOf("sample", conflict);
    const files = samples.map(({ view }) => view.file);
    await vscode.commands.executeCommand("cleansplit.copyPath", samples[0], samples);
    assert.equal(await vscode.env.clipboard.readText(), files.join("\n"));
    await vscode.commands.executeCommand("cleansplit.openImage", samples[0], samples);
    const tabs = (): (string | null)[] =>
      vscode.window.tabGroups.all
        .flatMap((group) => group.tabs)
        .map(({ input }) => (input instanceof vscode.TabInputCustom ? input.uri.fsPath : null));
    await until("both images", () => files.every((file) => tabs().includes(file)));
    const many = Array.from({ length: 30 }, () => samples[0]);
    const [refusal] = await messagesDuring(async () =>
      vscode.commands.executeCommand("cleansplit.openImage", samples[0], many),
    );
    assert.match(refusal ?? "", /at most 20/);

    await inspect(writeTinyDataset("other"));
    const datasets = await rowsOf("dataset");
    assert.equal(datasets.length, 2);
    await vscode.commands.executeCommand("cleansplit.removeFromList", datasets[0], datasets);
    assert.deepEqual(sessions.all, []);
  });

  it("lead to exactly their group in the report, and back", async () => {
    const { tree } = await activated();
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    const tier = (await rowsOf("tier", await rowOf("duplicates", await rowOf("dataset")))).find(
      (row) => row.tier === "pixel",
    );
    const groups = await rowsOf("group", tier);
    const [sample] = await rowsOf("sample", groups[2]);
    assert(sample !== undefined);
    assert.deepEqual(
      await messagesDuring(async () => vscode.commands.executeCommand("cleansplit.showInReport", sample)),
      [],
    );
    const messages = await messagesDuring(async () =>
      vscode.commands.executeCommand("cleansplit.showInDatasets", session.id, sample.view.sample),
    );
    assert.deepEqual(messages, []);
    await until("the row", () => tree.selection[0]?.id === sample.id);
  });

  it("beyond the first page are shown with the rows around them", async () => {
    const { tree } = await activated();
    const session = await inspect(writeManyGroups(1201));
    const tier = (await rowsOf("tier", await rowOf("duplicates", await rowOf("dataset")))).find(
      (row) => row.tier === "pixel",
    );
    assert(tier !== undefined);
    const page = await session.read((engine, inspection) =>
      engine.groups(
        { inspection, query: { from: 1200, count: 1, membersEach: 1 } },
        { signal: new AbortController().signal, progress: () => undefined },
      ),
    );
    const last = page.groups[0]?.members[0]?.sample ?? -1;
    assert.equal((await rowsOf("group", tier)).length, 500);
    await vscode.commands.executeCommand("cleansplit.showInDatasets", session.id, last);
    await until("the row", () => {
      const [selected] = tree.selection;
      return selected?.kind === "sample" && selected.view.sample === last;
    });
    assert.equal((await rowsOf("group", tier)).length, 1201);
  });
});

describe("images in the Explorer", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  it("lead to their group in report and tree, also to the row of one that cannot be read", async () => {
    const { tree, reports } = await activated();
    const folder = writeTinyDataset();
    await inspect(folder);
    const uri = (file: string): vscode.Uri => vscode.Uri.file(path.join(folder, file));
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await vscode.commands.executeCommand("cleansplit.showInReport", uri("test/a/leak.png"));
    assert.equal(reports.size, 1);
    const selected = async (file: string): Promise<TreeNode | undefined> => {
      await vscode.commands.executeCommand("cleansplit.showInDatasets", uri(file));
      return tree.selection[0];
    };
    const leak = await selected("test/a/leak.png");
    assert.equal((leak as NodeOf<"sample">).view.id, "test/a/leak.png");
    const broken = await selected("train/a/broken.png");
    assert.equal((broken as NodeOf<"fault">).fault.id, "train/a/broken.png");
    const messages = await messagesDuring(async () => selected("train/a/none.png"));
    assert.match(messages[0] ?? "", /none\.png is no image of a dataset that was inspected/);
  });

  it("are marked below a link to a folder, and in every folder of a workspace", async () => {
    const { decorations } = await activated();
    const folder = writeTinyDataset();
    const linked = `${folder}-link`;
    symlinkSync(path.dirname(folder), linked);
    const dataset = path.join(linked, path.basename(folder));
    assert.equal(realpathSync(dataset), folder);
    await inspect(dataset);
    await inspect(writeTinyDataset("other"));
    const badge = async (file: string): Promise<string | undefined> =>
      (await decorations.provideFileDecoration(vscode.Uri.file(path.join(dataset, file))))?.badge;
    assert.equal(await badge("test/a/leak.png"), "L");
    assert.equal(await badge("train/a/5.png"), undefined);
  });
});

describe("problems", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  const problems = (): [string, string, vscode.Diagnostic][] =>
    vscode.languages
      .getDiagnostics()
      .flatMap(([uri, list]) =>
        list
          .filter(({ source }) => source === "CleanSplit")
          .map((one): [string, string, vscode.Diagnostic] => [
            uri.fsPath,
            typeof one.code === "string" ? one.code : "",
            one,
          ]),
      );

  it("are listed when they are wanted, name the twins, and go with the setting and the dataset", async () => {
    const { sessions } = await activated();
    const folder = writeTinyDataset();
    const session = await inspect(folder);
    assert.deepEqual(problems(), []);
    await withSetting("problems.enabled", true, async () => {
      const expected = 2 * PLANTED.leaks + 2 * PLANTED.conflicts + PLANTED.unreadable;
      await until("the problems", () => problems().length === expected);
      const [, , leak] = problems().find(([file]) => file === path.join(folder, "test", "a", "leak.png")) ?? [];
      assert.equal(leak?.message, "This image of test also occurs in train.");
      assert.equal(leak.severity, vscode.DiagnosticSeverity.Error);
      const [twin] = leak.relatedInformation ?? [];
      assert.equal(twin?.location.uri.fsPath, path.join(folder, "train", "a", "0.png"));
      const codes = problems().map(([, code]) => code);
      assert.deepEqual([...new Set(codes)].sort(), ["conflict", "leak", "unreadable"]);
      await session.inspect();
      await until("the problems of the other inspection", () => problems().length === expected);
      sessions.remove(session);
      await until("no problems", () => problems().length === 0);
    });
    await inspect(folder);
    assert.deepEqual(problems(), []);
  });
});

describe("hovers", () => {
  beforeEach(cleanUp);
  after(cleanUp);

  async function hover(file: string, text: string): Promise<string> {
    const document = await vscode.workspace.openTextDocument(file);
    const position = document.positionAt(document.getText().indexOf(text) + 1);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      "vscode.executeHoverProvider",
      document.uri,
      position,
    );
    return hovers
      .flatMap(({ contents }) => contents)
      .map((content) => (content instanceof vscode.MarkdownString ? content.value : ""))
      .filter((value) => value.includes("data:image"))
      .join("\n");
  }

  it("show what files of a dataset name, and nothing elsewhere", async () => {
    const folder = writeTinyDataset();
    await inspect(folder);
    const home = path.join(path.dirname(folder), ".cleansplit");
    mkdirSync(home);
    const base = path.basename(folder);
    const decision = {
      keys: ["file:0", "file:1"],
      verdict: "different",
      ids: [`${base}/test/a/0.png`, `${base}/train/b/3.png`],
    };
    const decisions = path.join(home, "decisions.json");
    writeFileSync(decisions, `{\n  "version": 1,\n  "decisions": [\n    ${JSON.stringify(decision)}\n  ]\n}\n`);
    const both = await hover(decisions, "different");
    assert.equal(both.match(/data:image\/png/g)?.length, 2);
    assert.match(both, /different/);

    const manifest = path.join(folder, "files.json");
    writeFileSync(manifest, JSON.stringify([{ path: "test/b/1.png" }, { path: "test/b/none.png" }], null, 2));
    assert.match(await hover(manifest, "test/b/1.png"), /test &#183; b|test · b|test&#32;·&#32;b/);
    assert.equal(await hover(manifest, "none.png"), "");
    const table = path.join(folder, "labels.csv");
    writeFileSync(table, "file,label\ntrain/a/1.png,a\n");
    assert.match(await hover(table, "train/a"), /data:image/);

    const elsewhere = path.join(path.dirname(writeTinyDataset("elsewhere")), "files.json");
    writeFileSync(elsewhere, JSON.stringify({ path: "test/b/1.png" }));
    assert.equal(await hover(elsewhere, "test/b/1.png"), "");
  });
});
