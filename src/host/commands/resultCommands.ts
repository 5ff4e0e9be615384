import * as vscode from "vscode";
import { REPORT_FORMATS, type ReportFormat } from "../../core/leakage/reportFormat";
import type { DatasetPanels } from "../panels/datasetPanels";
import type { ReportPanel } from "../panels/reportPanel";
import { mayTrain, type TrainingPanel } from "../panels/trainingPanel";
import { exportReport, REPORT_TITLES } from "../exporting";
import type { Command } from "./command";
import { nodeOf, type DatasetPicker } from "./datasetPicker";

/** The walkthrough of the manifest, by the id of the extension. */
const WALKTHROUGH = "cleansplit.cleansplit#start";

/** Commands that show what is known about a dataset, and the one that trains on it. */
export function resultCommands(
  picker: DatasetPicker,
  reports: DatasetPanels<ReportPanel>,
  trainings: DatasetPanels<TrainingPanel>,
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
      id: "cleansplit.openTraining",
      run: async (parameter, experiment) => {
        const session = await picker.pick(parameter, vscode.l10n.t("Which dataset's training should be opened?"));
        if (session === null) return;
        const page = trainings.show(session);
        const node = nodeOf(parameter);
        if (typeof experiment === "string") page.open(experiment);
        else if (node?.kind === "experiment") page.open(node.summary.experiment);
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
      id: "cleansplit.exportReport",
      run: async (parameter, format) => {
        const question = vscode.l10n.t("Which dataset's report should be exported?");
        const session = await picker.pick(parameter, question, ({ result }) => result !== null);
        if (session === null) return;
        const kind = isReportFormat(format) ? format : await askForKind();
        if (kind === "png") reports.show(session).drawCharts();
        else if (kind !== null) await exportReport(session, kind);
      },
    },
    {
      id: "cleansplit.getStarted",
      run: async () => {
        await vscode.commands.executeCommand("workbench.action.openWalkthrough", WALKTHROUGH, false);
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

function isReportFormat(value: unknown): value is ReportFormat {
  return REPORT_FORMATS.some((format) => format === value);
}

/** Asks what a report is to be exported as; `null` when it is not. */
async function askForKind(): Promise<ReportFormat | "png" | null> {
  const details: Readonly<Record<ReportFormat, string>> = {
    html: vscode.l10n.t(
      "The report with its pictures, for any browser; it needs no network and names no folder of yours.",
    ),
    csv: vscode.l10n.t("Every image of every group, the leakage between splits, and the unusable images."),
    json: vscode.l10n.t("The report with all its groups, for programs."),
  };
  const items = [
    ...REPORT_FORMATS.map((format) => ({ label: REPORT_TITLES[format](), detail: details[format], format })),
    {
      label: vscode.l10n.t("Charts (PNG)"),
      detail: vscode.l10n.t("Leakage, near duplicates and class balance as one picture."),
      format: "png" as const,
    },
  ];
  const placeHolder = vscode.l10n.t("What should the report be exported as?");
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDetail: true }))?.format ?? null;
}
