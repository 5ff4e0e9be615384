import path from "node:path";
import { number, plural } from "../../core/english";
import { qualityNotes } from "../../core/leakage/qualityNotes";
import type { Measure } from "../../core/near/near";
import { verdictOf } from "../../core/leakage/verdict";
import type {
  GroupPage,
  GroupView,
  Leakage,
  LeakageCounts,
  Report,
  SampleFault,
  SplitCounts,
  Tier,
} from "../../core/leakage/report";
import { durationText } from "../../core/progress";
import { line, paragraph, span, type Line, type Tone } from "../output/text";
import { table, type Cell, type TableStyle } from "../output/table";
import { displayWidth } from "../output/width";
import { nearLines } from "./nearView";
import { bullet, firstOf, note, percentText, section } from "./page";

const SHOWN_UNITS = 12;
const SHOWN_FAULTS = 10;
const SHOWN_EXAMPLES = 3;
const SHOWN_IGNORED = 3;
const SHOWN_CLASSES = 12;

const BADGES = {
  clean: ["CLEAN", "badge-good"],
  warning: ["WARNING", "badge-warning"],
  leak: ["LEAK", "badge-bad"],
} as const;

/** What counts as duplicates at a tier, in the plural. */
export function equalText(tier: Tier): string {
  return { file: "identical files", pixel: "equal images", near: "equal or similar images" }[tier];
}

/** The verdict alone: one true sentence behind a badge, and for a warning about several splits what it warns of. */
export function verdictLines(report: Report, tier: Tier, style: TableStyle): readonly Line[] {
  const verdict = verdictOf(report, tier === "file" ? "file" : "pixel");
  const [word, tone] = BADGES[verdict.level];
  const reason = verdict.level === "warning" && report.splits.length > 1 ? verdict.details.slice(0, 1) : [];
  const text = [verdict.text, ...reason].join(" ");
  return paragraph(line(span(` ${word} `, tone), " "), text, style.width, "title");
}

/** Everything a report says, the verdict of a tier first. */
export function inspectionLines(report: Report, tier: Tier, style: TableStyle): readonly Line[] {
  return [
    ...verdictLines(report, tier, style),
    ...layoutLines(report, style),
    ...splitLines(report, style),
    ...leakageLines(report, style),
    ...duplicateLines(report, style),
    ...nearLines(report, style),
    ...faultLines(
      "Unreadable",
      `${plural(report.unreadable.length, "image")} that cannot be read`,
      report.unreadable,
      style,
    ),
    ...faultLines(
      "Invalid",
      `${plural(report.invalid.length, "row")} of arrays; they take no part in anything`,
      report.invalid,
      style,
    ),
    ...qualityLines(report, style),
  ];
}

function layoutLines({ dataset, splits, timing }: Report, style: TableStyle): readonly Line[] {
  const read = `${plural(timing.samples, "image")} read in ${timing.seconds < 10 ? `${Math.max(0.1, timing.seconds).toFixed(1)} s` : durationText(timing.seconds)}`;
  const order = (name: string | null): number =>
    name === null ? splits.length : splits.findIndex((split) => split.name === name);
  const units = [...dataset.units].sort((a, b) => order(a.split) - order(b.split));
  const { shown, more } = firstOf(units, SHOWN_UNITS);
  const rows = shown.map((unit): readonly Cell[] => [
    shortPath(unit.path, dataset.inputs),
    unit.split === null ? span("left out", "faint") : unit.split,
    number(unit.samples),
    span(unit.reason, "faint"),
  ]);
  const ignored = firstOf(dataset.ignored, SHOWN_IGNORED);
  return [
    ...section("Dataset", `${dataset.name}: ${read}`, style),
    ...table(
      [
        { title: "path", narrow: "cut" },
        { title: "split", narrow: "cut" },
        { title: "images", align: "right" },
        { title: "why", narrow: "wrap" },
      ],
      rows,
      style,
    ),
    ...(more > 0 ? note(`and ${plural(more, "more part")}`, style) : []),
    ...dataset.notes.flatMap((text) => bullet(text, style)),
    ...ignored.shown.flatMap((file) => bullet(`Ignored: ${file.path} (${withoutStop(file.reason)}).`, style)),
    ...(ignored.more > 0 ? bullet(`Ignored: ${plural(ignored.more, "more entry", "more entries")}.`, style) : []),
  ];
}

/** A path below its input, or with the name of its input when there are several; `#key` for an array. */
function shortPath(place: string, inputs: readonly string[]): string {
  const input = inputs.find((one) => place === one || place.startsWith(one + path.sep) || place.startsWith(`${one}#`));
  if (input === undefined) return place;
  const rest = place.slice(input.length);
  return inputs.length > 1 || rest === "" ? path.basename(input) + rest : rest.replace(path.sep, "");
}

function splitLines(report: Report, style: TableStyle): readonly Line[] {
  const { none } = style.symbols;
  const sum = (of: (split: SplitCounts) => number): number => report.splits.reduce((all, split) => all + of(split), 0);
  const count = (value: number): Cell => (value === 0 ? span(none, "faint") : span(number(value), "warning"));
  // Where every split is called by its role, a column of roles says nothing.
  const hasRoles = report.splits.some(({ name, role }) => name !== role);
  const row = (
    name: string,
    role: string,
    of: (read: (split: SplitCounts) => number) => number,
    classes: Cell,
  ): readonly Cell[] => [
    name,
    ...(hasRoles ? [role] : []),
    number(of(({ samples }) => samples)),
    count(of(({ unreadable }) => unreadable)),
    count(of(({ invalid }) => invalid)),
    classes,
  ];
  const rows = report.splits.map((split) =>
    row(split.name, split.role, (read) => read(split), classText(Object.keys(split.classes))),
  );
  const classes = report.classes.length === 0 ? "no labels" : plural(report.classes.length, "class", "classes");
  return [
    ...section("Splits", "images of any state", style),
    ...table(
      [
        { title: "split", narrow: "cut" },
        ...(hasRoles ? [{ title: "role" }] : []),
        { title: "images", align: "right" },
        { title: "unreadable", align: "right" },
        { title: "invalid", align: "right" },
        { title: "classes", narrow: "wrap" },
      ],
      report.splits.length > 1 ? [...rows, row("total", "", sum, classes)] : rows,
      style,
    ),
  ];
}

function classText(names: readonly string[]): string {
  if (names.length === 0) return "no labels";
  const { shown, more } = firstOf(names, SHOWN_CLASSES);
  return `${number(names.length)}: ${shown.join(" ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function leakageLines(report: Report, style: TableStyle): readonly Line[] {
  if (report.splits.length < 2) return [];
  const pixel = report.leakage.filter(({ tier }) => tier === "pixel");
  const file = report.leakage.filter(({ tier }) => tier === "file");
  const near = report.leakage.filter(({ tier }) => tier === "near");
  const similar = differ(near, pixel) ? near : [];
  const title = section(
    "Leakage",
    `images of the row's split that also occur in the column's split, same pixels${similar.length > 0 ? "; +: others that are similar to one there" : ""}`,
    style,
  );
  if ([...pixel, ...similar].every(({ samples }) => samples === 0)) {
    const text = near.length > 0 ? "occurs in another one, or is similar to one there" : "occurs in another one";
    return [...title, ...bullet(`None: no image of one split ${text}.`, style, "good", style.symbols.check)];
  }
  const lines = [...title, ...matrix(report, pixel, style, similar)];
  if (pixel.every(({ samples }) => samples === 0)) return lines;
  if (file.every(({ samples }) => samples === 0)) {
    lines.push(...note("None of them is a file with the same bytes: their pixels are equal.", style));
  } else if (differ(file, pixel)) {
    lines.push(...note("Of these, files with the same bytes:", style), ...matrix(report, file, style));
  }
  const withoutBlank = pixel.map((entry) => ({ ...entry, ...entry.withoutBlank }));
  if (differ(withoutBlank, pixel)) {
    lines.push(...note("Without blank images (all pixels equal):", style), ...matrix(report, withoutBlank, style));
  }
  return lines;
}

function differ(some: readonly Leakage[], others: readonly Leakage[]): boolean {
  return some.some((entry) => ofPair(others, entry) !== entry.samples);
}

/** Images that leak of one split into another one, as one of some entries says; 0 when none does. */
function ofPair(leakage: readonly Leakage[], { split, in: into }: Leakage): number {
  return leakage.find((entry) => entry.split === split && entry.in === into)?.samples ?? 0;
}

/**
 * The split x split matrix, or a list of its entries where it is wider than the terminal. `similar` are the same entries
 * with images that are similar: how many more there are stands behind each.
 */
function matrix(
  report: Report,
  leakage: readonly (Leakage & LeakageCounts)[],
  style: TableStyle,
  similar: readonly Leakage[] = [],
): readonly Line[] {
  const { none } = style.symbols;
  const moreText = (leak: Leakage): string => {
    const more = ofPair(similar, leak) - leak.samples;
    return more > 0 ? `+${number(more)}` : "";
  };
  const moreWidth = Math.max(0, ...leakage.map((leak) => moreText(leak).length));
  const behind = PERCENT + (moreWidth === 0 ? 0 : moreWidth + 2);
  const cell = (leak: Leakage, countWidth: number): Cell => {
    const of = report.splits.find(({ name }) => name === leak.split)?.samples ?? 0;
    const more = moreText(leak);
    if (leak.samples === 0) return span("0" + more.padStart(behind), more === "" ? "faint" : "warning");
    const text = number(leak.samples).padStart(countWidth) + percentText(leak.samples, of).padStart(PERCENT);
    return span(text + more.padStart(behind - PERCENT), "bad");
  };
  const names = report.splits.map(({ name }) => name);
  const widest = Math.max(...leakage.map(({ samples }) => number(samples).length));
  const first = Math.max(...names.map(displayWidth));
  const needed = 2 + first + names.reduce((sum, name) => sum + 2 + Math.max(displayWidth(name), widest + behind), 0);
  if (needed > style.width) {
    const rows = leakage
      .filter((leak) => leak.samples > 0 || moreText(leak) !== "")
      .map((leak): readonly Cell[] => [leak.split, leak.in, cell(leak, widest)]);
    return table(
      [
        { title: "images of", narrow: "cut" },
        { title: "also in", narrow: "cut" },
        { title: "images", align: "right" },
      ],
      rows,
      style,
    );
  }
  const rows = names.map((row): readonly Cell[] => [
    row,
    ...names.map((column) => {
      const leak = leakage.find((entry) => entry.split === row && entry.in === column);
      return leak === undefined ? span(none + " ".repeat(behind), "faint") : cell(leak, widest);
    }),
  ]);
  return table([{ title: "" }, ...names.map((title) => ({ title, align: "right" as const }))], rows, style);
}

/** Columns of a share with the space before it, e.g. "  3.6 %". */
const PERCENT = 8;

function duplicateLines(report: Report, style: TableStyle): readonly Line[] {
  const { file, pixel, near } = report.duplicates;
  const title = section("Duplicates", "extra: images that would go if one of each group stayed", style);
  const lines = [...title];
  if ((near ?? pixel).groups === 0) {
    const text = near === undefined ? "occurs twice" : "occurs twice or is similar to another one";
    lines.push(...bullet(`None: no image ${text}.`, style, "good", style.symbols.check));
  } else {
    const rows = (
      [
        ["same bytes", file],
        ["same pixels", pixel],
        ...(near === undefined ? [] : ([["same or similar", near]] as const)),
        ...(report.blank.samples > 0
          ? ([
              ["same bytes, not blank", file.withoutBlank],
              ["same pixels, not blank", pixel.withoutBlank],
              ...(near === undefined ? [] : ([["same or similar, not blank", near.withoutBlank]] as const)),
            ] as const)
          : []),
      ] as const
    ).map(([name, counts]): readonly Cell[] => [
      name,
      number(counts.groups),
      number(counts.samples),
      number(counts.extra),
    ]);
    lines.push(
      ...table(
        [
          { title: "" },
          { title: "groups", align: "right" },
          { title: "images", align: "right" },
          { title: "extra", align: "right" },
        ],
        rows,
        style,
      ),
    );
  }
  if (report.blank.samples > 0) {
    lines.push(...bullet(`${plural(report.blank.samples, "image is", "images are")} blank (all pixels equal).`, style));
  }
  const { conflicts, collisions } = report;
  if (conflicts.groups > 0) {
    const text = `${plural(conflicts.groups, "group")} of equal images (${plural(conflicts.samples, "image")}) with more than one label.`;
    lines.push(...bullet(`Label conflicts: ${text}`, style, "warning"));
  } else if (report.classes.length > 0) {
    lines.push(...bullet("Label conflicts: none.", style, "good", style.symbols.check));
  }
  if (collisions.groups > 0) {
    const text = `${plural(collisions.groups, "group")} of different images (${plural(collisions.samples, "image")}) with one MD5; they are no duplicates.`;
    lines.push(...bullet(`MD5 collisions: ${text}`, style, "warning"));
  }
  return lines;
}

function faultLines(title: string, says: string, faults: readonly SampleFault[], style: TableStyle): readonly Line[] {
  if (faults.length === 0) return [];
  const { shown, more } = firstOf(faults, SHOWN_FAULTS);
  return [
    ...section(title, says, style),
    ...table(
      [
        { title: "image", narrow: "cut" },
        { title: "reason", narrow: "wrap" },
      ],
      shown.map((fault): readonly Cell[] => [fault.id, span(fault.reason, "warning")]),
      style,
    ),
    ...(more > 0 ? note(`and ${number(more)} more`, style) : []),
  ];
}

/** What the checks of quality found, with the first images of each. */
function qualityLines({ quality }: Report, style: TableStyle): readonly Line[] {
  const notes = qualityNotes(quality);
  if (notes.length === 0) return [];
  return [
    ...section("Quality", "what is odd about images that can be read", style),
    ...notes.flatMap(({ title, text, check }) => {
      const found = check === null ? { samples: 0, examples: [] } : quality[check];
      const { shown } = firstOf(found.examples, SHOWN_EXAMPLES);
      const more = found.samples - shown.length;
      return [
        ...bullet(`${title}: ${text}`, style, check === null ? "plain" : "warning"),
        ...shown.flatMap(({ id, reason }) => paragraph(line("    "), `${id}: ${reason}`, style.width, "faint")),
        ...(more > 0 ? [line("    ", span(`and ${number(more)} more`, "faint"))] : []),
      ];
    }),
  ];
}

/** The first groups of a report with their first members. */
export function groupLines(page: GroupPage, { near }: Report, tier: Tier, style: TableStyle): readonly Line[] {
  if (page.total === 0) return [];
  const measure = near?.measure ?? null;
  return [
    ...section(
      "Groups",
      `of ${equalText(tier)}, largest first, ${number(page.groups.length)} of ${number(page.total)}`,
      style,
    ),
    ...page.groups.flatMap((group) => [...groupTitle(group, measure, style), ...groupMembers(group, style)]),
  ];
}

function groupTitle(group: GroupView, measure: Measure | null, style: TableStyle): readonly Line[] {
  const facts = [
    `${number(group.size)} images in ${group.splits.join(", ")}`,
    group.labels.length > 0 ? `labelled ${group.labels.join(", ")}` : "",
    measure !== null && group.worst !== null
      ? `similar, worst score of two ${group.worst.toFixed(measure.decimals)}`
      : group.tier === "file"
        ? "same bytes"
        : "same pixels",
    group.blank ? "blank" : "",
  ].filter((fact) => fact !== "");
  const tone: Tone = group.conflict ? "warning" : group.splits.length > 1 ? "bad" : "plain";
  const lead = line("  ", span(`#${group.group + 1}`, "title"), "  ");
  return paragraph(lead, facts.join("; ") + (group.conflict ? "; conflict" : ""), style.width, tone);
}

function groupMembers(group: GroupView, style: TableStyle): readonly Line[] {
  const members = group.members.flatMap(({ id }) => paragraph(line("      "), id, style.width, "faint"));
  const more = group.size - group.members.length;
  return more > 0 ? [...members, line("      ", span(`and ${number(more)} more`, "faint"))] : members;
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}
