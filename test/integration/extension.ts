import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import type { ExtensionApi } from "../../src/host/extensionApi";
import type { DatasetSession } from "../../src/host/session";
import type { DatasetNode, NodeOf, TreeNode } from "../../src/host/views/datasetNodes";

/** What of the manifest the tests look at. */
export interface Manifest {
  readonly name: string;
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category?: string }[];
    readonly menus: { readonly commandPalette: readonly { readonly command: string; readonly when: string }[] };
  };
}

/** CleanSplit as it is installed in this window. */
export function extension(): vscode.Extension<ExtensionApi> {
  const found = vscode.extensions.all.find(({ packageJSON }) => (packageJSON as Manifest).name === "cleansplit");
  assert(found !== undefined, "CleanSplit is not installed in this window");
  return found as vscode.Extension<ExtensionApi>;
}

/** The extension, activated. */
export async function activated(): Promise<ExtensionApi> {
  return extension().activate();
}

/** Takes every dataset off the list and closes everything, so that one test does not see what another one left. */
export async function cleanUp(): Promise<void> {
  const { sessions } = await activated();
  for (const session of sessions.all) {
    await session.cancel();
    sessions.remove(session);
  }
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  await vscode.commands.executeCommand("notifications.clearAll");
}

/** Inspects a folder by the command, as the Explorer calls it. */
export async function inspect(folder: string): Promise<DatasetSession> {
  const { sessions } = await activated();
  const uri = vscode.Uri.file(folder);
  await vscode.commands.executeCommand("cleansplit.inspectDataset", uri, [uri]);
  const session = sessions.all.find(({ request }) => request.inputs.includes(folder));
  assert(session !== undefined, `${folder} is not on the list`);
  return session;
}

/** The messages that are shown while `action` runs. */
export async function messagesDuring(action: () => Promise<unknown>): Promise<readonly string[]> {
  const { messages } = await activated();
  const shown: string[] = [];
  const listener = messages.onDidShow((message) => shown.push(message));
  try {
    await action();
  } finally {
    listener.dispose();
  }
  return shown;
}

/** Children of a row of one kind. */
export async function rowsOf<K extends DatasetNode["kind"]>(kind: K, parent?: DatasetNode): Promise<NodeOf<K>[]> {
  const { tree } = await activated();
  const children = await tree.getChildren(parent);
  return children.filter((node: TreeNode): node is NodeOf<K> => node.kind === kind);
}

/** The only child of one kind. */
export async function rowOf<K extends DatasetNode["kind"]>(kind: K, parent?: DatasetNode): Promise<NodeOf<K>> {
  const [row, another] = await rowsOf(kind, parent);
  assert(row !== undefined && another === undefined, `there is not exactly one row "${kind}"`);
  return row;
}

/** A row as it is shown: "test in train: 3 images". */
export async function textOf(node: DatasetNode): Promise<string> {
  const { tree } = await activated();
  const { label, description } = tree.getTreeItem(node);
  return `${typeof label === "string" ? label : (label?.label ?? "")}: ${String(description ?? "")}`;
}

/** Waits until `condition` holds. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 15_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`);
    await sleep(20);
  }
}
