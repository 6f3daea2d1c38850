// The arithmetic of the waterfall: which lines are in sight, where a bar stands, where time is marked. No DOM.
import { HEIGHT_MAX, type Stand } from "./scroll";

export const ROW_HEIGHT = 28;
const MARGIN = 3;

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

/** Pixels of all lines together. */
export function wholeOf(count: number, extra: Extra = NOTHING): number {
  return count * ROW_HEIGHT + extra.height;
}

/** Which of `count` lines are in sight. */
export function rowsInSight(count: number, { scrollTop, offset }: Stand, viewHeight: number, extra: Extra = NOTHING): Sight {
  const from = Math.max(lineAt(offset, extra) - MARGIN, 0);
  const to = Math.min(lineAt(offset + viewHeight, extra) + 1 + MARGIN, count);
  return { from, to, shift: scrollTop - offset, height: Math.min(wholeOf(count, extra), HEIGHT_MAX) };
}

/** Whether all of the line is in the window. */
export function isInSight(index: number, { offset }: Stand, viewHeight: number, extra: Extra = NOTHING): boolean {
  const y = placeOf(index, extra) - offset;
  return y >= 0 && y + ROW_HEIGHT <= viewHeight;
}

/** The offset at which the line is a third down the window. */
export function offsetOf(index: number, count: number, viewHeight: number, extra: Extra = NOTHING): number {
  const wanted = placeOf(index, extra) - (viewHeight - ROW_HEIGHT) / 3;
  return Math.min(Math.max(wanted, 0), Math.max(wholeOf(count, extra) - viewHeight, 0));
}

function lineAt(offset: number, extra: Extra): number {
  const plain = Math.floor(offset / ROW_HEIGHT);
  if (plain <= extra.index) return plain;
  return Math.max(extra.index, Math.floor((offset - extra.height) / ROW_HEIGHT));
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
