import path from "node:path";
import * as vscode from "vscode";
import type { VerifyResult } from "../core/sanitize/plan";
import type { DatasetSessions } from "./session";

/** Name of the file that makes a folder a sanitized copy. */
const CERTIFICATE = "cleansplit-certificate.json";

/** Folders the Explorer offers to verify and to undo; those of more are found by their certificates. */
const MAX_FOLDERS = 500;

/** Problems of one folder that are listed; the log has all of them. */
const MAX_PROBLEMS = 200;

/** Within a folder of this name a copy is being written: it gets its own name when it is whole. */
const UNFINISHED = /[\\/]\.[^\\/]+\.cleansplit-part[\\/]/;

/**
 * The sanitized copies in the workspace and those that were written from this window, which menus of the Explorer look at by
 * the context key `cleansplit.writtenFolders`, and what is wrong with those that were verified, in the list of problems.
 */
export class WrittenFolders implements vscode.Disposable {
  readonly #problems = vscode.languages.createDiagnosticCollection("cleansplit");
  readonly #subscriptions: vscode.Disposable;
  readonly #folders = new Set<string>();

  constructor(sessions: DatasetSessions) {
    const watcher = vscode.workspace.createFileSystemWatcher(`**/${CERTIFICATE}`, false, true, false);
    this.#subscriptions = vscode.Disposable.from(
      this.#problems,
      watcher,
      watcher.onDidCreate(({ fsPath }) => this.#add([path.dirname(fsPath)])),
      watcher.onDidDelete(({ fsPath }) => this.forget(path.dirname(fsPath))),
      // A folder that is renamed when it is whole tells no watcher of the files in it.
      sessions.onDidChange((session) => {
        const folder = session?.sanitizing.applied?.folder;
        if (folder !== undefined) this.#add([folder]);
      }),
    );
    void this.find();
  }

  /** Looks for copies in the workspace; answers all that are known, as absolute paths in order. */
  async find(): Promise<readonly string[]> {
    const found = await vscode.workspace.findFiles(`**/${CERTIFICATE}`, undefined, MAX_FOLDERS);
    this.#add(found.map(({ fsPath }) => path.dirname(fsPath)));
    return [...this.#folders].sort();
  }

  /** Lists what a check found at the certificate of the folder; a check that found nothing clears the list. */
  showProblems({ folder, problems }: VerifyResult): void {
    const start = new vscode.Range(0, 0, 0, 0);
    const diagnostics = problems.slice(0, MAX_PROBLEMS).map((problem) => new vscode.Diagnostic(start, problem));
    this.#problems.set(certificateOf(folder), diagnostics);
  }

  /** A folder is no sanitized copy any more. */
  forget(folder: string): void {
    this.#problems.delete(certificateOf(folder));
    if (this.#folders.delete(folder)) this.#tell();
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #add(folders: readonly string[]): void {
    const before = this.#folders.size;
    for (const folder of folders) {
      if (this.#folders.size < MAX_FOLDERS && !UNFINISHED.test(folder + path.sep)) this.#folders.add(folder);
    }
    if (this.#folders.size > before) this.#tell();
  }

  #tell(): void {
    void vscode.commands.executeCommand("setContext", "cleansplit.writtenFolders", [...this.#folders]);
  }
}

function certificateOf(folder: string): vscode.Uri {
  return vscode.Uri.file(path.join(folder, CERTIFICATE));
}
