import path from "node:path";
import * as vscode from "vscode";
import type { Assignment, LabelAssignment } from "../core/dataset/dataset";
import { readCorrections, readLabels, writeCorrections } from "../engine/corrections";
import type { ErrorMessages } from "./errors";

/**
 * What people corrected about datasets. It lies in a file that can be committed and that the command line reads too; where
 * it cannot be written it lasts until the window is closed.
 */
export class Corrections {
  readonly #messages: ErrorMessages;
  /** Corrections that are in no file, by the dataset's inputs. */
  readonly #unwritten = new Map<string, readonly Assignment[]>();

  constructor(messages: ErrorMessages) {
    this.#messages = messages;
  }

  /** What is corrected of some inputs now. Throws a `CleanSplitError` when the file is damaged. */
  of(inputs: readonly string[]): readonly Assignment[] {
    return this.#unwritten.get(keyOf(inputs)) ?? readCorrections(inputs);
  }

  /** Which arrays of some inputs were said to hold labels. Throws a `CleanSplitError` when the file is damaged. */
  labelsOf(inputs: readonly string[]): readonly LabelAssignment[] {
    return readLabels(inputs);
  }

  /** Keeps all that a person corrected of some inputs, and says when that does not outlast the window. */
  keep(inputs: readonly string[], assignments: readonly Assignment[]): void {
    this.#unwritten.set(keyOf(inputs), assignments);
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t("In Restricted Mode nothing is written: this correction lasts until the window is closed."),
      );
      return;
    }
    void this.#messages.guard(async () => {
      writeCorrections(inputs, assignments, homeOf);
      this.#unwritten.delete(keyOf(inputs));
    });
  }
}

/** Where what people say of an input goes when no folder above it has such a file: its workspace folder, or beside it. */
export function homeOf(input: string): string {
  const workspaceFolder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(input));
  return workspaceFolder?.uri.fsPath ?? path.dirname(input);
}

function keyOf(inputs: readonly string[]): string {
  return [...inputs].sort().join("\n");
}
