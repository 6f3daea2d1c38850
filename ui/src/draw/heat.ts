// The heat map's arithmetic: where a cell stands, how strong it is, what a drawn box asks for, where the ticks are.
import type { Histogram } from "../api/search";

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Extent {
  /** Rows of durations that are shown: from, and up to but without. */
  readonly low: number;
  readonly high: number;
}

/** The rows with something in them, with one row of air on both sides. */
export function extentOf({ cells, durationEdgesNano }: Histogram): Extent {
  if (!cells.length) return { low: 0, high: Math.max(durationEdgesNano.length, 1) };
  let [low, high] = [Infinity, 0];
  for (const [, row] of cells) {
    low = Math.min(low, row);
    high = Math.max(high, row);
  }
  return { low: Math.max(low - 1, 0), high: Math.min(high + 2, durationEdgesNano.length) };
}

/** Where a cell stands in a plot of this size; long durations on top. */
export function cellBox(time: number, row: number, { timeBuckets }: Histogram, { low, high }: Extent, width: number, height: number): Box {
  const rows = high - low;
  return {
    left: (time / timeBuckets) * width,
    right: ((time + 1) / timeBuckets) * width,
    top: (1 - (row + 1 - low) / rows) * height,
    bottom: (1 - (row - low) / rows) * height,
  };
}

/** From 0 (nothing) to 1 (the fullest cell); differences among the few stay visible. */
export function strength(count: number, most: number): number {
  return count <= 0 ? 0 : 0.15 + (0.85 * Math.log1p(count)) / Math.log1p(Math.max(most, 1));
}

export interface Selection {
  readonly start: number;
  readonly end: number;
  readonly minNano: number;
  /** Null: as long as can be. */
  readonly maxNano: number | null;
}

/** What a box asks for: times in microseconds, durations in nanoseconds, whole cells. */
export function selected(box: Box, histogram: Histogram, extent: Extent, width: number, height: number): Selection {
  const { timeBuckets, bucketNano, durationEdgesNano, start } = histogram;
  const column = (x: number) => Math.min(Math.max(Math.floor((x / width) * timeBuckets), 0), timeBuckets - 1);
  const row = (y: number) => Math.min(Math.max(extent.low + Math.floor((1 - y / height) * (extent.high - extent.low)), extent.low), extent.high - 1);
  const [first, last] = [column(Math.min(box.left, box.right)), column(Math.max(box.left, box.right))];
  const [shortest, longest] = [row(Math.max(box.top, box.bottom)), row(Math.min(box.top, box.bottom))];
  return {
    start: start + Math.floor((first * bucketNano) / 1000),
    end: start + Math.floor(((last + 1) * bucketNano) / 1000) - 1,
    minNano: shortest === 0 ? 0 : durationEdgesNano[shortest]!,
    maxNano: durationEdgesNano[longest + 1] ?? null,
  };
}

/** Powers of ten among the durations that are shown, as fractions of the height from the bottom. */
export function durationTicks({ durationEdgesNano }: Histogram, { low, high }: Extent): { nano: number; at: number }[] {
  const from = durationEdgesNano[low];
  const to = durationEdgesNano[high] ?? durationEdgesNano.at(-1);
  if (!from || !to || to <= from) return [];
  const ticks = [];
  for (let nano = 10 ** Math.ceil(Math.log10(from) - 1e-9); nano <= to * (1 + 1e-9); nano *= 10) {
    ticks.push({ nano, at: Math.log(nano / from) / Math.log(to / from) });
  }
  return ticks;
}

const STEPS_US = [1, 5, 10, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800].map((s) => s * 1e6);

/** Round instants between two, at most so many. */
export function timeTicks(start: number, end: number, most: number, offsetUs: number): number[] {
  const length = end - start;
  if (!(length > 0)) return [];
  const step = STEPS_US.find((size) => length / size <= most) ?? Math.ceil(length / most / 8.64e10) * 8.64e10;
  const ticks = [];
  for (let at = Math.ceil((start + offsetUs) / step) * step - offsetUs; at <= end; at += step) ticks.push(at);
  return ticks;
}
