import * as vscode from "vscode";
import type { DatasetPanels } from "../panels/datasetPanels";
import { mayTrain, type LabelsPanel } from "../panels/labelsPanel";
import type { ReportPanel } from "../panels/reportPanel";
import type { Command } from "./command";
import type { DatasetPicker } from "./datasetPicker";

/** Commands that find labels that are probably wrong, and that go on to a plan without those that a person judged wrong. */
export function labelCommands(
  picker: DatasetPicker,
  labels: DatasetPanels<LabelsPanel>,
  reports: DatasetPanels<ReportPanel>,
): readonly Command[] {
  return [
    {
      id: "cleansplit.auditLabels",
      run: async (parameter) => {
        if (!(await mayTrain())) return;
        const session = await picker.pick(parameter, vscode.l10n.t("Which dataset's labels should be audited?"));
        if (session === null) return;
        labels.show(session);
        // The page shows how it went, and offers another audit.
        if (session.labels.state.audit === null) await session.labels.start();
      },
    },
    {
      id: "cleansplit.openLabels",
      run: async (parameter) => {
        const session = await picker.pick(parameter, vscode.l10n.t("Which dataset's label audit should be opened?"));
        if (session !== null) labels.show(session);
      },
    },
    {
      id: "cleansplit.reviewPlan",
      run: async (parameter) => {
        const session = await picker.pick(parameter, vscode.l10n.t("Which dataset's plan should be reviewed?"));
        if (session === null) return;
        reports.show(session).showPlan();
        if (session.sanitizing.plan === null) await session.sanitizing.makePlan();
      },
    },
  ];
}
