import {
  Chart,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
  type ChartConfiguration,
} from "chart.js";
import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { TrainingData } from "../../../src/protocol/training";
import type { ThemeColors } from "./themeColors";

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale, Legend, Tooltip);

/** One line of a chart. The colour says which data, dashes and points say which score. */
export interface Series {
  readonly label: string;
  readonly data: TrainingData;
  readonly dashed: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** What a chart shows, as a chart and as a table. */
export interface ChartContent {
  readonly title: string;
  readonly xTitle: string;
  readonly logarithmic: boolean;
  /** Both ends of the x axis, known before the first point, so that the axis stands still. */
  readonly range: readonly [number, number];
  readonly series: readonly Series[];
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
  /** A value of the y axis; `digits` tells neighbours apart. */
  readonly formatTick: (value: number, digits: number) => string;
  /** Said in place of an empty chart. */
  readonly nothing: string;
}

interface Props extends ChartContent {
  readonly colors: ThemeColors;
  readonly asTable: boolean;
}

type LineConfiguration = ChartConfiguration<"line", { x: number; y: number }[]>;

/** A line chart with its table twin, of which the eye sees one and a screen reader always the table. */
export function LineChart(props: Props): JSX.Element {
  const { title, series, asTable, nothing } = props;
  const id = useId();
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<Chart<"line", { x: number; y: number }[]> | null>(null);
  const empty = series.every((line) => line.points.length === 0);
  const drawn = !asTable && !empty;

  useEffect(() => {
    if (!drawn || canvas.current === null) return undefined;
    const created = new Chart<"line", { x: number; y: number }[]>(canvas.current, configure(props));
    chart.current = created;
    return () => {
      created.destroy();
      chart.current = null;
    };
  }, [drawn]);

  useEffect(() => {
    if (chart.current === null) return;
    const { data, options } = configure(props);
    chart.current.data = data;
    if (options !== undefined) chart.current.options = options;
    chart.current.update("none");
  });

  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption id={id}>{title}</figcaption>
      {series.length > 0 && (
        <ul class="legend" aria-hidden="true">
          {series.map((line) => (
            <li key={line.label} class={`${line.data}${line.dashed ? " dashed" : ""}`}>
              {line.label}
            </li>
          ))}
        </ul>
      )}
      {empty && <p class="nothing">{nothing}</p>}
      {drawn && (
        <div class="canvas-box">
          <canvas ref={canvas} role="img" aria-label={`${title}, also as a table below`} />
        </div>
      )}
      {!empty && (
        <div class={asTable ? "table-box chart-table" : "hidden"}>
          <ChartTable {...props} />
        </div>
      )}
    </figure>
  );
}

function ChartTable({ title, xTitle, series, formatX, formatY }: ChartContent): JSX.Element {
  const positions = [...new Set(series.flatMap((line) => line.points.map((point) => point.x)))].sort((a, b) => a - b);
  const values = series.map((line) => new Map(line.points.map((point) => [point.x, point.y])));
  return (
    <table class="data narrow">
      <caption class="hidden">{title}</caption>
      <thead>
        <tr>
          <th scope="col">{xTitle}</th>
          {series.map((line) => (
            <th key={line.label} scope="col" class="number">
              {line.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {positions.map((x) => (
          <tr key={x}>
            <th scope="row">{formatX(x)}</th>
            {values.map((line, index) => {
              const y = line.get(x);
              return (
                <td key={index} class="number">
                  {y === undefined ? "–" : formatY(y)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function configure(props: Props): LineConfiguration {
  const { series, colors, logarithmic, range, xTitle, formatX, formatY, formatTick } = props;
  const font = { family: colors.font, size: 11 };
  return {
    type: "line",
    data: {
      datasets: series.map((line) => ({
        label: line.label,
        data: line.points.map(({ x, y }) => ({ x, y })),
        borderColor: colors[line.data],
        backgroundColor: colors[line.data],
        borderWidth: 2,
        borderDash: line.dashed ? [5, 4] : [],
        pointRadius: logarithmic || line.points.length === 1 ? 4 : 0,
        pointHoverRadius: 5,
        pointHitRadius: 12,
        // Not by colour alone: original is drawn with circles, sanitized with squares.
        pointStyle: line.data === "original" ? "circle" : "rectRounded",
      })),
    },
    options: {
      // A live chart that animates lags behind what it shows, and motion is not for everybody.
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", axis: "x", intersect: false },
      plugins: {
        legend: { display: false },
        tooltip: {
          backgroundColor: colors.tooltip,
          borderColor: colors.tooltipBorder,
          borderWidth: 1,
          titleColor: colors.tooltipText,
          bodyColor: colors.tooltipText,
          titleFont: font,
          bodyFont: font,
          cornerRadius: 4,
          usePointStyle: true,
          callbacks: {
            title: (items) => `${xTitle} ${formatX(items[0]?.parsed.x ?? 0)}`,
            label: (item) => ` ${item.dataset.label ?? ""}: ${formatY(item.parsed.y ?? 0)}`,
          },
        },
      },
      scales: {
        x: {
          ...(logarithmic ? { type: "logarithmic" as const } : { type: "linear" as const }),
          min: range[0],
          max: range[1],
          title: { display: true, text: xTitle, color: colors.text, font },
          grid: { display: false },
          border: { color: colors.grid },
          ticks: {
            color: colors.text,
            font,
            maxRotation: 0,
            callback: (value) => (logarithmic && !isRound(Number(value)) ? null : formatX(Number(value))),
          },
        },
        y: {
          type: "linear",
          grid: { color: colors.grid, lineWidth: 1 },
          border: { display: false },
          ticks: {
            color: colors.text,
            font,
            maxTicksLimit: 6,
            callback: (value, _, ticks) => formatTick(Number(value), digitsOf(ticks)),
          },
        },
      },
    },
  };
}

/** Decimal places that tell the ticks of an axis apart. */
function digitsOf(ticks: readonly { readonly value: number }[]): number {
  const step = Math.abs((ticks[1]?.value ?? 1) - (ticks[0]?.value ?? 0));
  return step > 0 ? Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) : 0;
}

/** Whether a number is 1, 2 or 5 times a power of ten: what a logarithmic axis is labelled with. */
function isRound(value: number): boolean {
  const first = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5].some((digit) => Math.abs(first - digit) < 1e-6);
}
