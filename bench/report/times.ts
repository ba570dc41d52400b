/** Draws latencies on a logarithmic scale. */

import type { Outcome, Result } from "../result.ts";
import { circle, line, path } from "./svg.ts";

/** The place where latencies are drawn. Pixels. */
export const TIMES = { left: 805, width: 347 };

/** A logarithmic scale of milliseconds. */
export interface TimeScale {
  readonly x: (ms: number) => number;
  /** The marks of the scale, which are powers of ten. Milliseconds. */
  readonly ticks: readonly number[];
}

/** Makes one scale for all rows: from the power of ten below the quickest p50 to the one above the slowest request. */
export function timeScale(results: readonly Result[]): TimeScale {
  const sides = results
    .flatMap(({ ours, other }) => (other ? [ours, other] : [ours]))
    .filter(({ requests }) => requests > 0);
  const low = Math.floor(Math.log10(Math.min(1, ...sides.map(({ latency }) => latency.p50))));
  const high = Math.ceil(Math.log10(Math.max(10, ...sides.map(({ latency }) => latency.max))));
  const x = (ms: number): number =>
    TIMES.left + ((Math.log10(Math.max(ms, 10 ** low)) - low) / (high - low)) * TIMES.width;
  return { x, ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)) };
}

/** The percentiles of one side as a line of marks. */
export function latencies({ latency }: Outcome, y: number, side: "ours" | "other", time: TimeScale): string[] {
  const { p50, p90, p99, max } = latency;
  return [
    line(time.x(p50), y, time.x(max), y, `span-${side}`),
    line(time.x(max), y - 5, time.x(max), y + 5, `span-${side}`),
    ...diamond(time.x(p99), y, `mark-${side}`),
    circle(time.x(p90), y, 3, `mark-${side}`),
    circle(time.x(p50), y, 4.5, `mark-${side}`),
  ];
}

export const diamond = (x: number, y: number, style: string): string[] => [
  path(`M${x.toFixed(1)} ${y - 5}l5 5l-5 5l-5 -5z`, style),
];
