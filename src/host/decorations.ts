import * as vscode from "vscode";
import type { InspectionResult, MarkKind, Marks } from "../engine/engine";
import type { ErrorMessages } from "./errors";
import type { DatasetSession, DatasetSessions } from "./session";

type Mark = Marks["files"][number];

/** Most URIs VS Code takes in one change event; more are dropped in silence. */
const MAX_URIS = 250;

const SETTING = "cleansplit.decorations.enabled";

/** How a kind of mark looks; when several apply to a file the first of these wins. Badges have one or two characters. */
const LOOKS: Readonly<Record<MarkKind, { readonly rank: number; readonly badge: string; readonly spread: boolean }>> = {
  unreadable: { rank: 0, badge: "!", spread: true },
  conflict: { rank: 1, badge: "≠", spread: true },
  leaks: { rank: 2, badge: "L", spread: true },
  duplicate: { rank: 3, badge: "=", spread: false },
};

/** Marks image files in the Explorer that leak, contradict each other, are duplicates or cannot be read. */
export class ImageDecorations implements vscode.FileDecorationProvider, vscode.Disposable {
  readonly #sessions: DatasetSessions;
  readonly #messages: ErrorMessages;
  readonly #changed = new vscode.EventEmitter<vscode.Uri[] | undefined>();
  readonly #subscriptions: vscode.Disposable;
  readonly #closed = new AbortController();
  /** Marks by dataset, with the inspection they belong to. */
  readonly #marks = new Map<string, { readonly result: InspectionResult; files: readonly Mark[] }>();
  #byPath: ReadonlyMap<string, Mark> = new Map();

  readonly onDidChangeFileDecorations = this.#changed.event;

  constructor(sessions: DatasetSessions, messages: ErrorMessages) {
    this.#sessions = sessions;
    this.#messages = messages;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      sessions.onDidChange((session) => void this.#update(session)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SETTING)) this.#rebuild();
      }),
      vscode.window.registerFileDecorationProvider(this),
    );
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    const mark = uri.scheme === "file" ? this.#byPath.get(uri.fsPath) : undefined;
    if (mark === undefined) return undefined;
    const { badge, spread } = LOOKS[mark.kind];
    const decoration = new vscode.FileDecoration(
      badge,
      mark.text,
      new vscode.ThemeColor(`cleansplit.${mark.kind === "leaks" ? "leak" : mark.kind}Foreground`),
    );
    decoration.propagate = spread;
    return decoration;
  }

  dispose(): void {
    this.#closed.abort();
    this.#subscriptions.dispose();
  }

  async #update(session: DatasetSession | undefined): Promise<void> {
    if (session === undefined) {
      this.#dropRemoved();
      return;
    }
    const { result } = session;
    const known = this.#marks.get(session.id);
    if (known?.result === result || (known === undefined && result === null)) return;
    if (result === null) {
      this.#marks.delete(session.id);
      this.#rebuild();
      return;
    }
    const entry = { result, files: known?.files ?? [] };
    this.#marks.set(session.id, entry);
    try {
      const run = { signal: this.#closed.signal, progress: () => undefined };
      const { files } = await session.read((engine, inspection) => engine.marks({ inspection }, run));
      // Another inspection may have finished meanwhile.
      if (this.#marks.get(session.id) !== entry) return;
      entry.files = files;
      this.#rebuild();
    } catch (error) {
      this.#messages.note(error);
    }
  }

  #dropRemoved(): void {
    const before = this.#marks.size;
    for (const id of this.#marks.keys()) if (this.#sessions.find(id) === undefined) this.#marks.delete(id);
    if (this.#marks.size !== before) this.#rebuild();
  }

  #rebuild(): void {
    const old = this.#byPath;
    const next = new Map<string, Mark>();
    if (vscode.workspace.getConfiguration().get<boolean>(SETTING) !== false) {
      for (const { files } of this.#marks.values()) {
        for (const mark of files) {
          const key = vscode.Uri.file(mark.path).fsPath;
          const other = next.get(key);
          if (other === undefined || LOOKS[mark.kind].rank < LOOKS[other.kind].rank) next.set(key, mark);
        }
      }
    }
    this.#byPath = next;
    const paths = new Set([...old.keys(), ...next.keys()]);
    this.#changed.fire(paths.size > MAX_URIS ? undefined : [...paths].map((file) => vscode.Uri.file(file)));
  }
}
