import { number, plural } from "../../core/english";
import type { Measure } from "../../core/near/near";
import type { NearReport, Report } from "../../core/leakage/report";
import { span, type Line } from "../output/text";
import { table, type Cell, type TableStyle } from "../output/table";
import { bullet, section } from "./page";

/** Rows of the histogram, at most: neighbouring bins of the report are taken together. */
const ROWS = 8;
const BAR = 24;

/** What was searched and found beyond equal images, how much of it to believe, and what people decided. */
export function nearLines({ near, splits }: Report, style: TableStyle): readonly Line[] {
  if (near === null) return [];
  const { measure, threshold, reach, pairs, chance, conflicts, degenerate, limited } = near;
  const found = `${plural(pairs, "pair")} of different pictures, ${measure.name} ${limitText(measure, threshold)}`;
  const expected = Math.round(chance ?? 0);
  const chanceText =
    `${expected === 0 ? "Next to none" : `About ${number(expected)}`} of ${plural(pairs, "pair")} would be expected without any copies, ` +
    "going by how pairs beyond the threshold become fewer.";
  return [
    ...section("Near duplicates", found, style),
    ...histogramLines(near, splits.length > 1, style),
    ...bullet(near.reason, style),
    ...bullet(
      `Searched ${limitText(measure, reach)}; --threshold sets what counts.${limited === null ? "" : ` ${limited}`}`,
      style,
    ),
    ...(degenerate > 0
      ? bullet(`${plural(degenerate, "image")} took no part: blank, or next to nothing to see.`, style)
      : []),
    ...(chance === null || pairs === 0 ? [] : bullet(chanceText, style)),
    ...precisionLines(near, style),
    ...decisionLines(near, style),
    ...(conflicts.groups > 0
      ? bullet(
          `Label conflicts: ${plural(conflicts.groups, "group")} of similar images (${plural(conflicts.samples, "image")}) with more than one label.`,
          style,
          "warning",
        )
      : []),
  ];
}

/** What a threshold lets pass: "up to 9.0", "from 0.90 on". */
function limitText({ better, decimals }: Measure, threshold: number): string {
  return better === "lower" ? `up to ${threshold.toFixed(decimals)}` : `from ${threshold.toFixed(decimals)} on`;
}

/** How far the nearest neighbours of images are, in a few rows, with those that count in colour. */
function histogramLines(
  { measure, threshold, histogram }: NearReport,
  hasSplits: boolean,
  style: TableStyle,
): readonly Line[] {
  const { bounds, within, between } = histogram;
  const width = Math.ceil((bounds.length - 1) / ROWS);
  const rows: { readonly from: number; readonly to: number; readonly own: number; readonly other: number }[] = [];
  const sum = (counts: readonly number[], at: number): number =>
    counts.slice(at, at + width).reduce((all, count) => all + count, 0);
  for (let bin = 0; bin + 1 < bounds.length; bin += width) {
    const to = bounds[Math.min(bin + width, bounds.length - 1)] ?? 0;
    rows.push({ from: bounds[bin] ?? 0, to, own: sum(within, bin), other: hasSplits ? sum(between, bin) : 0 });
  }
  const most = Math.max(...rows.map(({ own, other }) => own + other), 0);
  if (most === 0) return [];
  const text = (score: number): string => score.toFixed(measure.decimals);
  const { barFull, none } = style.symbols;
  const count = (value: number): Cell => (value === 0 ? span(none, "faint") : number(value));
  return table(
    [
      { title: "nearest neighbour at", align: "right" },
      ...(hasSplits
        ? [
            { title: "in own split", align: "right" as const },
            { title: "in another split", align: "right" as const },
          ]
        : [{ title: "images", align: "right" as const }]),
      { title: "", narrow: "cut" },
    ],
    rows.map(({ from, to, own, other }): readonly Cell[] => {
      const counts = measure.better === "lower" ? from < threshold : from > threshold;
      const bar = barFull.repeat(Math.ceil(((own + other) / most) * BAR));
      return [
        `${text(from)} to ${text(to)}`,
        ...(hasSplits ? [count(own), count(other)] : [count(own)]),
        span(bar, counts ? "accent" : "faint"),
      ];
    }),
    style,
  );
}

/** What the pairs that people judged say about the threshold. */
function precisionLines({ measure, threshold, precision }: NearReport, style: TableStyle): readonly Line[] {
  const known = precision.find((entry) => entry.threshold === threshold);
  if (known === undefined) return [];
  const percent = (share: number): string => (share * 100).toFixed(0);
  const text =
    `About ${percent(known.estimate)} % of the pairs ${limitText(measure, threshold)} are duplicates, as ` +
    `${plural(known.judged, "judged pair")} let expect (95 % interval: ${percent(known.low)} to ${percent(known.high)} %).`;
  return bullet(text, style);
}

function decisionLines({ decisions }: NearReport, style: TableStyle): readonly Line[] {
  const { file, duplicate, different, stale } = decisions;
  const lines: Line[] = [];
  if (duplicate + different > 0) {
    const text = `People decided that ${plural(duplicate, "pair is a duplicate", "pairs are duplicates")} and ${plural(different, "pair is", "pairs are")} different.`;
    lines.push(...bullet(text, style));
  }
  if (stale > 0) {
    const text = `${plural(stale, "decision is", "decisions are")} stale: about pictures of this dataset that are not there any more.`;
    lines.push(...bullet(text, style, "warning"));
  }
  return lines.length > 0 && file !== null ? [...lines, ...bullet(`Decisions are kept in ${file}.`, style)] : lines;
}
