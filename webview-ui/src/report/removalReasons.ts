import * as l10n from "@vscode/l10n";
import type { ChangeReason, PlanChange } from "../../../src/protocol/report";

interface ReasonText {
  readonly reason: ChangeReason;
  /** As a column heading. */
  readonly column: () => string;
  /** As a tag of one image. */
  readonly tag: () => string;
  readonly meaning: () => string;
}

/** Why images leave or move, in words, the most important reason first. */
export const REASONS: readonly ReasonText[] = [
  {
    reason: "leaks",
    column: () => l10n.t({ message: "Leaks", comment: ["How many images leave because they leak."] }),
    tag: () => l10n.t({ message: "leaks", comment: ["Why an image leaves: it leaks."] }),
    meaning: () => l10n.t("It, or a similar image, also occurs in a split that goes before its own"),
  },
  {
    reason: "duplicate",
    column: () => l10n.t({ message: "Duplicates", comment: ["How many images leave because they are duplicates."] }),
    tag: () => l10n.t({ message: "duplicate", comment: ["Why an image leaves: it is a duplicate."] }),
    meaning: () => l10n.t("An equal or similar image of its own split stays"),
  },
  {
    reason: "conflict",
    column: () => l10n.t({ message: "Conflicts", comment: ["How many images leave because their labels conflict."] }),
    tag: () => l10n.t({ message: "conflict", comment: ["Why an image leaves: labels conflict."] }),
    meaning: () => l10n.t("Equal images carry more than one label"),
  },
  {
    reason: "label",
    column: () => l10n.t({ message: "Wrong label", comment: ["How many images leave because of it."] }),
    tag: () => l10n.t({ message: "wrong label", comment: ["Why an image leaves."] }),
    meaning: () => l10n.t("A person judged its label wrong"),
  },
  {
    reason: "choice",
    column: () => l10n.t({ message: "Dropped", comment: ["How many images leave because a person dropped them."] }),
    tag: () => l10n.t({ message: "dropped", comment: ["Why an image leaves: a person dropped it."] }),
    meaning: () => l10n.t("A person said that it leaves"),
  },
  {
    reason: "unreadable",
    column: () => l10n.t({ message: "Unreadable", comment: ["Images."] }),
    tag: () => l10n.t({ message: "unreadable", comment: ["An image."] }),
    meaning: () => l10n.t("Its bytes are no picture"),
  },
  {
    reason: "invalid",
    column: () => l10n.t({ message: "Invalid", comment: ["Images."] }),
    tag: () => l10n.t({ message: "invalid", comment: ["A row of an array."] }),
    meaning: () => l10n.t("The array row is no sample"),
  },
  {
    reason: "balance",
    column: () => l10n.t({ message: "Balance", comment: ["How many images leave so that classes are balanced."] }),
    tag: () => l10n.t({ message: "balance", comment: ["Why an image leaves: so that classes are balanced."] }),
    meaning: () => l10n.t("Its class has more images than the smallest one of its split"),
  },
  {
    reason: "split",
    column: () => l10n.t({ message: "Divided", comment: ["How many images leave as the dataset is divided anew."] }),
    tag: () => l10n.t({ message: "divided anew", comment: ["Why an image moves: the dataset is divided anew."] }),
    meaning: () => l10n.t("The dataset is divided into splits anew"),
  },
  {
    reason: "edited",
    column: () => l10n.t({ message: "Edited", comment: ["How many images leave because the plan was edited."] }),
    tag: () => l10n.t({ message: "edited", comment: ["Why an image leaves: a person edited the plan."] }),
    meaning: () => l10n.t("A person said so in the plan file"),
  },
];

/** Whether a person may say that a sample stays instead of its twin: in its group there is a choice. */
export function isChoice({ reason }: PlanChange): boolean {
  return reason === "leaks" || reason === "duplicate" || reason === "conflict";
}

/** What becomes of a sample, as a tag. */
export function actionText({ action, to }: PlanChange): string {
  switch (action) {
    case "leave":
      return l10n.t({ message: "leaves", comment: ["What becomes of an image."] });
    case "move":
      return l10n.t({ message: "moves to {0}", args: [to ?? ""], comment: ["An image; {0} a split."] });
    case "ask":
      return l10n.t({ message: "to decide", comment: ["An image of which a person has to decide."] });
  }
}
