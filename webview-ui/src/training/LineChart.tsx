import * as l10n from "@vscode/l10n";
import {
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
  type ChartConfiguration,
  type ChartDataset,
} from "chart.js";
import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { ChartContent, Series } from "./chartContent";
import type { ThemeColors } from "../shared/themeColors";
import { seriesColor } from "./seriesColor";

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale, Filler, Tooltip);

interface Props extends ChartContent {
  readonly colors: ThemeColors;
  readonly asTable: boolean;
}

type Point = { x: number; y: number };
type LineConfiguration = ChartConfiguration<"line", Point[]>;

/** A line chart with its table twin, of which the eye sees one and a screen reader always the table. */
export function LineChart(props: Props): JSX.Element {
  const { title, asTable, nothing, note, colors } = props;
  const id = useId();
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<Chart<"line", Point[]> | null>(null);
  const empty = props.series.every((line) => line.faint === true || line.points.length === 0);
  const drawn = !asTable && !empty;

  useEffect(() => {
    if (!drawn || canvas.current === null) return undefined;
    const created = new Chart<"line", Point[]>(canvas.current, chartConfiguration(props, colors));
    chart.current = created;
    return () => {
      created.destroy();
      chart.current = null;
    };
  }, [drawn]);

  useEffect(() => {
    if (chart.current === null) return;
    const { data, options } = chartConfiguration(props, colors);
    chart.current.data = data;
    if (options !== undefined) chart.current.options = options;
    chart.current.update("none");
  });

  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption id={id}>{title}</figcaption>
      {props.series.length > 0 && (
        <ul class="legend" aria-hidden="true">
          {props.series
            .filter((line) => line.faint !== true || line.color === "reference")
            .map((line) => (
              <li key={line.label} class={`series-${line.color}${line.dashed ? " dashed" : ""}`}>
                {line.label}
              </li>
            ))}
        </ul>
      )}
      {empty && <p class="nothing">{nothing}</p>}
      {drawn && (
        <div class="canvas-box">
          <canvas ref={canvas} role="img" aria-label={l10n.t("{0}, also as a table below", title)} />
        </div>
      )}
      {!empty && (
        <div class={asTable ? "table-box chart-table" : "hidden"}>
          <ChartTable {...props} />
        </div>
      )}
      {note !== null && !empty && <p class="chart-note muted">{note}</p>}
    </figure>
  );
}

function ChartTable({ title, xTitle, series: all, formatX, formatY }: ChartContent): JSX.Element {
  const series = all.filter((line) => line.faint !== true);
  const positions = [...new Set(series.flatMap((line) => line.points.map((point) => point.x)))].sort((a, b) => a - b);
  const values = series.map((line) => new Map(line.points.map((point) => [point.x, point])));
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
              const point = line.get(x);
              return (
                <td key={index} class="number">
                  {point === undefined ? "–" : formatY(point.y)}
                  {point?.low !== undefined && point.high !== undefined && (
                    <span class="interval">{l10n.t("{0} to {1}", formatY(point.low), formatY(point.high))}</span>
                  )}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How Chart.js draws a chart. */
export function chartConfiguration(content: ChartContent, colors: ThemeColors): LineConfiguration {
  const { series, logarithmic, range, yRange, xTitle, formatX, formatY, formatTick } = content;
  const font = { family: colors.font, size: 11 };
  return {
    type: "line",
    data: { datasets: series.flatMap((line, index) => datasetsOf(line, -index, logarithmic, colors)) },
    options: {
      // A live chart that animates lags behind what it shows, and motion is not for everybody.
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", axis: "x", intersect: false },
      plugins: {
        legend: { display: false },
        tooltip: {
          // Ends of bands and the lines of single seeds have no name.
          filter: (item) => item.dataset.label !== "",
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
          ...(yRange === undefined ? {} : { min: yRange[0], max: yRange[1] }),
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

/** A line, and before it both ends of its band, the upper of which is filled down to the lower. */
function datasetsOf(
  line: Series,
  order: number,
  marksPoints: boolean,
  colors: ThemeColors,
): ChartDataset<"line", Point[]>[] {
  const { label, dashed, marker, points, faint = false, showsPoints = false } = line;
  const color = seriesColor(colors, line.color);
  const band = points.filter((point) => point.low !== undefined && point.high !== undefined);
  const edge = { label: "", order, borderWidth: 0, pointRadius: 0, pointHitRadius: 0, pointHoverRadius: 0 };
  const filled = `color-mix(in srgb, ${color} 20%, transparent)`;
  const isReference = line.color === "reference";
  return [
    ...(band.length > 1
      ? [
          { ...edge, data: band.map(({ x, low = 0 }) => ({ x, y: low })) },
          { ...edge, data: band.map(({ x, high = 0 }) => ({ x, y: high })), backgroundColor: filled, fill: "-1" },
        ]
      : []),
    {
      label: faint ? "" : label,
      // Later lines are drawn over earlier ones.
      order,
      data: points.map(({ x, y }) => ({ x, y })),
      borderColor: faint && !isReference ? `color-mix(in srgb, ${color} 32%, transparent)` : color,
      backgroundColor: color,
      borderWidth: faint ? 1 : 2,
      borderDash: dashed ? [5, 4] : [],
      pointRadius: !faint && (showsPoints || marksPoints || points.length === 1) ? 4 : 0,
      pointHoverRadius: faint ? 0 : 5,
      pointHitRadius: faint ? 0 : 12,
      pointStyle: marker,
    },
  ];
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
