import * as l10n from "@vscode/l10n";
import {
  measureText,
  type NearReport,
  type PlanSummary,
  type Report,
  type Role,
  type Tier,
} from "../../../src/protocol/report";
import { number, visible } from "../shared/format";
import { paintPicture, PICTURE_EDGE, PICTURE_LINE, PICTURE_WIDTH, writeLine, type Drawing } from "../shared/picture";
import { readColors, type ThemeColors } from "../shared/themeColors";
import { chartedClasses, classSplits, MOST_CHARTED, type ClassSplit } from "./classCounts";
import { scoreValue, thresholdText } from "./nearText";

/** Room for the name of a split or a class before its row. */
const NAME_PX = 130;
const GAP_PX = 4;
/** Cells of a matrix; where they are narrower than this their numbers are left out. */
const [LARGEST_CELL_PX, NUMBERED_PX] = [150, 44];
const CELL_HEIGHT_PX = 46;
const HISTOGRAM_PX = 170;
const [CLASS_COLUMNS, CLASS_ROW_PX] = [3, 18];
/** Splits whose classes are drawn. */
const MOST_SPLITS = 12;

/** What is drawn, and in which way. */
export interface ReportPicture {
  readonly report: Report;
  readonly plan: PlanSummary | null;
  readonly tier: Tier;
  readonly blank: boolean;
}

/** The charts of a report below each other as one PNG: leakage, near duplicates and class balance, as far as they are known. */
export async function reportPicture({ report, plan, tier, blank }: ReportPicture): Promise<Uint8Array> {
  const colors = readColors();
  const splits = classSplits(report, plan);
  const drawings = [
    ...(report.splits.length > 1 ? [matrixDrawing(report, tier, blank, colors)] : []),
    ...(report.near === null ? [] : [histogramDrawing(report.near, report.splits.length > 1, colors)]),
    ...(splits.length === 0 ? [] : [classDrawing(report, splits, plan !== null, colors)]),
  ];
  return paintPicture(visible(report.dataset.name), drawings, colors);
}

/** Something that writes in the letters of the theme. */
function writer(context: CanvasRenderingContext2D, { font, foreground, text }: ThemeColors) {
  return {
    title: (words: string, y: number): number =>
      writeLine(context, words, PICTURE_EDGE, y, `600 13px ${font}`, foreground, PICTURE_WIDTH),
    line: (words: string, x: number, y: number, most?: number): number =>
      writeLine(context, words, x, y, `12px ${font}`, foreground, most),
    faint: (words: string, x: number, y: number, most?: number): number =>
      writeLine(context, words, x, y, `12px ${font}`, text, most),
    middle: (words: string, x: number, y: number, most: number, weight = ""): void => {
      context.textAlign = "center";
      writeLine(context, words, x, y, `${weight} 12px ${font}`, foreground, most);
      context.textAlign = "start";
    },
  };
}

function roleColor({ palette, original, text }: ThemeColors, role: Role): string {
  return { train: palette[0], validation: palette[3], test: original, other: text }[role] ?? text;
}

function matrixDrawing({ splits, leakage }: Report, tier: Tier, blank: boolean, colors: ThemeColors): Drawing {
  const width = Math.min(LARGEST_CELL_PX, (PICTURE_WIDTH - NAME_PX) / splits.length);
  const height = Math.min(CELL_HEIGHT_PX, Math.max(width, PICTURE_LINE));
  const entries = new Map(
    leakage.filter((leak) => leak.tier === tier).map((leak) => [JSON.stringify([leak.split, leak.in]), leak]),
  );
  const kinds: Readonly<Record<Tier, string>> = {
    file: l10n.t("identical files"),
    pixel: l10n.t("equal pixels"),
    near: l10n.t("equal pixels or near duplicates"),
  };
  const red = colors.palette[4] ?? colors.text;
  return {
    height: 4 * PICTURE_LINE + splits.length * height + PICTURE_EDGE,
    draw: (context, top) => {
      const write = writer(context, colors);
      write.title(l10n.t("Images of each row's split that also occur in each column's split"), top + 14);
      write.faint(blank ? kinds[tier] : l10n.t("{0}, without blank images", kinds[tier]), PICTURE_EDGE, top + 32);
      const [left, first] = [PICTURE_EDGE + NAME_PX, top + 3 * PICTURE_LINE];
      splits.forEach((split, index) => {
        const middle = left + (index + 0.5) * width;
        if (width >= NUMBERED_PX) write.middle(visible(split.name), middle, first - 6, width - GAP_PX);
        const y = first + index * height;
        write.line(visible(split.name), PICTURE_EDGE, y + height / 2 + 4, NAME_PX - 12);
        splits.forEach((other, column) => {
          const x = left + column * width;
          const entry = entries.get(JSON.stringify([split.name, other.name]));
          const samples = (blank ? entry : entry?.withoutBlank)?.samples ?? 0;
          const share = split.samples === 0 ? 0 : samples / split.samples;
          const heat = samples === 0 || index === column ? 0 : 10 + 50 * Math.sqrt(share);
          context.fillStyle = heat === 0 ? colors.grid : `color-mix(in srgb, ${red} ${heat}%, ${colors.background})`;
          context.globalAlpha = heat === 0 ? 0.3 : 1;
          context.fillRect(x, y, width - GAP_PX, height - GAP_PX);
          context.globalAlpha = 1;
          if (width < NUMBERED_PX) return;
          const words = index === column ? "–" : number(samples);
          write.middle(words, x + (width - GAP_PX) / 2, y + height / 2 + 2, width - GAP_PX, heat > 0 ? "600" : "");
        });
      });
    },
  };
}

function histogramDrawing(near: NearReport, hasSplits: boolean, colors: ThemeColors): Drawing {
  const { measure, threshold, reach, histogram } = near;
  const { bounds, within, between } = histogram;
  const most = Math.max(1, ...within, ...between);
  const ends = [bounds[0] ?? measure.best, bounds.at(-1) ?? reach] as const;
  const placeOf = (score: number): number =>
    PICTURE_EDGE + PICTURE_WIDTH * Math.min(1, Math.abs(score - ends[0]) / (Math.abs(ends[1] - ends[0]) || 1));
  const half = hasSplits ? HISTOGRAM_PX / 2 : HISTOGRAM_PX;
  return {
    height: 5 * PICTURE_LINE + HISTOGRAM_PX + PICTURE_EDGE,
    draw: (context, top) => {
      const write = writer(context, colors);
      write.title(l10n.t("Images by the {0} of their nearest neighbour", measureText(measure)), top + 14);
      const args = [thresholdText(measure, threshold), number(most)];
      const note = hasSplits
        ? l10n.t(
            "above: in another split, below: in its own split; near at {0}; the longest bar is {1} images",
            ...args,
          )
        : l10n.t("near at {0}; the longest bar is {1} images", ...args);
      write.faint(note, PICTURE_EDGE, top + 32);
      const axis = top + 2 * PICTURE_LINE + half;
      within.forEach((count, bin) => {
        const [from, to] = [placeOf(bounds[bin] ?? 0), placeOf(bounds[bin + 1] ?? 0)];
        const bar = (images: number): number => (half * images) / most;
        context.fillStyle = hasSplits ? (colors.palette[1] ?? colors.text) : colors.text;
        if (hasSplits) {
          context.fillRect(from, axis - bar(between[bin] ?? 0), to - from - 1, bar(between[bin] ?? 0));
          context.fillStyle = colors.palette[0] ?? colors.text;
          context.fillRect(from, axis + 1, to - from - 1, bar(count));
        } else context.fillRect(from, axis - bar(count), to - from - 1, bar(count));
      });
      context.fillStyle = colors.foreground;
      context.fillRect(PICTURE_EDGE, axis, PICTURE_WIDTH, 1);
      context.fillRect(placeOf(threshold) - 1, top + 2 * PICTURE_LINE, 2, HISTOGRAM_PX);
      const below = top + 2 * PICTURE_LINE + HISTOGRAM_PX + 16;
      write.faint(scoreValue(measure, ends[0]), PICTURE_EDGE, below);
      write.middle(scoreValue(measure, threshold), placeOf(threshold), below, 100, "600");
      context.textAlign = "end";
      write.faint(scoreValue(measure, ends[1]), PICTURE_EDGE + PICTURE_WIDTH, below);
      context.textAlign = "start";
    },
  };
}

function classDrawing(report: Report, splits: readonly ClassSplit[], isPlanned: boolean, colors: ThemeColors): Drawing {
  const names = chartedClasses(report.classes, splits);
  const shown = splits.slice(0, MOST_SPLITS);
  const block = 2 * PICTURE_LINE + names.length * CLASS_ROW_PX;
  const column = PICTURE_WIDTH / Math.min(CLASS_COLUMNS, shown.length);
  const notes = [
    ...(isPlanned ? [l10n.t("what the plan takes away or adds is paler")] : []),
    ...(report.classes.length > MOST_CHARTED
      ? [l10n.t("the {0} largest of {1} classes", MOST_CHARTED, number(report.classes.length))]
      : []),
    ...(splits.length > shown.length
      ? [l10n.t("the first {0} of {1} splits", shown.length, number(splits.length))]
      : []),
  ];
  return {
    height: 2 * PICTURE_LINE + Math.ceil(shown.length / CLASS_COLUMNS) * block + PICTURE_EDGE,
    draw: (context, top) => {
      const write = writer(context, colors);
      write.title(l10n.t("Images of each class in each split"), top + 14);
      write.faint(notes.join("; "), PICTURE_EDGE, top + 32);
      shown.forEach((split, index) => {
        const x = PICTURE_EDGE + (index % CLASS_COLUMNS) * column;
        const y = top + 2 * PICTURE_LINE + Math.floor(index / CLASS_COLUMNS) * block;
        drawClasses(context, split, names, { x, y, width: column - PICTURE_EDGE }, colors);
      });
    },
  };
}

function drawClasses(
  context: CanvasRenderingContext2D,
  { name, role, counts }: ClassSplit,
  names: readonly string[],
  box: { readonly x: number; readonly y: number; readonly width: number },
  colors: ThemeColors,
): void {
  const write = writer(context, colors);
  const { x, y, width } = box;
  const rows = names.map((label) => {
    const { before, after } = counts.get(label) ?? { before: 0, after: 0 };
    const words = before === after ? number(before) : `${number(before)} → ${number(after)}`;
    return { label: visible(label), before, after, words };
  });
  const widest = (texts: readonly string[]): number => Math.max(...texts.map((text) => widthOf(context, text, colors)));
  const nameWidth = Math.min(0.38 * width, widest(rows.map(({ label }) => label)) + 10);
  const countWidth = widest(rows.map(({ words }) => words)) + 8;
  const room = Math.max(0, width - nameWidth - countWidth);
  const most = Math.max(1, ...rows.map(({ before, after }) => Math.max(before, after)));
  write.line(visible(name), x, y + 24, width);
  rows.forEach(({ label, before, after, words }, index) => {
    const row = y + 2 * PICTURE_LINE + index * CLASS_ROW_PX;
    write.faint(label, x, row + 4, nameWidth - 8);
    context.fillStyle = roleColor(colors, role);
    context.globalAlpha = 0.35;
    context.fillRect(x + nameWidth, row - 6, (room * Math.max(before, after)) / most, 12);
    context.globalAlpha = 1;
    context.fillRect(x + nameWidth, row - 6, (room * Math.min(before, after)) / most, 12);
    write.faint(words, x + nameWidth + room + 8, row + 4, countWidth);
  });
}

function widthOf(context: CanvasRenderingContext2D, text: string, { font }: ThemeColors): number {
  context.font = `12px ${font}`;
  return context.measureText(text).width;
}
