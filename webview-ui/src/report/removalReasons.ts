import type { RemovalReason } from "../../../src/protocol/report";

interface ReasonText {
  readonly reason: RemovalReason;
  /** As a column heading. */
  readonly column: string;
  /** As a tag of one image. */
  readonly tag: string;
  readonly meaning: string;
}

/** Why images leave, in words, the most important reason first. */
export const REASONS: readonly ReasonText[] = [
  {
    reason: "leaks",
    column: "Leaks",
    tag: "leaks",
    meaning: "It, or a similar image, also occurs in a split that is protected before its own",
  },
  {
    reason: "duplicate",
    column: "Duplicates",
    tag: "duplicate",
    meaning: "An equal or similar image of its own split stays",
  },
  { reason: "conflict", column: "Conflicts", tag: "conflict", meaning: "Equal images carry more than one label" },
  { reason: "unreadable", column: "Unreadable", tag: "unreadable", meaning: "Its bytes are no picture" },
  { reason: "invalid", column: "Invalid", tag: "invalid", meaning: "The array row is no sample" },
];
