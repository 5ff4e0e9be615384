import * as vscode from "vscode";
import type { DatasetPanels } from "../panels/datasetPanels";
import type { ReportPanel } from "../panels/reportPanel";
import { mayTrain, type TrainingPanel } from "../panels/trainingPanel";
import { reveal, type SampleOpener } from "../samples";
import { fileOfNode } from "../views/datasetNodes";
import type { DatasetTree } from "../views/datasetTree";
import type { Command } from "./command";
import { nodeOf, type DatasetPicker } from "./datasetPicker";

/** Commands that show what is known about a dataset, and the one that trains on it. */
export function resultCommands(
  picker: DatasetPicker,
  reports: DatasetPanels<ReportPanel>,
  trainings: DatasetPanels<TrainingPanel>,
  tree: DatasetTree,
  opener: SampleOpener,
  log: vscode.LogOutputChannel,
): readonly Command[] {
  return [
    {
      id: "cleansplit.openReport",
      run: async (parameter) => {
        const session = await picker.pick(parameter, vscode.l10n.t("Which dataset's report should be opened?"));
        if (session !== null) reports.show(session);
      },
    },
    {
      id: "cleansplit.showInReport",
      run: async (parameter) => {
        const node = nodeOf(parameter);
        if (node === null) return;
        const report = reports.show(node.session);
        if ("filter" in node) report.filterGroups(node.filter);
        else if (node.kind !== "leakage") report.filterGroups({});
        else {
          const isNear = node.leaks.some(({ nearly }) => nearly > 0);
          report.filterGroups({ leaking: true, ...(isNear ? { tier: "near" } : {}) });
        }
      },
    },
    {
      id: "cleansplit.openTraining",
      run: async (parameter) => {
        const session = await picker.pick(parameter, vscode.l10n.t("Which dataset's training should be opened?"));
        if (session === null) return;
        const page = trainings.show(session);
        const node = nodeOf(parameter);
        if (node?.kind === "experiment") page.open(node.summary.experiment);
      },
    },
    {
      id: "cleansplit.trainBaseline",
      run: async (parameter) => {
        if (!(await mayTrain())) return;
        const session = await picker.pick(parameter, vscode.l10n.t("On which dataset should the baseline be trained?"));
        if (session === null) return;
        trainings.show(session);
        await session.training.start();
      },
    },
    {
      id: "cleansplit.openImage",
      run: async (parameter) => {
        const node = nodeOf(parameter);
        if (node?.kind === "sample") await opener.open(node.session, node.view);
      },
    },
    {
      id: "cleansplit.revealInExplorer",
      run: async (parameter) => {
        const node = nodeOf(parameter);
        const file = node === null ? null : fileOfNode(node);
        if (file !== null) await reveal(file);
      },
    },
    {
      id: "cleansplit.showMore",
      run: async (parameter) => {
        const node = nodeOf(parameter);
        if (node?.kind === "more") tree.showMore(node);
      },
    },
    {
      id: "cleansplit.showLog",
      run: async () => {
        log.show();
      },
    },
  ];
}
