// The arithmetic of the waterfall: which lines are in sight, where a bar stands, where time is marked. No DOM.

export const ROW_HEIGHT = 28;
const MARGIN = 3;
/** Browsers clamp taller elements; beyond it scroll positions are scaled. */
const HEIGHT_MAX = 15_000_000;

/** Something tall that stands below the line `index`. */
export interface Extra {
  readonly index: number;
  readonly height: number;
}
const NOTHING: Extra = { index: Infinity, height: 0 };

export interface Sight {
  /** First line to draw and one past the last. */
  readonly from: number;
  readonly to: number;
  /** What is added to a line's place to get its pixels in the scrolled element. */
  readonly shift: number;
  /** Height of the scrolled element. */
  readonly height: number;
}

/** Pixels of the line's top, were the element as tall as its lines. */
export function placeOf(index: number, extra: Extra = NOTHING): number {
  return index * ROW_HEIGHT + (index > extra.index ? extra.height : 0);
}

/** Which of `count` lines are in sight. */
export function rowsInSight(count: number, scrollTop: number, viewHeight: number, extra: Extra = NOTHING): Sight {
  const height = Math.min(count * ROW_HEIGHT + extra.height, HEIGHT_MAX);
  const offset = offsetOf(count, scrollTop, viewHeight, extra);
  const from = Math.max(lineAt(offset, extra) - MARGIN, 0);
  const to = Math.min(lineAt(offset + viewHeight, extra) + 1 + MARGIN, count);
  return { from, to, shift: scrollTop - offset, height };
}

/** Whether all of the line is in the window. */
export function isInSight(index: number, count: number, scrollTop: number, viewHeight: number, extra: Extra = NOTHING): boolean {
  const y = placeOf(index, extra) - offsetOf(count, scrollTop, viewHeight, extra);
  return y >= 0 && y + ROW_HEIGHT <= viewHeight;
}

/** The scroll position at which the line is a third down the window. */
export function scrollTo(index: number, count: number, viewHeight: number, extra: Extra = NOTHING): number {
  const whole = count * ROW_HEIGHT + extra.height;
  const wanted = placeOf(index, extra) - (viewHeight - ROW_HEIGHT) / 3;
  const offset = Math.min(Math.max(wanted, 0), Math.max(whole - viewHeight, 0));
  return whole <= HEIGHT_MAX ? offset : (offset / (whole - viewHeight)) * (HEIGHT_MAX - viewHeight);
}

function lineAt(offset: number, extra: Extra): number {
  const plain = Math.floor(offset / ROW_HEIGHT);
  if (plain <= extra.index) return plain;
  return Math.max(extra.index, Math.floor((offset - extra.height) / ROW_HEIGHT));
}

function offsetOf(count: number, scrollTop: number, viewHeight: number, extra: Extra): number {
  const whole = count * ROW_HEIGHT + extra.height;
  if (whole <= HEIGHT_MAX) return scrollTop;
  return (scrollTop / Math.max(HEIGHT_MAX - viewHeight, 1)) * (whole - viewHeight);
}

export interface Bar {
  readonly left: number;
  readonly width: number;
  /** Where the duration is written. */
  readonly label: "after" | "before" | "inside";
}

/** A bar in percent of the time line that is in sight; outside of it the width is 0. */
export function barOf(start: number, duration: number, [from, to]: readonly [number, number]): Bar {
  const whole = Math.max(to - from, 1);
  const percent = (at: number) => Math.min(Math.max((100 * (at - from)) / whole, 0), 100);
  const left = percent(start);
  const width = percent(start + Math.max(duration, 0)) - left;
  return { left, width, label: left + width < 86 ? "after" : left > 14 ? "before" : "inside" };
}

/** Round marks between two times: about five, each a multiple of the step. */
export function ticks([from, to]: readonly [number, number]): number[] {
  const whole = to - from;
  if (whole <= 0) return [from];
  const rough = whole / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, index) => (first + index) * step);
}
