import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { escapeHtml } from "../../core/escapeHtml";
import { TRANSLATIONS } from "../../protocol/language";

/** What a webview of ours needs. */
export interface WebviewContent {
  /** Name of the script and the style sheet in `dist/webview`. */
  readonly page: "report" | "training" | "labels";
  readonly title: string;
  /** The dataset that the page shows, found again in its state after a reload of the window. */
  readonly dataset: string;
}

/** Folders a webview may load from, and no others. */
export function webviewRoots(extensionUri: vscode.Uri): readonly vscode.Uri[] {
  return [vscode.Uri.joinPath(extensionUri, "dist", "webview"), vscode.Uri.joinPath(extensionUri, "media")];
}

/** The page of a webview: nothing is allowed but its own script, its own style sheets and pictures it was sent. */
export function webviewHtml(webview: vscode.Webview, extensionUri: vscode.Uri, content: WebviewContent): string {
  const nonce = randomBytes(16).toString("base64");
  const asset = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, "dist", "webview", name)).toString();
  const policy = [
    "default-src 'none'",
    `img-src ${webview.cspSource} blob: data:`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="${escapeHtml(vscode.env.language)}">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" id="vscode-codicon-stylesheet" href="${escapeHtml(asset("codicon.css"))}">
    <link rel="stylesheet" href="${escapeHtml(asset(`${content.page}.css`))}">
    <title>${escapeHtml(content.title)}</title>
    <script nonce="${nonce}">${stateScript(content.dataset)}</script>
  </head>
  <body>
    <div id="root"></div>
    ${translations()}
    <script type="module" nonce="${nonce}" src="${escapeHtml(asset(`${content.page}.js`))}"></script>
  </body>
</html>`;
}

/**
 * VS Code brings a panel back with the state that its page saved last. The page saves its scroll position and filters;
 * this adds which dataset it is about, so that pages need not know how panels are restored.
 */
function stateScript(dataset: string): string {
  return `{
      const vscode = acquireVsCodeApi();
      const withDataset = (view) => ({ dataset: ${JSON.stringify(dataset)}, view });
      const api = {
        postMessage: (message) => vscode.postMessage(message),
        getState: () => vscode.getState()?.view,
        setState: (view) => (vscode.setState(withDataset(view)), view),
      };
      vscode.setState(withDataset(vscode.getState()?.view));
      globalThis.acquireVsCodeApi = () => api;
    }`;
}

/** The translations of the language that VS Code shows, as data that the page reads; nothing in English. */
function translations(): string {
  const { bundle } = vscode.l10n;
  if (bundle === undefined) return "";
  // Within a script element only its end has a meaning.
  return `<script type="application/json" id="${TRANSLATIONS}">${JSON.stringify(bundle).replaceAll("<", "\\u003c")}</script>`;
}

/** The dataset that a restored page is about; `null` when its state is not ours. */
export function datasetOfState(state: unknown): string | null {
  if (typeof state !== "object" || state === null || !("dataset" in state)) return null;
  return typeof state.dataset === "string" ? state.dataset : null;
}
