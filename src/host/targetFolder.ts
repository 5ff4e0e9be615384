import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { isInside } from "../engine/sources/listing";
import { attemptFolder } from "../engine/write/attempt";
import type { DatasetSession } from "./session";

/** A folder that does not exist yet: `<workspace>/<name>-sanitized`, or beside the source where that would lie in it. */
export async function proposeTarget({ name, request }: DatasetSession): Promise<string> {
  const [input = ""] = request.inputs;
  const workspace = workspaceOf(input);
  const base = `${fileStem(name)}-sanitized`;
  const inWorkspace = workspace === null ? null : path.join(workspace, base);
  const isUsable =
    inWorkspace !== null && !request.inputs.some((source) => isInside(path.relative(source, inWorkspace)));
  const first = isUsable ? inWorkspace : path.join(path.dirname(input), base);
  for (let counter = 2, target = first; ; counter++) {
    if ((await problemWithTarget(target, request.inputs)) === null || counter > 99) return target;
    target = `${first}-${counter}`;
  }
}

/** The workspace folder that a path lies in, or the first one; `null` without any. */
export function workspaceOf(file: string): string | null {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file)) ?? vscode.workspace.workspaceFolders?.[0];
  return folder?.uri.fsPath ?? null;
}

/** The name of a dataset as the beginning of a file name. */
export function fileStem(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-");
}

/** Why a dataset cannot be written to `target`, as a sentence; `null` when it can. */
export async function problemWithTarget(target: string, inputs: readonly string[]): Promise<string | null> {
  if (!path.isAbsolute(target)) return vscode.l10n.t("Give an absolute path.");
  for (const input of inputs) {
    if (isInside(path.relative(input, target)))
      return vscode.l10n.t("The folder lies in the source {0}, which is never changed.", input);
    if (isInside(path.relative(target, input))) return vscode.l10n.t("The source {0} lies in this folder.", input);
  }
  const parent = await stat(path.dirname(target)).catch(() => null);
  if (parent?.isDirectory() !== true) return vscode.l10n.t("There is no folder {0}.", path.dirname(target));
  const existing = await stat(target).catch(() => null);
  if (existing === null) return null;
  if (!existing.isDirectory()) return vscode.l10n.t("There is a file of that name.");
  const entries = await readdir(target);
  return entries.length === 0 ? null : vscode.l10n.t("The folder is not empty. Choose a new one.");
}

/** Whether an attempt to write `target` was begun and left something beside it, which can be gone on with or taken back. */
export async function isBegun(target: string): Promise<boolean> {
  const found = await stat(attemptFolder(target)).catch(() => null);
  return found !== null;
}
