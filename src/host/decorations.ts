import path from "node:path";
import * as vscode from "vscode";
import type { InspectionResult, Mark, MarkKind } from "../engine/engine";
import type { ErrorMessages } from "./errors";
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
  /** The inspections whose marks VS Code may show. */
  #known: readonly InspectionResult[] = [];
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
    const marks = await Promise.all(sessions.map((session) => this.#ask(session, file)));
    const [mark] = marks.filter((found) => found !== null).sort((a, b) => LOOKS[a.kind].rank - LOOKS[b.kind].rank);
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

  /** Has VS Code ask anew when there is another inspection, or one less. */
  #follow(): void {
    const results = this.#sessions.all.flatMap(({ result }) => result ?? []);
    if (results.length === this.#known.length && results.every((result, i) => result === this.#known[i])) return;
    this.#known = results;
    this.#changed.fire(undefined);
  }
}

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
