import * as vscode from "vscode";
import { CleanSplitError } from "../../core/errors";
import type { DatasetFinder } from "../datasetFinder";
import { groupOfSample, sampleAt } from "../locating";
import type { DatasetPanels } from "../panels/datasetPanels";
import type { ReportPanel } from "../panels/reportPanel";
import { plainMessage } from "../plainText";
import { reveal, type SampleOpener } from "../samples";
import type { DatasetSession, DatasetSessions } from "../session";
import { fileOfNode, type DatasetNode, type NodeOf } from "../views/datasetNodes";
import type { DatasetTree } from "../views/datasetTree";
import type { Command } from "./command";
import { candidatesOf, nodeOf, nodesOf } from "./datasetPicker";

/** Images that are opened at once: each gets a tab. */
const MAX_OPENED = 20;

/** Commands of the tree's rows, and those that lead from the Explorer and the report to a row and back. */
export function treeCommands(
  sessions: DatasetSessions,
  reports: DatasetPanels<ReportPanel>,
  tree: DatasetTree,
  finder: DatasetFinder,
  opener: SampleOpener,
): readonly Command[] {
  return [
    { id: "cleansplit.findDatasets", run: () => finder.refresh() },
    {
      id: "cleansplit.showInReport",
      run: async (clicked) => {
        const node = nodeOf(clicked);
        if (node !== null) showNode(reports.show(node.session), node);
        else if (clicked instanceof vscode.Uri) await showFile(sessions, reports, clicked);
      },
    },
    {
      id: "cleansplit.showInDatasets",
      run: async (clicked, sample) => {
        if (clicked instanceof vscode.Uri) {
          const { session, view } = await sampleAt(sessions, clicked.fsPath);
          await showInTree(tree, session, view.sample);
        } else if (typeof clicked === "string" && typeof sample === "number") {
          const session = sessions.find(clicked);
          if (session !== undefined) await showInTree(tree, session, sample);
        }
      },
    },
    {
      id: "cleansplit.openImage",
      run: async (clicked, selected) => {
        const images = nodesOf(clicked, selected).filter((node): node is NodeOf<"sample"> => node.kind === "sample");
        if (images.length > MAX_OPENED) {
          throw new CleanSplitError(
            "refused",
            vscode.l10n.t("{0} images are selected. Select at most {1} to open them.", images.length, MAX_OPENED),
          );
        }
        for (const { session, view } of images) await opener.open(session, view, images.length > 1);
      },
    },
    {
      id: "cleansplit.revealInExplorer",
      run: async (clicked) => {
        const node = nodeOf(clicked);
        const [candidate] = candidatesOf(clicked, undefined);
        const file = node === null ? (candidate?.inputs[0] ?? null) : fileOfNode(node);
        if (file !== null) await reveal(file);
      },
    },
    {
      id: "cleansplit.copyPath",
      run: async (clicked, selected) => {
        const found = candidatesOf(clicked, selected).flatMap(({ inputs }) => inputs);
        const paths = [...nodesOf(clicked, selected).flatMap(pathsOf), ...found];
        if (paths.length > 0) await vscode.env.clipboard.writeText(paths.join("\n"));
      },
    },
    {
      id: "cleansplit.showMore",
      run: async (clicked) => {
        const node = nodeOf(clicked);
        if (node?.kind === "more") tree.showMore(node);
      },
    },
  ];
}

function showNode(report: ReportPanel, node: DatasetNode): void {
  const group = node.kind === "sample" ? node.parent : node;
  // The tree lists groups in the order of their first images where its filter says no other.
  if (group?.kind === "group") report.showGroup({ sort: "first", ...group.filter }, group.position);
  else if ("filter" in node) report.filterGroups(node.filter);
  else if (node.kind !== "leakage") report.filterGroups({});
  else {
    const isNear = node.leaks.some(({ nearly }) => nearly > 0);
    report.filterGroups({ leaking: true, ...(isNear ? { tier: "near" } : {}) });
  }
}

async function showFile(
  sessions: DatasetSessions,
  reports: DatasetPanels<ReportPanel>,
  { fsPath }: vscode.Uri,
): Promise<void> {
  const { session, view } = await sampleAt(sessions, fsPath);
  const found = await groupOfSample(session, view.sample);
  const report = reports.show(session);
  if (found !== null) report.showGroup(found.filter, found.row);
  else {
    const message = vscode.l10n.t("{0} is in no group of duplicates.", view.id);
    void vscode.window.showInformationMessage(plainMessage(message));
  }
}

async function showInTree(tree: DatasetTree, session: DatasetSession, sample: number): Promise<void> {
  if (await tree.showSample(session, sample)) return;
  void vscode.window.showInformationMessage(vscode.l10n.t("The image is in no group of duplicates."));
}

/** What is copied of a row: paths of files, and the names of samples that are none. */
function pathsOf(node: DatasetNode): readonly string[] {
  if (node.kind === "dataset") return node.session.request.inputs;
  if (node.kind === "sample" && !node.view.isImageFile) return [node.view.id];
  const file = fileOfNode(node);
  return file === null ? [] : [file];
}
