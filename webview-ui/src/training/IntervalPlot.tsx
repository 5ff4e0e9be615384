import type { JSX } from "preact";
import type { Interval } from "../../../src/protocol/training";
import { includesZero } from "./scores";

const WIDTH = 200;
const HEIGHT = 18;
const MIDDLE = HEIGHT / 2;

/** Both ends that some intervals need on an axis with zero, with a little room. */
export function axisOf(intervals: readonly Interval[]): readonly [number, number] {
  const low = Math.min(0, ...intervals.map((interval) => interval.low));
  const high = Math.max(0, ...intervals.map((interval) => interval.high));
  const room = (high - low) * 0.06 || 0.01;
  return [low - room, high + room];
}

/**
 * An interval as a line with its value on it, beside zero. One that includes zero is drawn hollow: it may be nothing. The text
 * beside it says the same.
 */
export function IntervalPlot(props: {
  readonly interval: Interval;
  readonly axis: readonly [number, number];
}): JSX.Element {
  const { interval, axis } = props;
  const place = (value: number): number => ((value - axis[0]) / (axis[1] - axis[0])) * WIDTH;
  return (
    <svg
      class={includesZero(interval) ? "interval-plot unsure" : "interval-plot"}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
    >
      <line class="zero" x1={place(0)} x2={place(0)} y1={0} y2={HEIGHT} />
      <line class="range" x1={place(interval.low)} x2={place(interval.high)} y1={MIDDLE} y2={MIDDLE} />
      <circle class="value" cx={place(interval.value)} cy={MIDDLE} r={4.5} />
    </svg>
  );
}
