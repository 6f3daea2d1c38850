// A trace as the page holds it: a column for each fact, a row for each span, in pre-order. No object per span, no DOM.
// Times are nanoseconds; starts count from the trace's start. Rows of a subtree are `[row, ends[row])`.

/** A column of nanoseconds: as narrow as the trace allows. */
export type Times = Uint32Array | Float64Array;
/** A column of places in a dictionary. */
export type Codes = Uint16Array | Uint32Array;

export interface Trace {
  readonly traceId: string;
  /** Nanoseconds since 1970 of the earliest start. */
  readonly startNano: bigint;
  readonly durationNano: number;
  readonly count: number;
  readonly errorCount: number;
  readonly orphanCount: number;
  readonly rootRow: number;
  /** Levels below the top. */
  readonly depthMax: number;
  readonly isAdjusted: boolean;
  /** How many spans adjusting for clock skew moves. */
  readonly skewedCount: number;
  /** More spans may follow. */
  readonly isBuffered: boolean;
  readonly serviceNames: readonly string[];
  readonly spanNames: readonly string[];
  readonly missingParents: readonly MissingParent[];
  readonly starts: Times;
  /** As sent: negative where a clock ran back. */
  readonly durations: Times;
  /** Time that no child covers. */
  readonly selfTimes: Times;
  /** Row of the parent, -1 at the top. */
  readonly parents: Int32Array;
  /** Where the span's subtree ends (exclusive). */
  readonly ends: Uint32Array;
  readonly depths: Uint32Array;
  readonly services: Codes;
  readonly names: Codes;
  readonly flags: Uint16Array;
  readonly criticalPath: Segments;
}

export interface MissingParent {
  readonly spanId: string;
  readonly count: number;
  readonly rows: Uint32Array;
}

/** Stretches of the critical path, sorted by row. */
export interface Segments {
  readonly rows: Uint32Array;
  readonly starts: Times;
  readonly ends: Times;
}

/** Bits of `flags`; the lowest three are the kind. */
export const Flag = { error: 16, events: 32, links: 64, orphan: 128, adjusted: 256, critical: 512, cut: 1024 } as const;

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;
export type Kind = (typeof KINDS)[number];

/** The row's kind of span. */
export function kindOf(trace: Trace, row: number): Kind {
  return KINDS[trace.flags[row]! & 7] ?? "unspecified";
}

/** The name of the row's service. */
export function serviceOf(trace: Trace, row: number): string {
  return trace.serviceNames[trace.services[row]!] ?? "";
}

/** The row's span name. */
export function nameOf(trace: Trace, row: number): string {
  return trace.spanNames[trace.names[row]!] ?? "";
}

/** Whether the row has the flag. */
export function has(trace: Trace, row: number, flag: number): boolean {
  return (trace.flags[row]! & flag) !== 0;
}

/** For each row, how many rows of its subtree (itself too) are set. */
export function countWithin(set: Uint8Array, ends: Uint32Array): Uint32Array {
  const before = new Uint32Array(set.length + 1);
  for (let row = 0; row < set.length; row++) before[row + 1] = before[row]! + (set[row] ? 1 : 0);
  const counts = new Uint32Array(set.length);
  for (let row = 0; row < set.length; row++) counts[row] = before[ends[row]!]! - before[row]!;
  return counts;
}

/** The segments of a row as a range of `criticalPath`. */
export function segmentsOf({ criticalPath }: Trace, row: number): { from: number; to: number } {
  const from = lowerBound(criticalPath.rows, row);
  let to = from;
  while (criticalPath.rows[to] === row) to++;
  return { from, to };
}

/** The first place in a sorted column whose value is not below `value`. */
export function lowerBound(column: Times | Int32Array, value: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The rows from the top down to this one's parent. */
export function ancestors(trace: Trace, row: number): number[] {
  const rows: number[] = [];
  for (let at = trace.parents[row]!; at >= 0; at = trace.parents[at]!) rows.push(at);
  return rows.toReversed();
}

/** Time on the critical path of each row; worked out once. */
export function criticalTimes(trace: Trace): Float64Array {
  const known = CRITICAL.get(trace) ?? new Float64Array(trace.count);
  if (!CRITICAL.has(trace)) {
    const { rows, starts, ends } = trace.criticalPath;
    for (let at = 0; at < rows.length; at++) known[rows[at]!]! += ends[at]! - starts[at]!;
    CRITICAL.set(trace, known);
  }
  return known;
}

const CRITICAL = new WeakMap<Trace, Float64Array>();
