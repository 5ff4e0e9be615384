// Starts CleanSplit in a real VS Code (VS Code Server and a headless Chromium) and cleans up after it.
import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, URLSearchParams } from "node:url";
import { chromium } from "playwright-core";
import { prepareHost } from "./prepare.mjs";
import { until, workbenchReady } from "./workbench.mjs";

/**
 * @typedef {object} SessionOptions
 * @property {import("./prepare.mjs").Host} [host] default: CLEANSPLIT_VSCODE_HOST, else "1.100"
 * @property {string} [extension] a folder to run as extension under development, or a .vsix to install
 * @property {string} [folder] the folder or .code-workspace file to open
 * @property {Readonly<Record<string, unknown>>} [settings] user settings
 * @property {boolean} [trust] false leaves workspace trust on, so that the folder opens in Restricted Mode
 * @property {{ width: number, height: number }} [viewport]
 * @property {string} [colorTheme] "dark", "light", "hc-dark", "hc-light" or the id of a theme
 * @property {string} [language] the display language, such as "es", English without it; texts of VS Code itself stay English
 * @property {Readonly<Record<string, string>>} [env] environment variables for the server and the extension host
 * @property {string} [testsPath] a module that exports `run()`, to be run in the extension host
 * @property {(text: string, isError: boolean) => void} [onTestOutput] what the tests print
 * @property {(exitCode: number) => void} [onTestExit] called when `run()` has ended
 */

/** @typedef {"dark" | "light" | "hc-dark" | "hc-light"} ThemeName */

/**
 * @typedef {object} Session
 * @property {import("playwright-core").Page} page
 * @property {import("playwright-core").Browser} browser
 * @property {number} port
 * @property {string} url
 * @property {() => string} log output of the server and console of the browser, for failures
 * @property {(file: string) => Promise<void>} screenshot
 * @property {(theme: ThemeName) => Promise<void>} setTheme has the workbench and its webviews shown in another theme
 * @property {() => Promise<void>} close
 */

const START_TIMEOUT_MS = 60_000;
const ACTION_TIMEOUT_MS = 15_000;
/** Set by test-entry.cjs. */
const TEST_OUTPUT_MARK = "\u0002";
const TESTS_DONE = "\u0003";
/** What every start of this server says. */
const NOISE = /builtin extensions|vsda|service ?worker|status of 404|bad HTTP response code/i;
const LOG_LIMIT = 400_000;
const TEST_ENTRY = fileURLToPath(new URL("test-entry.cjs", import.meta.url));
const GUARD = fileURLToPath(new URL("server-guard.mjs", import.meta.url));

/** Quiet, and the same picture every time. */
const DEFAULT_SETTINGS = Object.freeze({
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "explorer.compactFolders": false,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "remote.autoForwardPorts": false,
  "security.workspace.trust.startupPrompt": "never",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "update.showReleaseNotes": false,
  "window.restoreWindows": "none",
  "workbench.enableExperiments": false,
  "workbench.reduceMotion": "on",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
});

/** @type {Readonly<Record<string, string>>} */
const THEMES = Object.freeze({
  dark: "Default Dark Modern",
  light: "Default Light Modern",
  "hc-dark": "Default High Contrast",
  "hc-light": "Default High Contrast Light",
});

/** See {@link writeThemeSwitch}. */
const THEME_KEYS = Object.freeze({
  dark: "Control+Alt+F5",
  light: "Control+Alt+F6",
  "hc-dark": "Control+Alt+F7",
  "hc-light": "Control+Alt+F8",
});

/** Of the workbench and of the body of a webview. */
const THEME_CLASSES = Object.freeze({
  dark: ["vs-dark", "vscode-dark"],
  light: ["vs", "vscode-light"],
  "hc-dark": ["hc-black", "vscode-high-contrast"],
  "hc-light": ["hc-light", "vscode-high-contrast-light"],
});

// As few processes and as little traffic as possible; Chromium's sandbox does not work as root or in containers.
const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** @type {Set<() => Promise<void>>} */
const openSessions = new Set();

/**
 * Starts VS Code and waits until its workbench is there. Whatever happens, nothing stays behind: a failed start, a
 * signal and an exit of this process all end the server and the browser and remove the temporary files.
 * @param {SessionOptions} [options]
 * @returns {Promise<Session>}
 */
export function startVsCode(options = {}) {
  return withServer(options, async ({ port, url, listening, executablePath, log, cleanUps, close }) => {
    const browserLaunch = chromium.launch({
      executablePath,
      args: CHROMIUM_FLAGS,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    cleanUps.unshift(() => browserLaunch.then((browser) => browser.close()).catch(() => undefined));
    const [browser] = await Promise.all([browserLaunch, listening]);
    const page = await openPage(browser, options, log);
    const setTheme = async (/** @type {ThemeName} */ theme) => {
      await until(`the theme ${theme}`, async () => {
        await page.keyboard.press(THEME_KEYS[theme]);
        const workbench = page.locator(`.monaco-workbench.${THEME_CLASSES[theme][0]}`).first();
        return workbench.waitFor({ timeout: 3000 }).then(() => true);
      });
      await themeShown(page, THEME_CLASSES[theme][1] ?? "");
    };

    await page.goto(url, { timeout: START_TIMEOUT_MS });
    await workbenchReady(page, START_TIMEOUT_MS);
    return {
      page,
      browser,
      port,
      url,
      log: log.text,
      screenshot: async (file) => {
        fs.mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
        await page.screenshot({ path: file });
      },
      setTheme,
      close,
    };
  });
}

/**
 * Starts only the server, for a browser of one's own. It ends like a session does.
 * @param {SessionOptions} [options]
 * @returns {Promise<Pick<Session, "port" | "url" | "log" | "close">>}
 */
export function serveVsCode(options = {}) {
  return withServer(options, async ({ port, url, listening, log, close }) => {
    await listening;
    return { port, url, log: log.text, close };
  });
}

/**
 * Starts a server, gives it to `use`, and cleans up when that fails.
 * @template T
 * @param {SessionOptions} options
 * @param {(server: {
 *   port: number, url: string, listening: Promise<void>, executablePath: string, log: ReturnType<typeof createLog>,
 *   cleanUps: Array<() => Promise<unknown> | undefined>, close: () => Promise<void>
 * }) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withServer(options, use) {
  const { serverMain, node, chromium: executablePath } = await prepareHost({ host: options.host });
  const log = createLog();
  const tempDir = fs.mkdtempSync(path.join(os.tmpdir(), "cleansplit-vscode-"));
  fs.mkdirSync(path.join(tempDir, "tmp"));
  /** @type {Array<() => Promise<unknown> | undefined>} */
  const cleanUps = [async () => fs.rmSync(tempDir, { recursive: true, force: true, maxRetries: 5 })];
  /** @type {Promise<void> | undefined} */
  let closing;
  const close = () => (closing ??= runAll(cleanUps).finally(() => untrack(close)));
  track(close);

  try {
    writeSettings(tempDir, options);
    if (options.language !== undefined) writeLanguagePack(tempDir, options.language);
    linkExtension(tempDir, options);
    const port = await freePort();
    const server = startServer([node, serverMain, ...serverArguments(options, tempDir, port)], tempDir, options, log);
    cleanUps.unshift(server.stop);
    // A failure is reported by whoever waits for it.
    server.listening.catch(() => undefined);
    const url = workbenchUrl(options, tempDir, port);
    return await use({ port, url, listening: server.listening, executablePath, log, cleanUps, close });
  } catch (error) {
    await close();
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`VS Code did not start: ${message}\n${log.text().slice(-4000)}`, { cause: error });
  }
}

/**
 * @param {string} tempDir
 * @param {SessionOptions} options
 */
function writeSettings(tempDir, { settings, colorTheme }) {
  const theme = colorTheme === undefined ? {} : { "workbench.colorTheme": THEMES[colorTheme] ?? colorTheme };
  const file = path.join(tempDir, "server", "data", "User", "settings.json");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, JSON.stringify({ ...DEFAULT_SETTINGS, ...theme, ...settings }, undefined, 2));
}

/**
 * What makes a language one to show: a language pack, here one without texts.
 * @param {string} tempDir
 * @param {string} language
 */
function writeLanguagePack(tempDir, language) {
  const data = path.join(tempDir, "server", "data");
  const texts = path.join(data, "no-texts.json");
  fs.writeFileSync(texts, JSON.stringify({ version: "1.0.0", contents: {} }));
  const extensions = [{ extensionIdentifier: { id: "cleansplit-tests.language" }, version: "1.0.0" }];
  const pack = { hash: "tests", extensions, translations: { vscode: texts }, label: language };
  fs.writeFileSync(path.join(data, "languagepacks.json"), JSON.stringify({ [language]: pack }));
}

/**
 * Without tests the folder is used like an installed extension, because VS Code runs an extension under development
 * differently from what its users see.
 * @param {string} tempDir
 * @param {SessionOptions} options
 */
function linkExtension(tempDir, { extension, testsPath }) {
  const extensionsDir = path.join(tempDir, "extensions");
  fs.mkdirSync(extensionsDir);
  if (isVsix(extension) && testsPath !== undefined) writeTestsExtension(tempDir);
  if (testsPath === undefined) writeThemeSwitch(extensionsDir);
  if (extension === undefined || isVsix(extension) || testsPath !== undefined) return;
  fs.symlinkSync(path.resolve(extension), path.join(extensionsDir, "extension-under-test"), "junction");
}

/**
 * VS Code runs tests only while an extension is under development. Where the one to be tested is installed, this empty one is.
 * @param {string} tempDir
 */
function writeTestsExtension(tempDir) {
  const folder = testsExtension(tempDir);
  fs.mkdirSync(folder);
  const manifest = { name: "tests", publisher: "cleansplit-tests", version: "0.0.0", engines: { vscode: "*" } };
  fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
}

/**
 * VS Code in a browser does not see that its settings file was written, so an extension changes the theme, by keys.
 * @param {string} extensionsDir
 */
function writeThemeSwitch(extensionsDir) {
  const folder = path.join(extensionsDir, "theme-switch");
  fs.mkdirSync(folder);
  const keybindings = Object.entries(THEME_KEYS).map(([theme, key]) => {
    return { command: "themeSwitch.set", args: THEMES[theme], key: key.toLowerCase().replace("control", "ctrl") };
  });
  const manifest = {
    ...{ name: "theme-switch", publisher: "cleansplit-tests", version: "0.0.0", engines: { vscode: "^1.80.0" } },
    ...{ main: "main.js", activationEvents: ["onCommand:themeSwitch.set"], contributes: { keybindings } },
  };
  fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
  const set =
    'vscode.workspace.getConfiguration().update("workbench.colorTheme", theme, vscode.ConfigurationTarget.Global)';
  const register = `vscode.commands.registerCommand("themeSwitch.set", (theme) => ${set})`;
  fs.writeFileSync(
    path.join(folder, "main.js"),
    `const vscode = require("vscode");\nexports.activate = () => ${register};\n`,
  );
}

/** @param {string} tempDir */
function testsExtension(tempDir) {
  return path.join(tempDir, "tests-extension");
}

/**
 * @param {SessionOptions} options
 * @param {string} tempDir
 * @param {number} port
 */
function serverArguments({ extension, trust = true, testsPath, language }, tempDir, port) {
  return [
    ...["--host", "127.0.0.1", "--port", String(port), "--without-connection-token"],
    ...["--accept-server-license-terms", "--telemetry-level", "off"],
    ...["--server-data-dir", path.join(tempDir, "server"), "--extensions-dir", path.join(tempDir, "extensions")],
    ...(trust ? ["--disable-workspace-trust"] : []),
    ...(language === undefined ? [] : ["--locale", language]),
    ...(isVsix(extension) ? ["--install-extension", path.resolve(extension), "--start-server"] : []),
    // Without this a built server ignores the tests in the payload. With it VS Code answers dialogs by itself and newer
    // ones show no notifications: nothing for an end-to-end test.
    ...(testsPath === undefined ? [] : ["--enable-smoke-test-driver"]),
  ];
}

/**
 * @param {readonly string[]} command
 * @param {string} tempDir
 * @param {SessionOptions} options
 * @param {ReturnType<typeof createLog>} log
 */
function startServer(command, tempDir, { extension, testsPath, env }, log) {
  // A group of its own, so that the guard can end it with everything that the extension started.
  const guard = spawn(process.execPath, [GUARD, tempDir, ...command], {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      ...inheritedEnv(),
      // Sockets and other temporary files of the extension host go when the session goes.
      TMPDIR: path.join(tempDir, "tmp"),
      // No marketplace, so no network.
      EXTENSIONS_GALLERY: "{}",
      ...(testsPath === undefined ? {} : { CLEANSPLIT_TESTS_PATH: path.resolve(testsPath) }),
      ...env,
    },
  });
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => guard.once("exit", () => resolve()).once("error", () => resolve()));
  guard.stdin.on("error", () => {});

  // A .vsix is installed after the server has begun to listen.
  const ready = isVsix(extension) ? /was successfully installed/ : /Extension host agent listening/;
  /** @type {Promise<void>} */
  const listening = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the server was not ready in time")), START_TIMEOUT_MS).unref();
    const onOutput = (/** @type {Buffer} */ chunk) => {
      const text = String(chunk);
      log.add("server", text.trimEnd());
      if (text.includes("Failed Installing Extensions")) reject(new Error(`${extension} could not be installed`));
      else if (ready.test(text)) resolve(clearTimeout(timer));
    };
    guard.stdout.on("data", onOutput);
    guard.stderr.on("data", onOutput);
    void ended.then(() => reject(new Error("the server ended")));
  });
  return {
    listening,
    stop: () => {
      guard.stdin.end();
      return ended;
    },
  };
}

/** The variables of this process, without those by which a VS Code that it runs in would be taken for the one tested. */
function inheritedEnv() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$)/.test(name)),
  );
}

/**
 * @param {import("playwright-core").Browser} browser
 * @param {SessionOptions} options
 * @param {ReturnType<typeof createLog>} log
 */
async function openPage(browser, options, log) {
  const { viewport = { width: 1280, height: 800 }, colorTheme, language = "en-US" } = options;
  const context = await browser.newContext({
    viewport,
    // What the workbench shows until it has read the settings.
    colorScheme: colorTheme !== undefined && /light/i.test(colorTheme) ? "light" : "dark",
    permissions: ["clipboard-read", "clipboard-write"],
    locale: language,
  });
  context.setDefaultTimeout(ACTION_TIMEOUT_MS);
  const page = await context.newPage();
  page.on("console", (message) => log.add(`browser ${message.type()}`, message.text()));
  page.on("pageerror", (error) => log.add("browser exception", String(error.stack ?? error)));
  page.on("crash", () => log.add("browser", "the page crashed"));
  // Without this a page with unsaved editors could not be reloaded.
  page.on("dialog", (dialog) => void dialog.accept().catch(() => undefined));
  if (options.testsPath !== undefined) await listenToTests(page, options);
  return page;
}

/**
 * VS Code calls these two functions where the page has them.
 * @param {import("playwright-core").Page} page
 * @param {SessionOptions} options
 */
async function listenToTests(page, { onTestOutput, onTestExit }) {
  let testsDone = false;
  await page.exposeFunction("codeAutomationLog", (/** @type {string} */ type, /** @type {unknown[]} */ [text]) => {
    if (typeof text !== "string" || !text.startsWith(TEST_OUTPUT_MARK)) return;
    const output = text.slice(TEST_OUTPUT_MARK.length);
    if (output === TESTS_DONE) testsDone = true;
    else onTestOutput?.(output, type === "error" || type === "warn");
  });
  await page.exposeFunction("codeAutomationExit", (/** @type {number} */ exitCode) => {
    // VS Code reports success also when the extension host was killed.
    if (exitCode !== 0 || testsDone) return onTestExit?.(exitCode);
    onTestOutput?.("The extension host ended before the tests did.", true);
    onTestExit?.(1);
  });
}

/**
 * @param {SessionOptions} options
 * @param {string} tempDir
 * @param {number} port
 */
function workbenchUrl({ extension, folder, testsPath }, tempDir, port) {
  const authority = `127.0.0.1:${port}`;
  const remote = (/** @type {string} */ file) => `vscode-remote://${authority}${encodeURI(path.resolve(file))}`;
  const payload = [["skipWelcome", "true"]];
  if (testsPath !== undefined) {
    payload.push(["extensionTestsPath", remote(TEST_ENTRY)]);
    const developed = isVsix(extension) ? testsExtension(tempDir) : extension;
    if (developed !== undefined) payload.push(["extensionDevelopmentPath", remote(developed)]);
  }

  const query = new URLSearchParams({ payload: JSON.stringify(payload) });
  if (folder !== undefined)
    query.set(folder.endsWith(".code-workspace") ? "workspace" : "folder", path.resolve(folder));
  return `http://${authority}/?${query}`;
}

/**
 * @param {string | undefined} extension
 * @returns {extension is string}
 */
function isVsix(extension) {
  return extension !== undefined && extension.endsWith(".vsix");
}

/**
 * Waits until the webviews are shown in a theme.
 * @param {import("playwright-core").Page} page
 * @param {string} webview
 */
async function themeShown(page, webview) {
  for (const outer of await page.locator("iframe.webview").filter({ visible: true }).elementHandles()) {
    const inner = await (await outer.contentFrame())?.$("#active-frame");
    await (await inner?.contentFrame())?.locator(`body.${webview}`).waitFor();
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {net.AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}

/** A log that keeps its end and forgets its beginning. What the tests print is passed on already. */
function createLog() {
  let text = "";
  return {
    /** @type {(source: string, line: string) => void} */
    add: (source, line) => {
      if (!NOISE.test(line) && !line.includes(TEST_OUTPUT_MARK))
        text = `${text}[${source}] ${line}\n`.slice(-LOG_LIMIT);
    },
    text: () => text,
  };
}

/** @param {ReadonlyArray<() => Promise<unknown> | undefined>} steps */
async function runAll(steps) {
  for (const step of steps) await Promise.resolve(step()).catch(() => undefined);
}

/** @param {() => Promise<void>} close */
function track(close) {
  openSessions.add(close);
  if (openSessions.size > 1) return;
  for (const signal of SIGNALS) process.on(signal, endOnSignal);
}

/** @param {() => Promise<void>} close */
function untrack(close) {
  openSessions.delete(close);
  if (openSessions.size > 0) return;
  for (const signal of SIGNALS) process.off(signal, endOnSignal);
}

/** @type {readonly NodeJS.Signals[]} */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** @param {NodeJS.Signals} signal */
function endOnSignal(signal) {
  void Promise.all([...openSessions].map((close) => close())).finally(() =>
    process.exit(128 + os.constants.signals[signal]),
  );
}
