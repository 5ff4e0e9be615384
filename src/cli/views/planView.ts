import { number, plural } from "../../core/english";
import { whyEmpty } from "../../core/sanitize/empty";
import type { ApplyResult, ChangeReason, PlanSplit, PlanSummary, PolicyPreview } from "../../core/sanitize/plan";
import { line, span, type Line } from "../output/text";
import { table, type Cell, type TableStyle } from "../output/table";
import { bullet, firstOf, note, section } from "./page";

const REASONS: readonly (readonly [ChangeReason, string])[] = [
  ["leaks", "also in a protected split"],
  ["duplicate", "has a twin that stays"],
  ["conflict", "equal images, different labels"],
  ["label", "label judged wrong"],
  ["choice", "said to leave"],
  ["unreadable", "unreadable"],
  ["invalid", "no valid sample"],
  ["balance", "so that classes are balanced"],
  ["edited", "taken out by hand"],
];

const SHOWN_OUTPUTS = 12;
const SHOWN_CLASSES = 30;

/** A plan as it is previewed: the rule, shapes before and after, what leaves and why, what will be written. */
export function planLines(plan: PlanSummary, style: TableStyle): readonly Line[] {
  const { arrow, none } = style.symbols;
  const removed = plan.before - plan.after;
  const some = (count: number): Cell => (count === 0 ? span(none, "faint") : number(count));
  const shapes = plan.splits.map((split): readonly Cell[] => [
    split.name,
    split.shapeBefore,
    span(arrow, "faint"),
    span(split.shapeAfter, split.after === split.before ? "plain" : "good"),
    some(removedOf(split)),
    ...(plan.moved === 0 ? [] : [some(split.movedOut), some(split.movedIn)]),
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
  const empty = whyEmpty(plan.splits);
  const total: readonly Cell[] = ["total", ...plan.splits.map((split) => number(removedOf(split))), number(removed)];
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
        ...(plan.moved === 0
          ? []
          : [
              { title: "moved out", align: "right" as const },
              { title: "moved in", align: "right" as const },
            ]),
      ],
      shapes,
      style,
    ),
    ...(plan.undecided === 0
      ? []
      : bullet(
          `${plural(plan.undecided, "image")} of the removed ${plan.undecided === 1 ? "waits" : "wait"} for your word, because labels contradict each other.`,
          style,
          "warning",
        )),
    ...(plan.undecided > 0 || empty === null ? [] : bullet(empty, style, "warning")),
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
    ...collisionLines(plan, style),
    ...(outputs.shown.length > 0 ? section("Output", "", style) : []),
    ...outputs.shown.flatMap((output) => bullet(output, style)),
    ...(outputs.more > 0 ? note(`and ${number(outputs.more)} more`, style) : []),
  ];
}

function removedOf({ removed }: PlanSplit): number {
  return Object.values(removed).reduce((sum, count) => sum + count, 0);
}

/** Images of every class before and after, by split. */
export function classLines({ splits }: PlanSummary, style: TableStyle): readonly Line[] {
  const names = [...new Set(splits.flatMap(({ classes }) => Object.keys(classes)))];
  if (names.length === 0) return [];
  const { shown, more } = firstOf(names, SHOWN_CLASSES);
  const cell = (count: number): Cell => (count === 0 ? span(style.symbols.none, "faint") : number(count));
  return [
    ...section("Classes", "images before and after", style),
    ...table(
      [
        { title: "class", narrow: "cut" },
        ...splits.flatMap(({ name }) => [
          { title: "before", align: "right" as const, group: name },
          { title: "after", align: "right" as const, group: name },
        ]),
      ],
      shown.map((name) => [
        name,
        ...splits.flatMap(({ classes }) => [cell(classes[name]?.before ?? 0), cell(classes[name]?.after ?? 0)]),
      ]),
      style,
    ),
    ...(more > 0 ? note(`and ${plural(more, "more class", "more classes")}; --plan-out writes all`, style) : []),
  ];
}

/** What each policy would do, side by side. */
export function previewLines(previews: readonly PolicyPreview[], style: TableStyle): readonly Line[] {
  const splits = [...new Set(previews.flatMap((preview) => preview.splits.map(({ name }) => name)))];
  const rows = previews.map(({ policy, leave, move, splits: counts, unavailable }): readonly Cell[] => [
    policy,
    ...(unavailable === null ? [number(leave), number(move)] : [style.symbols.none, style.symbols.none]),
    ...splits.map((name) => {
      const after = counts.find((split) => split.name === name)?.after;
      return after === undefined ? span(style.symbols.none, "faint") : number(after);
    }),
  ]);
  if (rows.length === 0) return [];
  return [
    ...section("Policies", "what each would do under these options; --policy NAME chooses", style),
    ...table(
      [
        { title: "policy" },
        { title: "removed", align: "right" },
        { title: "moved", align: "right" },
        ...splits.map((name) => ({ title: name, align: "right" as const, group: "images after" })),
      ],
      rows,
      style,
    ),
    ...previews.flatMap(({ policy, sentence, unavailable }) => note(`${policy}: ${unavailable ?? sentence}`, style)),
  ];
}

function collisionLines({ collisions }: PlanSummary, style: TableStyle): readonly Line[] {
  if (collisions.length === 0) return [];
  const { shown, more } = firstOf(collisions, SHOWN_OUTPUTS);
  return [
    ...section("MD5 collisions", "different images that have one MD5; both stay", style),
    ...shown.flatMap(([first, second]) => bullet(`${first} and ${second}`, style)),
    ...(more > 0 ? note(`and ${number(more)} more`, style) : []),
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
