import * as vscode from "vscode";
import type { Port } from "../../protocol/channel";
import type { DatasetSession, DatasetSessions } from "../session";
import { datasetOfState, webviewHtml, webviewRoots, type WebviewContent } from "./webviewHtml";

/** One kind of panel: at most one for each dataset. */
export interface PanelKind<P extends vscode.Disposable> {
  readonly viewType: string;
  readonly page: WebviewContent["page"];
  readonly icon: string;
  title(session: DatasetSession): string;
  /** Connects a panel with its dataset. What it answers is disposed with the panel. */
  connect(panel: vscode.WebviewPanel, session: DatasetSession): P;
}

/** The open panels of one kind. They come back after a reload of the window and go with their dataset. */
export class DatasetPanels<P extends vscode.Disposable> implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #kind: PanelKind<P>;
  readonly #sessions: DatasetSessions;
  readonly #extensionUri: vscode.Uri;
  readonly #open = new Map<string, { readonly panel: vscode.WebviewPanel; readonly page: P }>();
  readonly #subscriptions: vscode.Disposable;

  constructor(kind: PanelKind<P>, sessions: DatasetSessions, extensionUri: vscode.Uri) {
    this.#kind = kind;
    this.#sessions = sessions;
    this.#extensionUri = extensionUri;
    this.#subscriptions = vscode.Disposable.from(
      vscode.window.registerWebviewPanelSerializer(kind.viewType, this),
      sessions.onDidChange((session) => this.#follow(session)),
    );
  }

  /** Panels that are open now. */
  get size(): number {
    return this.#open.size;
  }

  /** Shows the panel of a dataset, a new one when it has none. */
  show(session: DatasetSession): P {
    const known = this.#open.get(session.id);
    if (known !== undefined) {
      known.panel.reveal();
      return known.page;
    }
    const { viewType } = this.#kind;
    const panel = vscode.window.createWebviewPanel(viewType, this.#kind.title(session), vscode.ViewColumn.Active);
    return this.#connect(panel, session);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const id = datasetOfState(state);
    const session = id === null ? undefined : this.#sessions.find(id);
    if (session === undefined || this.#open.has(session.id)) panel.dispose();
    else this.#connect(panel, session);
    return Promise.resolve();
  }

  dispose(): void {
    this.#subscriptions.dispose();
    for (const { panel } of [...this.#open.values()]) panel.dispose();
  }

  #connect(panel: vscode.WebviewPanel, session: DatasetSession): P {
    const title = this.#kind.title(session);
    panel.title = title;
    panel.iconPath = vscode.Uri.joinPath(this.#extensionUri, "media", "icons", this.#kind.icon);
    panel.webview.options = { enableScripts: true, localResourceRoots: [...webviewRoots(this.#extensionUri)] };
    const page = this.#kind.connect(panel, session);
    this.#open.set(session.id, { panel, page });
    panel.onDidDispose(() => {
      this.#open.delete(session.id);
      page.dispose();
    });
    const content = { page: this.#kind.page, title, dataset: session.id };
    panel.webview.html = webviewHtml(panel.webview, this.#extensionUri, content);
    return page;
  }

  #follow(session: DatasetSession | undefined): void {
    if (session !== undefined) {
      const open = this.#open.get(session.id);
      const title = this.#kind.title(session);
      // Setting a title redraws the tab even when it is the same.
      if (open !== undefined && open.panel.title !== title) open.panel.title = title;
      return;
    }
    for (const [id, { panel }] of [...this.#open]) if (this.#sessions.find(id) === undefined) panel.dispose();
  }
}

/** The host's end of the wire to a webview. Everything listening ends with the panel. */
export function webviewPort(webview: vscode.Webview): Port {
  return {
    // A page that is hidden or gone gets nothing, and asks for everything when it is back.
    post: (message) => void webview.postMessage(message),
    listen: (listener) => {
      const subscription = webview.onDidReceiveMessage(listener);
      return () => {
        subscription.dispose();
      };
    },
  };
}
