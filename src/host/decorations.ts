import path from "node:path";
import * as vscode from "vscode";
import type { Mark, MarkKind } from "../engine/engine";
import type { ErrorMessages } from "./errors";
import { throttled } from "./progress";
import type { DatasetSession, DatasetSessions } from "./session";

const SETTING = "cleansplit.decorations.enabled";

/** How a kind of mark looks; when several datasets mark a file the first of these wins. Badges have one or two characters. */
const LOOKS: Readonly<Record<MarkKind, { readonly rank: number; readonly badge: string }>> = {
  unreadable: { rank: 0, badge: "!" },
  conflict: { rank: 1, badge: "≠" },
  leaks: { rank: 2, badge: "L" },
  near: { rank: 3, badge: "≈" },
  duplicate: { rank: 4, badge: "=" },
};

/** What is asked about one dataset at a time. */
interface Batch {
  readonly paths: string[];
  readonly marks: Promise<readonly (Mark | null)[]>;
}

/**
 * Marks image files in the Explorer that leak, be it nearly, contradict each other, are duplicates or cannot be read, and
 * the folders that hold some. VS Code asks about what it shows, and only that is asked of the engine: all marks of a large dataset would
 * keep every extension waiting.
 */
export class ImageDecorations implements vscode.FileDecorationProvider, vscode.Disposable {
  readonly #sessions: DatasetSessions;
  readonly #messages: ErrorMessages;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #subscriptions: vscode.Disposable;
  readonly #closed = new AbortController();
  readonly #batches = new Map<DatasetSession, Batch>();
  /** Image files that were found marked, those that were asked about last at the end: menus of the Explorer look at them. */
  readonly #marked = new Set<string>();
  readonly #tellMarked = throttled(() => {
    void vscode.commands.executeCommand("setContext", "cleansplit.markedFiles", [...this.#marked]);
  });
  /** The inspections whose marks VS Code may show, and the images that came since. */
  #known: readonly object[] = [];
  #isEnabled = isEnabled();

  readonly onDidChangeFileDecorations = this.#changed.event;

  constructor(sessions: DatasetSessions, messages: ErrorMessages) {
    this.#sessions = sessions;
    this.#messages = messages;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      sessions.onDidChange(() => this.#follow()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration(SETTING)) return;
        this.#isEnabled = isEnabled();
        this.#changed.fire(undefined);
      }),
      vscode.window.registerFileDecorationProvider(this),
    );
  }

  provideFileDecoration(uri: vscode.Uri): Promise<vscode.FileDecoration | undefined> | undefined {
    if (!this.#isEnabled || uri.scheme !== "file") return undefined;
    const file = uri.fsPath;
    const sessions = this.#sessions.all.filter((session) => session.result !== null && concerns(session, file));
    return sessions.length === 0 ? undefined : this.#decorate(sessions, file);
  }

  dispose(): void {
    this.#closed.abort();
    this.#subscriptions.dispose();
  }

  async #decorate(sessions: readonly DatasetSession[], file: string): Promise<vscode.FileDecoration | undefined> {
    const arrived = sessions.map((session) => session.watching.leaks.get(file)).find((leak) => leak !== undefined);
    if (arrived !== undefined) {
      const text = vscode.l10n.t("CleanSplit: {0}", arrived.text);
      return new vscode.FileDecoration(LOOKS.leaks.badge, text, new vscode.ThemeColor("cleansplit.leakForeground"));
    }
    const marks = await Promise.all(sessions.map((session) => this.#ask(session, file)));
    const [mark] = marks.filter((found) => found !== null).sort((a, b) => LOOKS[a.kind].rank - LOOKS[b.kind].rank);
    this.#noteMark(file, mark !== undefined && !mark.isFolder);
    if (mark === undefined) return undefined;
    const color = new vscode.ThemeColor(`cleansplit.${mark.kind === "leaks" ? "leak" : mark.kind}Foreground`);
    return new vscode.FileDecoration(mark.isFolder ? FOLDER_BADGE : LOOKS[mark.kind].badge, mark.text, color);
  }

  /** Asks about a file together with all others that VS Code asks about in one go. */
  async #ask(session: DatasetSession, file: string): Promise<Mark | null> {
    let batch = this.#batches.get(session);
    if (batch === undefined) {
      const paths: string[] = [];
      batch = { paths, marks: Promise.resolve().then(() => this.#send(session, paths)) };
      this.#batches.set(session, batch);
    }
    const at = batch.paths.push(file) - 1;
    return (await batch.marks)[at] ?? null;
  }

  async #send(session: DatasetSession, paths: readonly string[]): Promise<readonly (Mark | null)[]> {
    this.#batches.delete(session);
    try {
      return await session.marks(paths, this.#closed.signal);
    } catch (error) {
      this.#messages.note(error);
      return [];
    }
  }

  /** VS Code asks about what the Explorer shows, which is what a menu can be opened on. */
  #noteMark(file: string, isMarked: boolean): void {
    const wasMarked = this.#marked.delete(file);
    if (isMarked) this.#marked.add(file);
    const [oldest] = this.#marked;
    if (this.#marked.size > MAX_MARKED && oldest !== undefined) this.#marked.delete(oldest);
    if (wasMarked !== isMarked) this.#tellMarked(undefined);
  }

  /** Has VS Code ask anew when there is another inspection, or one less, or an image came that leaks. */
  #follow(): void {
    const known = this.#sessions.all.flatMap(({ result, watching }) =>
      result === null ? [] : [result, watching.leaks],
    );
    if (known.length === this.#known.length && known.every((one, i) => one === this.#known[i])) return;
    this.#known = known;
    if (this.#marked.size > 0) {
      this.#marked.clear();
      this.#tellMarked(undefined);
    }
    this.#changed.fire(undefined);
  }
}

/** Marked files that menus know of: some screens full. */
const MAX_MARKED = 2000;

/** What VS Code itself shows on a folder that holds something. */
const FOLDER_BADGE = "•";

function isEnabled(): boolean {
  return vscode.workspace.getConfiguration().get<boolean>(SETTING) !== false;
}

/** Whether a file or folder lies in a dataset, or a dataset in the folder. */
function concerns({ request }: DatasetSession, file: string): boolean {
  return request.inputs.some((input) => {
    const { fsPath } = vscode.Uri.file(input);
    return isWithin(fsPath, file) || isWithin(file, fsPath);
  });
}

function isWithin(folder: string, file: string): boolean {
  return file === folder || file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);
}
