// Shows the webview pages in a real Chromium against a fake extension host, under the content security policy and with
// the colours that they get in VS Code.
import { build } from "esbuild";
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { chromiumPath } from "../chromium.mjs";

/** @typedef {"dark" | "light" | "hc-dark" | "hc-light"} Theme */
/** @typedef {"report" | "training" | "labels"} PageName */

/**
 * @typedef {object} OpenOptions
 * @property {string} [scenario] what the fake host has, see fakeHost.ts
 * @property {Theme} [theme]
 * @property {{ width: number, height: number }} [viewport]
 * @property {"pseudo"} [language] English when it is left out; the pseudo language stands in `⟦⟧`, see `pseudoBundle`
 */

/**
 * @typedef {object} Harness
 * @property {(page: PageName, options?: OpenOptions) => Promise<import("playwright-core").Page>} open
 * @property {() => Promise<void>} close
 * @property {Readonly<Record<string, number>>} sizes bytes of each minified bundle
 */

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const NONCE = "harness";
const require = createRequire(import.meta.url);

/** @type {Record<Theme, { body: string, variables: Record<string, string> }>} */
const THEMES = JSON.parse(fs.readFileSync(new URL("themes.json", import.meta.url), "utf8"));

/** What VS Code itself puts into every webview, as far as it can be seen. */
const DEFAULT_STYLES = `
html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); }
body { overscroll-behavior-x: none; background-color: transparent; color: var(--vscode-editor-foreground);
  font-family: var(--vscode-font-family); font-weight: var(--vscode-font-weight); font-size: var(--vscode-font-size);
  margin: 0; padding: 0 20px; }
img, video { max-width: 100%; max-height: 100%; }
a { color: var(--vscode-textLink-foreground); }
`;

/**
 * Builds the pages from their sources, serves them and starts a browser.
 * @returns {Promise<Harness>}
 */
export async function startHarness() {
  const files = await bundle();
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const name = url.pathname.slice(1);
    if (name === "report" || name === "training" || name === "labels") {
      const theme = /** @type {Theme} */ (url.searchParams.get("theme") ?? "dark");
      const origin = `http://${request.headers.host}`;
      response.setHeader("Content-Security-Policy", policy(origin));
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      response.end(html(name, theme, url.searchParams.get("language") === "pseudo" ? pseudoBundle() : null));
      return;
    }
    const content = files.get(name);
    if (content === undefined) {
      response.statusCode = 404;
      response.end();
      return;
    }
    response.setHeader("Content-Type", TYPES[path.extname(name)] ?? "application/octet-stream");
    response.end(content);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

  const browser = await launchBrowser().catch((error) => {
    server.close();
    throw error;
  });

  return {
    sizes: Object.fromEntries([...files].map(([name, content]) => [name, content.length])),
    open: async (
      name,
      { scenario = "leak", theme = "dark", viewport = { width: 1180, height: 900 }, language } = {},
    ) => {
      const context = await browser.newContext({ viewport, colorScheme: theme.endsWith("light") ? "light" : "dark" });
      const page = await context.newPage();
      const query = `scenario=${scenario}&theme=${theme}${language === undefined ? "" : `&language=${language}`}`;
      await page.goto(`http://127.0.0.1:${port}/${name}?${query}`);
      return page;
    },
    close: async () => {
      await browser.close();
      await new Promise((resolve) => server.close(() => resolve(undefined)));
    },
  };
}

/**
 * Starts the browser that CHROMIUM names, or one that is installed.
 * @returns {Promise<import("playwright-core").Browser>}
 */
export function launchBrowser() {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
  return chromium.launch({ executablePath: chromiumPath(), args });
}

/** @returns {Promise<Map<string, Buffer | Uint8Array | string>>} */
async function bundle() {
  /** @type {import("esbuild").BuildOptions} */
  const options = {
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    minify: true,
    target: "es2022",
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "preact",
    outdir: "dist/webview",
    logLevel: "error",
  };
  const pages = await build({
    ...options,
    entryPoints: Object.fromEntries(
      ["report", "training", "labels"].map((page) => [page, `webview-ui/src/${page}/main.tsx`]),
    ),
  });
  const fake = await build({ ...options, entryPoints: { fakeHost: "test/support/webview/fakeHost.ts" } });
  const codicons = path.dirname(require.resolve("@vscode/codicons/dist/codicon.css"));
  return new Map(
    /** @type {Array<[string, Uint8Array | string]>} */ ([
      ...[...(pages.outputFiles ?? []), ...(fake.outputFiles ?? [])].map((file) => [
        path.basename(file.path),
        file.contents,
      ]),
      ...["codicon.css", "codicon.ttf"].map((file) => [file, fs.readFileSync(path.join(codicons, file))]),
      ["default.css", DEFAULT_STYLES],
    ]),
  );
}

/** @type {Readonly<Record<string, string>>} */
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf" };

/** @param {string} origin */
function policy(origin) {
  return `default-src 'none'; img-src ${origin} blob: data:; style-src ${origin}; font-src ${origin}; script-src 'nonce-${NONCE}'`;
}

/**
 * Translations in which every word of a sentence stands in `⟦⟧`, but not the values in its places: those are to be translated on
 * their own. Dates and lists are Japanese, which have no letters.
 */
export function pseudoBundle() {
  const file = new URL("../../../l10n/bundle.l10n.json", import.meta.url);
  /** @type {Record<string, string | { message: string }>} */
  const sentences = JSON.parse(fs.readFileSync(file, "utf8"));
  const translated = Object.entries(sentences).map(([key, sentence]) => {
    const english = typeof sentence === "string" ? sentence : sentence.message;
    if (english === "en-US") return [key, "ja"];
    const parts = english.split(/(\{\w+\})/).map((part) => (/^\{|^\P{L}*$/u.test(part) ? part : `⟦${part}⟧`));
    return [key, parts.join("")];
  });
  return Object.fromEntries(translated);
}

/**
 * @param {PageName} name
 * @param {Theme} theme
 * @param {object | null} translations
 */
function html(name, theme, translations) {
  const script = (/** @type {object} */ value) => JSON.stringify(value).replaceAll("<", "\\u003c");
  const themes = script(THEMES);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="default.css">
<link id="vscode-codicon-stylesheet" rel="stylesheet" href="codicon.css">
<link rel="stylesheet" href="${name}.css">
</head>
<body>
<div id="root"></div>
${translations === null ? "" : `<script type="application/json" id="cleansplit-translations">${script(translations)}</script>`}
<script nonce="${NONCE}">
  const themes = ${themes};
  // As VS Code does it: variables on the root element, the kind of theme on the body.
  window.setTheme = (name) => {
    document.documentElement.removeAttribute("style");
    for (const [key, value] of Object.entries(themes[name].variables)) document.documentElement.style.setProperty(key, value);
    document.body.className = themes[name].body + (name === "hc-light" ? " vscode-high-contrast" : "");
    document.body.dataset.vscodeThemeId = name;
  };
  window.setTheme(${JSON.stringify(theme)});
</script>
<script type="module" nonce="${NONCE}" src="fakeHost.js"></script>
<script type="module" nonce="${NONCE}" src="${name}.js"></script>
</body>
</html>`;
}
