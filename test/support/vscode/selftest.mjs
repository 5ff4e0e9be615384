// Proves that the harness works, with a throwaway extension: `node test/support/vscode/selftest.mjs [--host newest]`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runTests } from "@vscode/test-electron";
import yazl from "yazl";
import { PROJECT_ROOT, prepareHost, resolveHost } from "./prepare.mjs";
import { startVsCode } from "./session.mjs";
import * as workbench from "./workbench.mjs";

const STAND_IN = fileURLToPath(new URL("vscode-executable.mjs", import.meta.url));
const CLEAN_WITHIN_MS = 8_000;
const HANG_TIMEOUT_MS = "9000";

/** The throwaway extension. */
const MAIN = `
const vscode = require("vscode");
exports.activate = (context) => {
  const log = vscode.window.createOutputChannel("Selftest", { log: true });
  log.info("activated");
  const plants = { fruit: ["apple"] };
  const treeItem = (label) => {
    const item = new vscode.TreeItem(label, label === "fruit" ? 1 : 0);
    item.description = "about " + label;
    item.resourceUri = vscode.Uri.file("/" + label);
    return item;
  };
  context.subscriptions.push(
    log,
    vscode.window.registerTreeDataProvider("selftest.plants", {
      getChildren: (label) => (label ? plants[label] : ["fruit", "tree"]),
      getTreeItem: treeItem,
    }),
    vscode.window.registerTreeDataProvider("selftest.stones", { getChildren: () => ["apple"], getTreeItem: treeItem }),
    vscode.window.registerFileDecorationProvider({
      provideFileDecoration: (uri) =>
        uri.path.endsWith("/apple") ? new vscode.FileDecoration("7", "Seven of them") : undefined,
    }),
    vscode.commands.registerCommand("selftest.ask", async () => {
      const colour = await vscode.window.showQuickPick(["red", "green", "green apple"]);
      const thing = await vscode.window.showInputBox({ prompt: "What is of that colour?" });
      const sure = await vscode.window.showWarningMessage("Sure?", { modal: true }, "Yes");
      const answer = await vscode.window.showInformationMessage([colour, thing, sure].join(" "), "Fine");
      if (answer === "Fine") await vscode.window.showInformationMessage("Thanks");
    }),
    vscode.commands.registerCommand("selftest.eat", (label) => vscode.window.showInformationMessage("Ate " + label)),
    vscode.commands.registerCommand("selftest.log", () => log.show()),
    vscode.commands.registerCommand("selftest.panel", () => {
      const panel = vscode.window.createWebviewPanel("selftest", "Selftest Panel", 1, { enableScripts: true });
      panel.webview.onDidReceiveMessage((count) => panel.webview.postMessage(count + 1));
      panel.webview.html = \`<!doctype html><h1>Panel</h1><button>Count</button> <output>counted 0</output><script>
        const host = acquireVsCodeApi();
        let count = 0;
        document.querySelector("button").onclick = () => host.postMessage(count);
        addEventListener("message", ({ data }) => {
          count = data;
          document.querySelector("output").textContent = "counted " + count;
        });
      </script>\`;
    }),
  );
};
`;

const PASSING_TESTS = `
const vscode = require("vscode");
exports.run = async () => {
  const files = await vscode.workspace.findFiles("**/*.txt");
  console.log("trusted %s, %d text file", vscode.workspace.isTrusted, files.length);
  process.stdout.write("raw output\\n");
  await vscode.extensions.getExtension("cleansplit.selftest").activate();
};
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { host: { type: "string" }, only: { type: "string" } },
});
const host = resolveHost(values.host);

// A process of its own, because runTests() writes to the standard output of its process.
if (positionals[0] === "run-tests") {
  const [, extensionDevelopmentPath = "", extensionTestsPath = "", folder = ""] = positionals;
  const exitCode = await runTests({
    vscodeExecutablePath: STAND_IN,
    extensionDevelopmentPath,
    extensionTestsPath,
    launchArgs: [folder],
  }).catch((/** @type {{ code?: number }} */ error) => error.code ?? 99);
  process.exit(exitCode);
}

// Everything that a session leaves behind names this folder: its files lie in it, its processes have it in their arguments.
const root = fs.mkdtempSync(path.join(os.tmpdir(), "cleansplit-selftest-"));
const extension = path.join(root, "extension");
const folder = path.join(root, "workspace");
const pictures = path.join(PROJECT_ROOT, "artifacts", "vscode-selftest");
const temp = path.join(root, "temp");
process.env.TMPDIR = temp;
process.env.CLEANSPLIT_VSCODE_HOST = host;
delete process.env.CLEANSPLIT_TEST_TRUST;
delete process.env.TEST_TIMEOUT_MS;

/** @type {ReadonlyArray<[name: string, check: () => Promise<void>]>} */
const checks = [
  ["runTests: passing tests exit with 0", testsPass],
  ["runTests: failing tests exit with 1 and leave evidence", testsFail],
  ["runTests: tests that hang exit with 124", testsHang],
  ["runTests: a crash of the extension host exits with 1", testsCrash],
  ["runTests: Restricted Mode", testsRestricted],
  ["stand-in: SIGTERM exits with 143", standInTerminated],
  ["stand-in: not even SIGKILL leaves anything behind", standInKilled],
  ["workbench: dark", () => useWorkbench("dark", "vs-dark", extension)],
  ["workbench: light, installed from a .vsix", async () => useWorkbench("light", "vs", await packExtension())],
  ["session: a failed start rejects", failedStart],
];

process.once("exit", () => fs.rmSync(root, { recursive: true, force: true }));
await prepareHost({ host });
writeExtension();
const chosen = checks.filter(([name]) => values.only === undefined || name.includes(values.only));
let failed = 0;
for (const [name, check] of chosen) {
  const start = Date.now();
  try {
    await check();
    await assertNothingLeft();
    console.log(`ok   ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}\n${error instanceof Error ? error.stack : error}`);
  }
}
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

async function testsPass() {
  const { exitCode, output } = await runThroughTestElectron("pass");
  assert.equal(exitCode, 0, output);
  assert.match(output, /^trusted true, 1 text file$/m);
  assert.match(output, /^raw output$/m);
  assert.doesNotMatch(output, /Creating a socket/);
}

async function testsFail() {
  const evidence = path.join(PROJECT_ROOT, "artifacts", `integration-${host}`);
  fs.rmSync(`${evidence}.png`, { force: true });
  const { exitCode, output } = await runThroughTestElectron("fail");
  assert.equal(exitCode, 1, output);
  assert.match(output, /this test fails/);
  assert.match(output, /End of the log of VS Code/);
  assert.ok(fs.statSync(`${evidence}.png`).size > 0);
}

async function testsHang() {
  const { exitCode, output } = await runThroughTestElectron("hang", { TEST_TIMEOUT_MS: HANG_TIMEOUT_MS });
  assert.equal(exitCode, 124, output);
}

async function testsCrash() {
  const { exitCode, output } = await runThroughTestElectron("crash");
  assert.equal(exitCode, 1, output);
}

async function testsRestricted() {
  const { exitCode, output } = await runThroughTestElectron("pass", { CLEANSPLIT_TEST_TRUST: "restricted" });
  assert.equal(exitCode, 0, output);
  assert.match(output, /^trusted false/m);
}

async function standInTerminated() {
  const { child, ended } = await startHangingStandIn();
  child.kill("SIGTERM");
  assert.equal((await ended)[0], 143);
}

async function standInKilled() {
  const { child, ended } = await startHangingStandIn();
  child.kill("SIGKILL");
  await ended;
  // The profile of the browser is the one thing that only its own process tree could have removed.
  await assertNoProcessLeft();
  for (const name of fs.readdirSync(temp)) {
    if (name.startsWith("playwright")) fs.rmSync(path.join(temp, name), { recursive: true, force: true });
  }
}

/**
 * @param {string} colorTheme
 * @param {string} themeClass
 * @param {string} extensionOrVsix
 */
async function useWorkbench(colorTheme, themeClass, extensionOrVsix) {
  const session = await startVsCode({ host, extension: extensionOrVsix, folder, colorTheme });
  try {
    const { page } = session;
    await workbench.runCommand(page, "Selftest: Ask");
    assert.deepEqual(await workbench.quickPickLabels(page), ["red", "green", "green apple"]);
    await workbench.quickPick(page, "green");
    await workbench.inputBox(page, "grass");
    await workbench.answerDialog(page, "Yes");
    const toast = await workbench.notification(page, "green grass Yes");
    await toast.getByRole("button", { name: "Fine" }).click();
    await workbench.notification(page, /^Thanks/);
    await workbench.dismissNotifications(page);

    await workbench.openView(page, "Selftest Things");
    await workbench.expandTreeRow(page, "fruit", "Plants");
    await workbench.clickTreeRow(page, "apple", "Plants");
    const rows = await workbench.until("the tree", async () => {
      const read = await workbench.treeRows(page, "Plants");
      return read.length === 3 && read.every((row) => row.level === 1 || row.badge === "7") ? read : undefined;
    });
    assert.deepEqual(rows[1], {
      label: "apple",
      description: "about apple",
      level: 2,
      expanded: undefined,
      selected: true,
      badge: "7",
    });
    await workbench.contextMenu(page, workbench.treeRow(page, "apple"), "Eat");
    await workbench.notification(page, "Ate apple");
    await workbench.dismissNotifications(page);

    await workbench.runCommand(page, "Selftest: Open Panel");
    const panel = await workbench.webviewFrame(page, "Selftest Panel");
    await panel.getByRole("button", { name: "Count" }).click();
    await panel.getByText("counted 1").waitFor();

    const file = await workbench.explorerRow(page, "train/cats/apple");
    await workbench.until("the badge in the explorer", async () => ((await file.badge()) === "7" ? true : undefined));
    assert.match((await page.locator(".monaco-workbench").getAttribute("class")) ?? "", new RegExp(` ${themeClass} `));
    await session.screenshot(path.join(pictures, `${host}-${colorTheme}.png`));

    await workbench.runCommand(page, "Developer: Reload Webviews");
    await workbench.until("the reloaded webview", async () => {
      const frame = await workbench.webviewFrame(page, (candidate) => candidate.getByText("counted 0").isVisible());
      return frame !== panel || undefined;
    });
    await page.reload();
    await workbench.runCommand(page, "Selftest: Show Log");
    await page.locator(".part.panel").getByText("activated").first().waitFor();
  } catch (error) {
    const evidence = path.join(pictures, `${host}-${colorTheme}-failed`);
    await session.screenshot(`${evidence}.png`);
    fs.writeFileSync(`${evidence}.log`, session.log());
    throw error;
  } finally {
    await session.close();
  }
}

async function failedStart() {
  const broken = path.join(root, "broken.vsix");
  fs.writeFileSync(broken, "no zip");
  await assert.rejects(startVsCode({ host, extension: broken }), /could not be installed/);
}

/**
 * @param {string} tests
 * @param {Readonly<Record<string, string>>} [env]
 */
async function runThroughTestElectron(tests, env = {}) {
  const self = fileURLToPath(import.meta.url);
  const args = [self, "run-tests", extension, path.join(extension, `${tests}.js`), folder];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const [exitCode] = await once(child, "close");
  return { exitCode, output };
}

async function startHangingStandIn() {
  const args = [STAND_IN, folder, `--extensionDevelopmentPath=${extension}`];
  const child = spawn(process.execPath, [...args, `--extensionTestsPath=${path.join(extension, "hang.js")}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  await workbench.until("the tests to start", async () => output.includes("hanging") || undefined, 60_000);
  return { child, ended };
}

async function assertNothingLeft() {
  await assertNoProcessLeft();
  await workbench.until("the temporary files to go", async () => fs.readdirSync(temp).length === 0 || undefined);
}

async function assertNoProcessLeft() {
  await workbench.until(
    "the processes to end",
    async () => {
      const left = processesOf(root);
      if (left.length > 0) throw new Error(left.join("\n"));
      return true;
    },
    CLEAN_WITHIN_MS,
  );
}

/**
 * The command lines of the processes with this text among their arguments.
 * @param {string} text
 */
function processesOf(text) {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return `${pid} ${fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`;
      } catch {
        return "";
      }
    })
    .filter((line) => line.includes(text));
}

async function packExtension() {
  const file = path.join(root, "selftest.vsix");
  const zip = new yazl.ZipFile();
  for (const name of ["package.json", "main.js", "icon.svg"]) {
    zip.addFile(path.join(extension, name), `extension/${name}`);
  }
  zip.end();
  await fs.promises.writeFile(file, zip.outputStream);
  return file;
}

function writeExtension() {
  const cats = path.join(folder, "train", "cats");
  for (const dir of [extension, cats, temp]) fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(path.join(folder, "notes.txt"), "notes");
  fs.writeFileSync(path.join(cats, "apple"), "apple");
  const command = (/** @type {string} */ id, /** @type {string} */ title) => ({
    command: `selftest.${id}`,
    title,
    category: "Selftest",
  });
  const manifest = {
    name: "selftest",
    publisher: "cleansplit",
    version: "0.0.1",
    engines: { vscode: "^1.100.0" },
    main: "./main.js",
    extensionKind: ["workspace"],
    activationEvents: ["onStartupFinished"],
    capabilities: { untrustedWorkspaces: { supported: true } },
    contributes: {
      commands: [
        command("ask", "Ask"),
        command("eat", "Eat"),
        command("panel", "Open Panel"),
        command("log", "Show Log"),
      ],
      viewsContainers: { activitybar: [{ id: "selftest", title: "Selftest Things", icon: "icon.svg" }] },
      views: {
        selftest: [
          { id: "selftest.plants", name: "Plants" },
          { id: "selftest.stones", name: "Stones" },
        ],
      },
      menus: { "view/item/context": [{ command: "selftest.eat", when: "view == selftest.plants" }] },
    },
  };
  fs.writeFileSync(path.join(extension, "package.json"), JSON.stringify(manifest));
  fs.writeFileSync(
    path.join(extension, "icon.svg"),
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8"/></svg>',
  );
  fs.writeFileSync(path.join(extension, "main.js"), MAIN);
  // A child process that would outlive a careless end.
  const withChild = `require("node:child_process").spawn("sleep", ["600"], { argv0: "${root}/sleep" });`;
  fs.writeFileSync(path.join(extension, "pass.js"), PASSING_TESTS);
  fs.writeFileSync(
    path.join(extension, "fail.js"),
    'exports.run = async () => { throw new Error("this test fails"); };',
  );
  fs.writeFileSync(
    path.join(extension, "hang.js"),
    `exports.run = () => { ${withChild} console.log("hanging"); return new Promise(() => {}); };`,
  );
  fs.writeFileSync(path.join(extension, "crash.js"), 'exports.run = async () => process.kill(process.pid, "SIGKILL");');
}
