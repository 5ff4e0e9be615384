import * as vscode from "vscode";

/** Whether the workspace is trusted; when it is not, says why that is needed and how to change it. */
export async function requireTrust(why: string): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = vscode.l10n.t("Manage Workspace Trust");
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t("This needs a trusted workspace. {0} Inspecting works without.", why),
    manage,
  );
  if (choice === manage) await vscode.commands.executeCommand("workbench.trust.manage");
  return false;
}
