import type { TrainingData } from "../../../src/protocol/training";

/** A point of a line, and where it has a band around it both ends of that. */
export interface SeriesPoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

/** Which data a line is of, the how manieth of several, or a line to compare with. */
export type SeriesColor = TrainingData | "reference" | number;

/** One line of a chart. */
export interface Series {
  readonly label: string;
  readonly color: SeriesColor;
  readonly dashed: boolean;
  readonly marker: "circle" | "rectRounded";
  /** Only stands behind the others: in no legend and no table. */
  readonly faint?: boolean;
  /** Marks its points, however many there are. */
  readonly showsPoints?: boolean;
  readonly points: readonly SeriesPoint[];
}

/** What a chart shows, as a chart and as a table. */
export interface ChartContent {
  readonly title: string;
  readonly xTitle: string;
  readonly logarithmic: boolean;
  /** Both ends of the x axis, known before the first point, so that the axis stands still. */
  readonly range: readonly [number, number];
  /** Both ends of the y axis; as the points need it when it is left out. */
  readonly yRange?: readonly [number, number];
  readonly series: readonly Series[];
  /** Says what else is drawn, e.g. what the bands are. */
  readonly note: string | null;
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
  /** A value of the y axis; `digits` tells neighbours apart. */
  readonly formatTick: (value: number, digits: number) => string;
  /** Said in place of an empty chart. */
  readonly nothing: string;
}
