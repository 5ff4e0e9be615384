import * as vscode from "vscode";
import { mayReview } from "../panels/reportPanel";
import type { DatasetSession, DatasetSessions } from "../session";
import type { Command } from "./command";
import type { DatasetPicker } from "./datasetPicker";

/** Commands that take back what was said while a dataset was reviewed, and say it again. */
export function reviewCommands(picker: DatasetPicker, sessions: DatasetSessions): readonly Command[] {
  /** The dataset that is meant: that of the last step, if something can be done with it. */
  const pick = (
    parameter: unknown,
    question: string,
    fits: (session: DatasetSession) => boolean,
  ): Promise<DatasetSession | null> => {
    const { last } = sessions;
    return picker.pick(parameter ?? (last !== null && fits(last) ? last.id : undefined), question, fits);
  };
  return [
    {
      id: "cleansplit.undoReviewStep",
      run: async (parameter) => {
        if (!(await mayReview())) return;
        const question = vscode.l10n.t("Of which dataset should the last review step be undone?");
        const session = await pick(parameter, question, ({ review }) => review.undo !== null);
        await session?.undoStep();
      },
    },
    {
      id: "cleansplit.redoReviewStep",
      run: async (parameter) => {
        if (!(await mayReview())) return;
        const question = vscode.l10n.t("Of which dataset should a review step be done again?");
        const session = await pick(parameter, question, ({ review }) => review.redo !== null);
        await session?.redoStep();
      },
    },
  ];
}
