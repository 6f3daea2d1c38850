// Parents that spans name and that are not there. The waterfall has a line for each, above the spans that name it; it is
// no row: nothing counts it, and the server does not know it.
import type { Trace } from "./trace";

/** Lines from here down are missing parents; those of groups of similar siblings are above. */
const FIRST_LINE = -(2 ** 30);

export interface Missing {
  readonly count: number;
  /** The missing parent of a row at the top. */
  readonly of: ReadonlyMap<number, number>;
  /** The rows at the top that have one, ascending. */
  readonly rows: Uint32Array;
}

/** The missing parents of a trace; looked up once. */
export function missingOf(trace: Trace): Missing {
  let known = KNOWN.get(trace);
  if (!known) {
    const of = new Map(trace.missingParents.flatMap(({ rows }, index) => rows.map((row) => [row, index] as const)));
    KNOWN.set(trace, (known = { count: trace.missingParents.length, of, rows: Uint32Array.from(of.keys()).sort() }));
  }
  return known;
}

const KNOWN = new WeakMap<Trace, Missing>();

/** The line of a missing parent. */
export function lineOfMissing(index: number): number {
  return FIRST_LINE - index;
}

/** The missing parent of a line, or -1 when the line is something else. */
export function missingAt(line: number): number {
  return line <= FIRST_LINE ? FIRST_LINE - line : -1;
}

/** The missing parent under which the row stands, however deep, or -1. */
export function missingAbove(trace: Trace, row: number): number {
  const { rows, of } = missingOf(trace);
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! <= row) low = middle + 1;
    else high = middle;
  }
  const top = rows[low - 1];
  return top !== undefined && row < trace.ends[top]! ? of.get(top)! : -1;
}

/** The level at which the row is drawn: missing parents are a level of their own. */
export function levelOf(trace: Trace, row: number): number {
  return trace.depths[row]! + (missingAbove(trace, row) >= 0 ? 1 : 0);
}

/** How many levels the waterfall may have. */
export function levelCount(trace: Trace): number {
  return trace.depthMax + 1 + (missingOf(trace).count ? 1 : 0);
}

/** From the first start to the last end of the spans that name the missing parent, and how many there are in all. */
export function missingFacts(trace: Trace, index: number): { spanId: string; count: number; start: number; end: number } {
  const { spanId, count, rows } = trace.missingParents[index]!;
  let [start, end] = [Infinity, -Infinity];
  for (const row of rows) {
    start = Math.min(start, trace.starts[row]!);
    end = Math.max(end, trace.starts[row]! + Math.max(trace.durations[row]!, 0));
  }
  return { spanId, count, start, end };
}
