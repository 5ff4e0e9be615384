import type { ChangeReason, PlanChange } from "../../../src/protocol/report";

interface ReasonText {
  readonly reason: ChangeReason;
  /** As a column heading. */
  readonly column: string;
  /** As a tag of one image. */
  readonly tag: string;
  readonly meaning: string;
}

/** Why images leave or move, in words, the most important reason first. */
export const REASONS: readonly ReasonText[] = [
  {
    reason: "leaks",
    column: "Leaks",
    tag: "leaks",
    meaning: "It, or a similar image, also occurs in a split that goes before its own",
  },
  {
    reason: "duplicate",
    column: "Duplicates",
    tag: "duplicate",
    meaning: "An equal or similar image of its own split stays",
  },
  { reason: "conflict", column: "Conflicts", tag: "conflict", meaning: "Equal images carry more than one label" },
  { reason: "label", column: "Wrong label", tag: "wrong label", meaning: "A person judged its label wrong" },
  { reason: "choice", column: "Dropped", tag: "dropped", meaning: "A person said that it leaves" },
  { reason: "unreadable", column: "Unreadable", tag: "unreadable", meaning: "Its bytes are no picture" },
  { reason: "invalid", column: "Invalid", tag: "invalid", meaning: "The array row is no sample" },
  {
    reason: "balance",
    column: "Balance",
    tag: "balance",
    meaning: "Its class has more images than the smallest one of its split",
  },
  { reason: "split", column: "Divided", tag: "divided anew", meaning: "The dataset is divided into splits anew" },
  { reason: "edited", column: "Edited", tag: "edited", meaning: "A person said so in the plan file" },
];

/** Whether a person may say that a sample stays instead of its twin: in its group there is a choice. */
export function isChoice({ reason }: PlanChange): boolean {
  return reason === "leaks" || reason === "duplicate" || reason === "conflict";
}

/** What becomes of a sample, as a tag. */
export function actionText({ action, to }: PlanChange): string {
  switch (action) {
    case "leave":
      return "leaves";
    case "move":
      return `moves to ${to ?? ""}`;
    case "ask":
      return "to decide";
  }
}
