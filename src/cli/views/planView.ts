import { number, plural } from "../../core/leakage/verdict";
import type { ApplyResult, PlanSummary, RemovalReason } from "../../core/sanitize/plan";
import { line, span, type Line } from "../output/text";
import { table, type Cell, type TableStyle } from "../output/table";
import { bullet, firstOf, note, section } from "./page";

const REASONS: readonly (readonly [RemovalReason, string])[] = [
  ["leaks", "also in a protected split"],
  ["duplicate", "has a twin that stays"],
  ["conflict", "equal images, different labels"],
  ["unreadable", "unreadable"],
  ["invalid", "no valid sample"],
];

const SHOWN_OUTPUTS = 12;

/** A plan as it is previewed: the rule, shapes before and after, what leaves and why, what will be written. */
export function planLines(plan: PlanSummary, style: TableStyle): readonly Line[] {
  const { arrow, none } = style.symbols;
  const removed = plan.before - plan.after;
  const shapes = plan.splits.map((split): readonly Cell[] => [
    split.name,
    split.shapeBefore,
    span(arrow, "faint"),
    span(split.shapeAfter, split.after === split.before ? "plain" : "good"),
    split.after === split.before ? span(none, "faint") : number(split.before - split.after),
  ]);
  const reasons = REASONS.filter(([reason]) => plan.splits.some(({ removed: counts }) => counts[reason] > 0));
  const byReason = reasons.map(([reason, text]): readonly Cell[] => {
    const counts = plan.splits.map((split) => split.removed[reason]);
    return [
      text,
      ...counts.map((count) => (count === 0 ? span(none, "faint") : number(count))),
      number(counts.reduce((sum, count) => sum + count, 0)),
    ];
  });
  const total: readonly Cell[] = [
    "total",
    ...plan.splits.map(({ before, after }) => number(before - after)),
    number(removed),
  ];
  const outputs = firstOf(plan.outputs, SHOWN_OUTPUTS);
  return [
    ...section("Plan", plan.policy, style),
    ...table(
      [
        { title: "split", narrow: "cut" },
        { title: "before" },
        { title: "" },
        { title: "after" },
        { title: "removed", align: "right" },
      ],
      shapes,
      style,
    ),
    ...(removed === 0
      ? bullet("Nothing leaves: every image stays.", style, "good", style.symbols.check)
      : [
          ...section("Removed", `${plural(removed, "image")} of ${number(plan.before)}, by reason and split`, style),
          ...table(
            [
              { title: "reason", narrow: "wrap" },
              ...plan.splits.map(({ name }) => ({ title: name, align: "right" as const })),
              { title: "total", align: "right" },
            ],
            [...byReason, total],
            style,
          ),
        ]),
    ...section("Output", "", style),
    ...outputs.shown.flatMap((output) => bullet(output, style)),
    ...(outputs.more > 0 ? note(`and ${number(outputs.more)} more`, style) : []),
  ];
}

/** What was written and what was verified afterwards. */
export function writtenLines(result: ApplyResult, style: TableStyle): readonly Line[] {
  return [
    ...section("Written", `${plural(result.samples, "image")}, ${plural(result.files, "file")}`, style),
    line("  folder    ", span(result.folder, "accent")),
    line("  manifest  ", span(result.manifest, "accent")),
    ...result.verified.flatMap((sentence) => bullet(sentence, style, "good", style.symbols.check)),
  ];
}
