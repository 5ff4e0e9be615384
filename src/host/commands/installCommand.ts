import * as vscode from "vscode";
import type { Engine, InstallStep } from "../../engine/engine";
import { throttled } from "../progress";
import { requireTrust } from "../trust";
import type { Command } from "./command";

/** Installs native TensorFlow into the storage of the extension; the next training uses it. */
export function installCommand(engine: Pick<Engine, "installNative">): Command {
  return {
    id: "cleansplit.installNativeTensorFlow",
    run: async () => {
      const why = vscode.l10n.t("Installing runs npm and the install script of @tensorflow/tfjs-node.");
      if (!(await requireTrust(why))) return;
      const title = vscode.l10n.t("Installing native TensorFlow");
      const location = vscode.ProgressLocation.Notification;
      const { version } = await vscode.window.withProgress(
        { location, title, cancellable: true },
        async (progress, token) => {
          const abort = new AbortController();
          const listener = token.onCancellationRequested(() => abort.abort());
          const report = throttled(({ step, detail }: InstallStep) =>
            progress.report({ message: detail === "" ? `${step}…` : `${step}: ${detail}` }),
          );
          try {
            return await engine.installNative({}, { signal: abort.signal, progress: report });
          } finally {
            listener.dispose();
          }
        },
      );
      void vscode.window.showInformationMessage(
        vscode.l10n.t("Native TensorFlow {0} works. Trainings use it from now on.", version),
      );
    },
  };
}
