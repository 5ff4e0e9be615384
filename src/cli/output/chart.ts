import { line, span, type Line, type Span, type Tone } from "./text";
import type { TableStyle } from "./table";
import { displayWidth } from "./width";

/** A point of a series: `x` is a place on the axis, not its label. */
export interface ChartPoint {
  readonly x: number;
  readonly y: number;
}

/** One curve. */
export interface ChartSeries {
  readonly name: string;
  readonly points: readonly ChartPoint[];
}

/** A small line chart of up to two series, with shares (0..1) upwards. */
export interface Chart {
  readonly series: readonly ChartSeries[];
  /** Labels under the axis, at the `x` they belong to. */
  readonly ticks: readonly { readonly x: number; readonly label: string }[];
  /** Height of the drawing in lines. */
  readonly height: number;
}

const TONES: readonly Tone[] = ["accent", "second"];
const AXIS = 9;
const WIDEST = 66;

/** Dots of a Braille cell, two columns of four: the bit of each in its code. */
const BRAILLE: readonly (readonly [number, number, number, number])[] = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];

interface Place {
  dots: number;
  tone: Tone;
  mark: string;
}

/** Draws the chart; the lines between the points are a guide for the eye. */
export function drawChart(chart: Chart, { width, symbols }: TableStyle): readonly Line[] {
  const points = chart.series.flatMap((series) => series.points);
  if (points.length === 0) return [];
  const columns = Math.max(16, Math.min(WIDEST, width - AXIS - 4));
  const [low, high] = range(points.map(({ y }) => y));
  const xs = points.map(({ x }) => x);
  const firstX = Math.min(...xs);
  const spanX = Math.max(...xs) - firstX;
  // Half a cell stays free on both sides, so marks at the ends are whole.
  const columnOf = (x: number): number =>
    (spanX === 0 ? columns / 2 : 1 + ((x - firstX) / spanX) * (columns - 3)) + 0.5;
  const rowOf = (y: number): number => ((high - y) / (high - low)) * (chart.height - 1) + 0.5;

  const grid: Place[][] = Array.from({ length: chart.height }, () =>
    Array.from({ length: columns }, () => ({ dots: 0, tone: "plain", mark: "" })),
  );
  const at = (column: number, row: number): Place | undefined => grid[Math.floor(row)]?.[Math.floor(column)];
  chart.series.forEach((series, index) => {
    const tone = TONES[index] ?? "plain";
    series.points.slice(1).forEach((to, position) => {
      const from = series.points[position] ?? to;
      const [x0, y0, x1, y1] = [columnOf(from.x), rowOf(from.y), columnOf(to.x), rowOf(to.y)];
      const steps = Math.ceil(Math.max(Math.abs(x1 - x0) * 2, Math.abs(y1 - y0) * 4, 1));
      for (let step = 0; step <= steps; step++) {
        const column = x0 + ((x1 - x0) * step) / steps;
        const row = y0 + ((y1 - y0) * step) / steps;
        const place = at(column, row);
        if (place === undefined) continue;
        place.tone = place.dots === 0 ? tone : place.tone;
        place.dots |= BRAILLE[Math.floor((column % 1) * 2)]?.[Math.floor((row % 1) * 4)] ?? 0;
      }
    });
  });
  const marks = [symbols.first, symbols.second];
  chart.series.forEach((series, index) => {
    for (const { x, y } of series.points) {
      const place = at(columnOf(x), rowOf(y));
      if (place === undefined) continue;
      const taken = place.mark !== "" && place.mark !== marks[index];
      place.tone = taken ? "title" : (TONES[index] ?? "plain");
      place.mark = taken ? symbols.both : (marks[index] ?? symbols.first);
    }
  });

  const labels = axisLabels(low, high, chart.height);
  const body = grid.map((row, index) => {
    const label = labels[index] ?? "";
    return line(span(label.padStart(AXIS - 2), "faint"), span(` ${symbols.axisY}`, "faint"), ...row.map(spanOf));
  });
  const axis = line(" ".repeat(AXIS - 1), span(symbols.axisCorner + symbols.axisX.repeat(columns), "faint"));
  return [...body, axis, tickLine(chart, columnOf, columns), legend(chart)];

  function spanOf({ dots, tone, mark }: Place): Span {
    if (mark !== "") return { text: mark, tone };
    if (dots === 0) return { text: " ", tone: "plain" };
    return { text: symbols.braille ? String.fromCodePoint(0x2800 + dots) : ".", tone };
  }

  function legend({ series }: Chart): Line {
    const names = series.flatMap(({ name }, index) => [
      span(`${marks[index] ?? symbols.first} ${name}`, TONES[index] ?? "plain"),
      span("  "),
    ]);
    const both = grid.some((row) => row.some(({ mark }) => mark === symbols.both));
    return line(" ".repeat(AXIS), ...names, both ? span(`${symbols.both} both`, "faint") : "");
  }
}

/** The range of the axis: the values with a little air, in whole percent, at least four percent high. */
function range(values: readonly number[]): readonly [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const air = Math.max(0.02, (high - low) * 0.05);
  const bottom = Math.max(0, Math.floor((low - air) * 100) / 100);
  const top = Math.min(1, Math.ceil((high + air) * 100) / 100);
  return top - bottom < 0.04 ? [Math.max(0, top - 0.04), top] : [bottom, top];
}

/** Labels of the rows: top, bottom and evenly between. */
function axisLabels(low: number, high: number, height: number): readonly string[] {
  const every = Math.max(1, Math.round((height - 1) / 4));
  return Array.from({ length: height }, (_, row) => {
    if (row % every !== 0) return "";
    return `${((high - ((high - low) * row) / (height - 1)) * 100).toFixed(1)} %`;
  });
}

function tickLine(chart: Chart, columnOf: (x: number) => number, columns: number): Line {
  let text = "";
  for (const { x, label } of chart.ticks) {
    const width = displayWidth(label);
    const middle = Math.floor(columnOf(x));
    const start = Math.min(Math.max(0, middle - Math.floor(width / 2)), columns + 2 - width);
    // A label that would touch the one before is left out; its point is still marked.
    if (text !== "" && start < displayWidth(text) + 1) continue;
    text = text.padEnd(start) + label;
  }
  return line(" ".repeat(AXIS), span(text, "faint"));
}
