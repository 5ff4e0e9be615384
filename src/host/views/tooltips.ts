import * as vscode from "vscode";
import { counted } from "../../core/counts";
import type { SampleView } from "../../core/leakage/report";
import { picturesInMarkdown, withPictures } from "../markdown";
import { PATIENCE_MS, readPictures } from "../pictures";
import type { DatasetSession } from "../session";
import { groupFacts, placeOf } from "./datasetItems";
import type { NodeOf, TreeNode } from "./datasetNodes";

/** Longer side of the picture of one sample, and of each picture of a group, in pixels. */
const SIDE = 128;
const SIDE_IN_GROUP = 64;

/** Pictures of a group: a tooltip has room for no more in a line. */
const PICTURES = 6;

/** The tooltip of a row that has pictures, which are read for it; `null` for all others, whose tooltip is there already. */
export async function tooltipOf(
  node: TreeNode,
  token: vscode.CancellationToken,
): Promise<vscode.MarkdownString | null> {
  if (node.kind === "sample") return tooltipOfSample(node.session, node.view, token);
  return node.kind === "group" ? tooltipOfGroup(node, token) : null;
}

async function tooltipOfSample(
  session: DatasetSession,
  view: SampleView,
  token: vscode.CancellationToken,
): Promise<vscode.MarkdownString> {
  const pictures = await readPictures(session, [view.sample], SIDE, token);
  const facts = vscode.l10n.t("{0} · {1} x {2} pixels", placeOf(view), view.width, view.height);
  return new vscode.MarkdownString(withPictures(picturesInMarkdown(pictures, SIDE), [[view.id, facts]]));
}

async function tooltipOfGroup(node: NodeOf<"group">, token: vscode.CancellationToken): Promise<vscode.MarkdownString> {
  const { session, group } = node;
  const query = { ...node.filter, from: node.position, count: 1, membersEach: PICTURES };
  const members = await session
    .glance((engine, inspection, run) => engine.groups({ inspection, query }, run), token, PATIENCE_MS)
    .then((page) => page?.groups[0]?.members ?? []);
  const samples = members.map(({ sample }) => sample);
  const pictures = await readPictures(session, samples, SIDE_IN_GROUP, token);
  const heading = [counted(group.size, "image"), group.splits.join(", "), group.labels.join(", ")];
  return new vscode.MarkdownString(
    withPictures(picturesInMarkdown(pictures, SIDE_IN_GROUP), [
      [heading.filter((part) => part !== "").join(" · "), ...groupFacts(node)],
      members.map(({ id }) => id),
    ]),
  );
}
