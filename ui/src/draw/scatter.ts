// Where traces stand as points: by start from left to right, by duration (logarithmic) from the bottom to the top.
import type { Summary } from "../api/search";

export interface Scale {
  readonly start: number;
  readonly end: number;
  readonly ticks: readonly { nano: number; at: number }[];
  /** From 0 (left) to 1. */
  readonly x: (start: number) => number;
  /** From 0 (top) to 1. */
  readonly y: (duration: number) => number;
  readonly radius: (spanCount: number) => number;
}

const AIR = 0.03;
const REACH_PX = 14;

/** The scale in which these traces fill the plot. */
export function scatterScale(traces: readonly Summary[]): Scale {
  let [start, end, low, high] = [Infinity, -Infinity, Infinity, 1];
  for (const trace of traces) {
    start = Math.min(start, trace.start);
    end = Math.max(end, trace.start);
    low = Math.min(low, Math.max(trace.duration, 1));
    high = Math.max(high, trace.duration);
  }
  if (!traces.length) [start, end, low] = [0, 1, 1];
  const [floor, ceiling] = [Math.log10(low) - 0.1, Math.log10(high) + 0.1];
  const length = Math.max(end - start, 1);
  const height = (duration: number) => (Math.log10(Math.max(duration, 1)) - floor) / (ceiling - floor);
  const ticks = [];
  for (let power = Math.ceil(floor); power <= ceiling; power++) ticks.push({ nano: 10 ** power * 1000, at: height(10 ** power) });
  return {
    start: start - (AIR / (1 - 2 * AIR)) * length,
    end: end + (AIR / (1 - 2 * AIR)) * length,
    ticks,
    x: (at) => AIR + (1 - 2 * AIR) * ((at - start) / length),
    y: (duration) => 1 - height(duration),
    radius: (spanCount) => Math.min(3 + Math.log2(Math.max(spanCount, 1)), 14),
  };
}

/** The trace whose point is nearest, if one is near. `x` and `y` from 0 to 1 in a plot of this size. */
export function nearest(traces: readonly Summary[], scale: Scale, x: number, y: number, width: number, height: number): Summary | null {
  let [found, least]: [Summary | null, number] = [null, REACH_PX ** 2];
  for (const trace of traces) {
    const distance = ((scale.x(trace.start) - x) * width) ** 2 + ((scale.y(trace.duration) - y) * height) ** 2;
    if (distance < least) [found, least] = [trace, distance];
  }
  return found;
}
