import { performance } from "node:perf_hooks";
import * as vscode from "vscode";
import type { Candidate } from "../core/dataset/candidates";
import { isBelow } from "../engine/recognition/inputs";
import { walkForCandidates } from "../engine/recognition/candidates";
import { Emitter } from "./emitter";
import type { ErrorMessages } from "./errors";
import type { DatasetSessions } from "./session";

const SETTING = "cleansplit.datasets.find";

/** Candidates that are listed: more than that is a folder of experiments, where a person says what to inspect. */
const MAX_CANDIDATES = 50;

/** A walk on a disk that does not answer ends with what it found by then. */
const TIME_LIMIT_MS = 10_000;

/**
 * Finds datasets in the folders of the workspace by names alone: nothing is opened, and nothing is looked for before somebody
 * looks: see {@link setWanted}.
 */
export class DatasetFinder implements vscode.Disposable {
  readonly #sessions: DatasetSessions;
  readonly #messages: ErrorMessages;
  readonly #changed = new Emitter<void>();
  readonly #subscriptions: vscode.Disposable;
  #found: readonly Candidate[] = [];
  #isWanted = false;
  #isStale = true;
  #walking: AbortController | null = null;
  #walks = 0;

  /** What was found became something else. */
  readonly onDidChange = this.#changed.event;

  constructor(sessions: DatasetSessions, messages: ErrorMessages) {
    this.#sessions = sessions;
    this.#messages = messages;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#lookAgain()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SETTING)) this.#lookAgain();
      }),
    );
  }

  /** What was found and is not on the list of datasets, nor a part of one that is. */
  get candidates(): readonly Candidate[] {
    const inputs = this.#sessions.all.flatMap(({ request }) => request.inputs);
    return this.#found.filter(
      (candidate) => !candidate.inputs.every((own) => inputs.some((input) => isBelow(own, input))),
    );
  }

  /** Walks that were begun; for tests. */
  get walks(): number {
    return this.#walks;
  }

  /** Says whether somebody looks at what is found. Who looks gets it soon, and anew when something changed meanwhile. */
  setWanted(isWanted: boolean): void {
    this.#isWanted = isWanted;
    if (isWanted && this.#isStale) void this.refresh();
  }

  /** Looks anew; a walk that is under way is given up. */
  async refresh(): Promise<void> {
    this.#walking?.abort();
    const walking = new AbortController();
    this.#walking = walking;
    this.#isStale = false;
    const found = isEnabled() ? await this.#walk(walking.signal) : [];
    if (walking.signal.aborted) return;
    this.#walking = null;
    if (JSON.stringify(found) === JSON.stringify(this.#found)) return;
    this.#found = found;
    this.#changed.fire();
  }

  dispose(): void {
    this.#walking?.abort();
    this.#subscriptions.dispose();
  }

  async #walk(signal: AbortSignal): Promise<readonly Candidate[]> {
    this.#walks += 1;
    const began = performance.now();
    const limited = AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]);
    const found: Candidate[] = [];
    for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
      if (uri.scheme === "file") found.push(...(await walkForCandidates(uri.fsPath, limited)));
    }
    this.#messages.log.debug(
      `Found ${found.length} possible datasets in the workspace in ${Math.round(performance.now() - began)} ms.`,
    );
    // Folders of a workspace can lie in each other.
    const unique = new Map(found.map((candidate) => [candidate.inputs.join("\n"), candidate]));
    return [...unique.values()].slice(0, MAX_CANDIDATES);
  }

  #lookAgain(): void {
    this.#isStale = true;
    if (this.#isWanted) void this.refresh();
  }
}

function isEnabled(): boolean {
  return vscode.workspace.getConfiguration().get<boolean>(SETTING) !== false;
}
