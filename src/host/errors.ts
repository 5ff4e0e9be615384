import * as vscode from "vscode";
import { CleanSplitError, messageOf } from "../core/errors";
import { isAbort } from "../engine/process/rpc";
import { Emitter } from "./emitter";
import { plainMessage } from "./plainText";

/** Shows what went wrong: one message for each action of a person, with a way forward. */
export class ErrorMessages implements vscode.Disposable {
  readonly log: vscode.LogOutputChannel;
  readonly #shown = new Emitter<string>();

  /** A message was shown. */
  readonly onDidShow = this.#shown.event;

  constructor(log: vscode.LogOutputChannel) {
    this.log = log;
  }

  /**
   * Does `work`; a failure is logged and shown with the offer to try again, a cancellation is neither. Does not wait
   * for an answer to the message: people may leave it standing.
   */
  async guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isAbort(error)) return;
      this.note(error);
      void this.#show(messageOf(error), work);
    }
  }

  /** Writes a failure to the log only: for work that nobody asked for or that a page shows by itself. */
  note(error: unknown): void {
    if (isAbort(error)) return;
    // A message meant for a person says all there is; anything else is a bug whose stack is needed.
    if (error instanceof CleanSplitError) this.log.warn(error.message);
    else this.log.error(error instanceof Error ? error : messageOf(error));
  }

  dispose(): void {
    this.#shown.dispose();
  }

  async #show(message: string, work: () => Promise<void>): Promise<void> {
    this.#shown.fire(message);
    const tryAgain = vscode.l10n.t("Try Again");
    const showLog = vscode.l10n.t("Show Log");
    const choice = await vscode.window.showErrorMessage(plainMessage(message), tryAgain, showLog);
    if (choice === showLog) this.log.show();
    if (choice === tryAgain) await this.guard(work);
  }
}
