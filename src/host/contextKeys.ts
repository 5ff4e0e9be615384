import * as vscode from "vscode";
import type { DatasetSessions } from "./session";

/** Keeps the context keys that menus look at: `cleansplit.hasDatasets`, `cleansplit.isBusy` and the others below. */
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
  };
  update();
  return sessions.onDidChange(update);
}
