// The arithmetic of the waterfall: which rows are in sight, where a bar stands, what a key does. No DOM.

export const ROW_HEIGHT = 28;
const MARGIN = 8;
/** Browsers clamp taller elements; beyond it scroll positions are scaled. */
const HEIGHT_MAX = 15_000_000;

export interface Sight {
  /** First row to draw and one past the last. */
  readonly from: number;
  readonly to: number;
  /** Where the first drawn row stands, in pixels from the top of the scrolled element. */
  readonly top: number;
  /** Height of the scrolled element. */
  readonly height: number;
}

/** Which of `count` rows are in sight. */
export function rowsInSight(count: number, scrollTop: number, viewHeight: number): Sight {
  const height = Math.min(count * ROW_HEIGHT, HEIGHT_MAX);
  const offset = offsetOf(count, scrollTop, viewHeight);
  const from = Math.max(Math.floor(offset / ROW_HEIGHT) - MARGIN, 0);
  const to = Math.min(Math.ceil((offset + viewHeight) / ROW_HEIGHT) + MARGIN, count);
  return { from, to, top: scrollTop + from * ROW_HEIGHT - offset, height };
}

/** Whether all of the row is in the window. */
export function isInSight(index: number, count: number, scrollTop: number, viewHeight: number): boolean {
  const y = index * ROW_HEIGHT - offsetOf(count, scrollTop, viewHeight);
  return y >= 0 && y + ROW_HEIGHT <= viewHeight;
}

/** The scroll position at which the row is in the middle. */
export function scrollTo(index: number, count: number, viewHeight: number): number {
  const whole = count * ROW_HEIGHT;
  const wanted = index * ROW_HEIGHT - (viewHeight - ROW_HEIGHT) / 2;
  const offset = Math.min(Math.max(wanted, 0), Math.max(whole - viewHeight, 0));
  const height = Math.min(whole, HEIGHT_MAX);
  return whole <= HEIGHT_MAX ? offset : (offset / (whole - viewHeight)) * (height - viewHeight);
}

/** Pixels of rows above the window, as if the element were as tall as its rows. */
function offsetOf(count: number, scrollTop: number, viewHeight: number): number {
  const whole = count * ROW_HEIGHT;
  if (whole <= HEIGHT_MAX) return scrollTop;
  return (scrollTop / Math.max(HEIGHT_MAX - viewHeight, 1)) * (whole - viewHeight);
}

export interface Bar {
  readonly left: number;
  readonly width: number;
  /** Where the duration is written. */
  readonly label: "after" | "before" | "inside";
}

/** A bar in percent of the time line. */
export function barOf(offset: number, duration: number, whole: number): Bar {
  const left = whole > 0 ? Math.min((100 * offset) / whole, 100) : 0;
  const width = whole > 0 ? Math.max(Math.min((100 * Math.max(duration, 0)) / whole, 100 - left), 0) : 100;
  return { left, width, label: left + width < 85 ? "after" : left > 15 ? "before" : "inside" };
}

/** Round marks of a time line of `whole` microseconds: at most six, the first at 0. */
export function ticks(whole: number): number[] {
  if (whole <= 0) return [0];
  const rough = whole / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  return Array.from({ length: Math.floor(whole / step) + 1 }, (_, index) => index * step);
}
