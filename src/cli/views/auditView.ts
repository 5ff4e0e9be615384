import { number, plural } from "../../core/english";
import type { LabelAudit, LabelPair, Suspect } from "../../core/training/labelAudit";
import { BLANK, paragraph, span, type Line } from "../output/text";
import { table, type Cell, type TableStyle } from "../output/table";
import { commandLines, firstOf, note, section } from "./page";

const SHOWN_PAIRS = 10;

/** What an audit found, in its own words. */
export function auditSentenceLines({ sentence }: LabelAudit, style: TableStyle): readonly Line[] {
  return paragraph([], sentence, style.width, "title");
}

/** An audit: the sentence, which classes are confused, and the first suspects. */
export function auditLines(audit: LabelAudit, list: readonly Suspect[], style: TableStyle): readonly Line[] {
  return [
    ...auditSentenceLines(audit, style),
    ...pairLines(audit.pairs, style),
    ...suspectLines(audit, list, style),
    ...judgedLines(audit, style),
  ];
}

function pairLines(pairs: readonly LabelPair[], style: TableStyle): readonly Line[] {
  const listed = pairs.filter(({ suspects }) => suspects > 0);
  if (listed.length === 0) return [];
  const { shown, more } = firstOf(listed, SHOWN_PAIRS);
  return [
    ...section("Classes", "what is labelled as one class and looks like another one", style),
    ...table(
      [
        { title: "label", narrow: "cut" },
        { title: "looks like", narrow: "cut" },
        { title: "suspects", align: "right" },
        { title: "estimated", align: "right" },
      ],
      shown.map(({ label, suggested, suspects, estimated }) => [
        label,
        suggested,
        number(suspects),
        number(Math.round(estimated)),
      ]),
      style,
    ),
    ...(more > 0 ? note(`and ${plural(more, "more pair")} of classes; --json writes them`, style) : []),
  ];
}

function suspectLines({ suspects }: LabelAudit, list: readonly Suspect[], style: TableStyle): readonly Line[] {
  if (list.length === 0) return [];
  const { none } = style.symbols;
  const more = suspects - list.length;
  return [
    ...section("Suspects", "the most probable first; probabilities of the label and of what it looks like", style),
    ...table(
      [
        { title: "image", narrow: "cut" },
        { title: "label", narrow: "cut" },
        { title: "", align: "right" },
        { title: "looks like", narrow: "cut" },
        { title: "", align: "right" },
        { title: "duplicates" },
        { title: "judged" },
      ],
      list.map((suspect): readonly Cell[] => [
        suspect.id,
        suspect.label,
        probability(suspect.ofLabel),
        suspect.suggested,
        probability(suspect.ofSuggested),
        duplicatesCell(suspect, none),
        suspect.verdict === null
          ? span(none, "faint")
          : span(suspect.verdict, suspect.verdict === "wrong" ? "bad" : "good"),
      ]),
      style,
    ),
    ...(more > 0 ? note(`and ${number(more)} more; --top ${suspects} lists all, --csv FILE writes them`, style) : []),
  ];
}

function duplicatesCell({ duplicates, conflicting }: Suspect, none: string): Cell {
  if (duplicates === 0) return span(none, "faint");
  if (conflicting === 0) return number(duplicates);
  return span(`${number(duplicates)}, ${number(conflicting)} with another label`, "warning");
}

function judgedLines({ judged: { right, wrong } }: LabelAudit, style: TableStyle): readonly Line[] {
  if (right + wrong === 0) return [];
  const leaving = wrong === 0 ? "" : `; ${wrong === 1 ? "its image leaves" : "their images leave"} sanitized copies`;
  return [
    BLANK,
    ...paragraph([], `Judged so far: ${number(right)} right, ${number(wrong)} wrong${leaving}.`, style.width),
  ];
}

/** The commands that come next. */
export function nextAuditLines(
  { suspects, judged }: LabelAudit,
  { dataset, target }: { readonly dataset: string; readonly target: string },
  style: TableStyle,
): readonly Line[] {
  if (suspects === 0 && judged.wrong === 0) return [];
  return [
    ...section("Next", "", style),
    ...(suspects > 0
      ? commandLines(`cleansplit audit-labels ${dataset} --wrong ID --right ID`, "say what you see", style)
      : []),
    ...(judged.wrong > 0
      ? commandLines(`cleansplit sanitize ${dataset} --out ${target}`, "without the images judged wrong", style)
      : []),
  ];
}

/** Three digits, as ranks differ in the third one. */
function probability(share: number): string {
  return share.toFixed(3);
}
