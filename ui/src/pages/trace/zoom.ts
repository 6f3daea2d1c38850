// Moving along the time line. Pure.

export type Range = readonly [number, number];
const LEAST_NANO = 100;

/** The range made smaller (factor below 1) or larger around a point of it, within the whole; null is all of it. */
export function zoomed([from, to]: Range, factor: number, whole: number, at = (from + to) / 2): Range | null {
  const length = Math.max((to - from) * factor, Math.min(LEAST_NANO, whole));
  const share = to > from ? (at - from) / (to - from) : 0.5;
  return within([at - length * share, at + length * (1 - share)], whole);
}

/** The range moved by a part of its length. */
export function panned([from, to]: Range, part: number, whole: number): Range | null {
  const by = (to - from) * part;
  return within([from + by, to + by], whole);
}

/** The range shifted into the whole; null when it is the whole. */
export function within([from, to]: Range, whole: number): Range | null {
  const length = Math.min(to - from, whole);
  const start = Math.min(Math.max(from, 0), whole - length);
  return length >= whole ? null : [start, start + length];
}
