// Parents that spans name and that are not there. The waterfall has a line for each, above the spans that name it; it is
// no row: nothing counts it, and the server does not know it.
import type { MissingParent, Trace } from "./trace";

/** Lines from here down are missing parents; those of groups of similar siblings are above. */
const FIRST_LINE = -(2 ** 30);

export interface Missing {
  readonly count: number;
  /** The rows at the top that have one, ascending. */
  readonly rows: Uint32Array;
  /** The missing parent of each of those. */
  readonly parents: Uint32Array;
}

/** The missing parents of a trace; looked up once. */
export function missingOf(trace: Trace): Missing {
  let known = KNOWN.get(trace);
  if (!known) {
    const each = trace.missingParents;
    const rows = new Uint32Array(each.reduce((sum, parent) => sum + parent.rows.length, 0));
    let filled = 0;
    for (const parent of each) {
      rows.set(parent.rows, filled);
      filled += parent.rows.length;
    }
    rows.sort();
    const parents = new Uint32Array(rows.length);
    each.forEach((parent, index) => parent.rows.forEach((row) => (parents[placeAmong(rows, row)] = index)));
    KNOWN.set(trace, (known = { count: each.length, rows, parents }));
  }
  return known;
}

/** The missing parent of a row at the top, or -1. */
export function missingParentOf(trace: Trace, row: number): number {
  const { rows, parents } = missingOf(trace);
  const at = placeAmong(rows, row);
  return at >= 0 && rows[at] === row ? parents[at]! : -1;
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
  const { rows, parents } = missingOf(trace);
  const at = placeAmong(rows, row);
  return at >= 0 && row < trace.ends[rows[at]!]! ? parents[at]! : -1;
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
export function missingFacts(trace: Trace, index: number): MissingFacts {
  const parent = trace.missingParents[index]!;
  let known = FACTS.get(parent);
  if (!known) FACTS.set(parent, (known = factsOf(trace, parent)));
  return known;
}

const FACTS = new WeakMap<MissingParent, MissingFacts>();

interface MissingFacts {
  readonly spanId: string;
  readonly count: number;
  readonly start: number;
  readonly end: number;
}

function factsOf(trace: Trace, { spanId, count, rows }: MissingParent): MissingFacts {
  let [start, end] = [Infinity, -Infinity];
  for (const row of rows) {
    start = Math.min(start, trace.starts[row]!);
    end = Math.max(end, trace.starts[row]! + Math.max(trace.durations[row]!, 0));
  }
  return { spanId, count, start, end };
}

/** Where the last of the ascending rows stands that is not after this one, or -1. */
function placeAmong(rows: Uint32Array, row: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! <= row) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
