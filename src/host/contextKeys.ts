import * as vscode from "vscode";
import type { DatasetSession, DatasetSessions } from "./session";

/**
 * Keeps the context keys that menus and the walkthrough look at: `cleansplit.hasDatasets`, `cleansplit.isBusy` and the others
 * below. VS Code remembers which steps of the walkthrough were done.
 */
export function trackContextKeys(sessions: DatasetSessions): vscode.Disposable {
  const known = new Map<string, boolean>();
  const set = (key: string, value: boolean): void => {
    if (known.get(key) === value) return;
    known.set(key, value);
    void vscode.commands.executeCommand("setContext", key, value);
  };
  const update = (): void => {
    set("cleansplit.hasDatasets", sessions.all.length > 0);
    set(
      "cleansplit.isBusy",
      sessions.all.some(({ isBusy, isSearching }) => isBusy || isSearching),
    );
    set(
      "cleansplit.isInspecting",
      sessions.all.some(({ status }) => status === "inspecting"),
    );
    set(
      "cleansplit.isPaused",
      sessions.all.some(({ status }) => status === "paused"),
    );
    // What was done stays done for as long as the window is open.
    const did = (key: string, isDone: (session: DatasetSession) => boolean): void =>
      set(key, known.get(key) === true || sessions.all.some(isDone));
    did("cleansplit.hasInspected", ({ result }) => result !== null);
    did("cleansplit.hasReviewed", hasReviewed);
    did("cleansplit.hasSanitized", ({ sanitizing }) => sanitizing.applied !== null);
    did("cleansplit.hasTrained", ({ training }) => training.state.status === "done");
    set(
      "cleansplit.canUndoReview",
      sessions.all.some(({ review }) => review.undo !== null),
    );
    set(
      "cleansplit.canRedoReview",
      sessions.all.some(({ review }) => review.redo !== null),
    );
  };
  update();
  return sessions.onDidChange(update);
}

/** Whether people said something of the images of a dataset. */
function hasReviewed({ result, review }: DatasetSession): boolean {
  return result !== null && review.keep + review.drop + review.judged > 0;
}
