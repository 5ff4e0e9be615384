import * as vscode from "vscode";
import type { ErrorMessages } from "../errors";

/** A command of the manifest and what it does. Arguments come from menus, tree rows and pages, so they are checked. */
export interface Command {
  readonly id: `cleansplit.${string}`;
  readonly run: (...parameters: readonly unknown[]) => Promise<void>;
}

/** Registers commands; a failure of one is shown once, with the offer to try again. */
export function registerCommands(commands: readonly Command[], messages: ErrorMessages): vscode.Disposable {
  return vscode.Disposable.from(
    ...commands.map(({ id, run }) =>
      vscode.commands.registerCommand(id, (...parameters: readonly unknown[]) =>
        messages.guard(() => run(...parameters)),
      ),
    ),
  );
}
