// A trace as columns in pre-order, so that collapsing, finding and drawing are loops over typed arrays. No DOM here.
import type { JaegerSpan, JaegerTrace } from "../api/jaeger";

export interface Trace {
  readonly traceId: string;
  /** Microseconds since 1970 of the earliest start. */
  readonly start: number;
  readonly duration: number;
  readonly services: readonly string[];
  /** Spans in pre-order; everything below has one entry for each. */
  readonly spans: readonly JaegerSpan[];
  readonly service: Uint16Array;
  readonly depth: Uint32Array;
  /** Where the span's subtree ends (exclusive). */
  readonly end: Uint32Array;
  /** Microseconds after the trace's start. */
  readonly offset: Float64Array;
  /** Microseconds that no child covers. */
  readonly self: Float64Array;
  readonly error: Uint8Array;
  /** Whether the span or one below it failed. */
  readonly errorBelow: Uint8Array;
  /** Whether the span names a parent that is not there. */
  readonly orphan: Uint8Array;
  readonly serviceOf: (span: JaegerSpan) => string;
  readonly raw: JaegerTrace;
}

/** Put a trace in order. */
export function buildTrace(raw: JaegerTrace): Trace {
  const serviceOf = (span: JaegerSpan) => raw.processes[span.processID]?.serviceName ?? "";
  const { order, depths, orphans } = preOrder(raw.spans);
  const spans = order.map((index) => raw.spans[index]!);
  const start = spans.reduce((least, span) => Math.min(least, span.startTime), Infinity);
  const finish = spans.reduce((most, span) => Math.max(most, span.startTime + Math.max(span.duration, 0)), -Infinity);
  const services = [...new Set(spans.map(serviceOf))].sort();
  const codes = new Map(services.map((name, code) => [name, code]));
  const depth = Uint32Array.from(depths);
  const end = subtreeEnds(depth);
  const error = Uint8Array.from(spans, (span) => Number(isError(span)));
  return {
    traceId: raw.traceID,
    start: spans.length ? start : 0,
    duration: spans.length ? finish - start : 0,
    services,
    spans,
    service: Uint16Array.from(spans, (span) => codes.get(serviceOf(span))!),
    depth,
    end,
    offset: Float64Array.from(spans, (span) => span.startTime - start),
    self: selfTimes(spans, depth, end),
    error,
    errorBelow: anyWithin(error, end),
    orphan: Uint8Array.from(order, (index) => orphans[index]!),
    serviceOf,
    raw,
  };
}

/** The rows to show: every row that has no collapsed row above it. */
export function visibleRows(trace: Trace, collapsed: ReadonlySet<number>): Uint32Array {
  const rows = new Uint32Array(trace.spans.length);
  let count = 0;
  for (let row = 0; row < trace.spans.length; ) {
    rows[count++] = row;
    row = collapsed.has(row) ? trace.end[row]! : row + 1;
  }
  return rows.subarray(0, count);
}

/** Rows whose service, name, ids, attributes or events contain a term; terms are separated by blanks. */
export function findRows(trace: Trace, text: string): Uint32Array {
  const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!terms.length) return new Uint32Array();
  const rows: number[] = [];
  for (let row = 0; row < trace.spans.length; row++) {
    const haystack = searchText(trace, trace.spans[row]!);
    if (terms.some((term) => haystack.includes(term))) rows.push(row);
  }
  return Uint32Array.from(rows);
}

/** Whether the span says that it failed. */
export function isError(span: JaegerSpan): boolean {
  return span.tags.some((tag) => tag.key === "error" && (tag.value === true || tag.value === "true"));
}

/** The parent that the span names: its first reference within the trace. */
export function parentId(span: JaegerSpan): string | null {
  const own = span.references.filter((reference) => reference.traceID === span.traceID);
  return (own.find((reference) => reference.refType === "CHILD_OF") ?? own[0])?.spanID ?? null;
}

function preOrder(spans: readonly JaegerSpan[]) {
  const indexOf = new Map<string, number>();
  spans.forEach((span, index) => indexOf.has(span.spanID) || indexOf.set(span.spanID, index));
  const children: number[][] = spans.map(() => []);
  const parents = spans.map((span, index) => {
    const named = parentId(span);
    const parent = named === null ? undefined : indexOf.get(named);
    return { named, parent: parent === index ? undefined : parent };
  });
  cutCircles(parents);
  const tops: number[] = [];
  parents.forEach(({ parent }, index) => (parent === undefined ? tops : children[parent]!).push(index));
  const byStart = (a: number, b: number) => spans[a]!.startTime - spans[b]!.startTime || spans[b]!.duration - spans[a]!.duration;
  const order: number[] = [];
  const depths: number[] = [];
  const stack = tops.sort(byStart).toReversed().map((index): readonly [number, number] => [index, 0]);
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [index, depth] = next;
    order.push(index);
    depths.push(depth);
    for (const child of children[index]!.sort(byStart).toReversed()) stack.push([child, depth + 1]);
  }
  return { order, depths, orphans: parents.map(({ named, parent }): number => Number(named !== null && parent === undefined)) };
}

function cutCircles(parents: { parent: number | undefined }[]): void {
  const state = new Uint8Array(parents.length);
  for (let from = 0; from < parents.length; from++) {
    const path: number[] = [];
    let at: number | undefined = from;
    while (at !== undefined && state[at] === 0) {
      state[at] = 1;
      path.push(at);
      at = parents[at]!.parent;
    }
    if (at !== undefined && state[at] === 1) parents[at]!.parent = undefined;
    for (const index of path) state[index] = 2;
  }
}

function subtreeEnds(depth: Uint32Array): Uint32Array {
  const end = new Uint32Array(depth.length);
  const open: number[] = [];
  for (let row = 0; row < depth.length; row++) {
    while (open.length && depth[open.at(-1)!]! >= depth[row]!) end[open.pop()!] = row;
    open.push(row);
  }
  for (const row of open) end[row] = depth.length;
  return end;
}

function anyWithin(flags: Uint8Array, end: Uint32Array): Uint8Array {
  const before = new Uint32Array(flags.length + 1);
  flags.forEach((flag, row) => (before[row + 1] = before[row]! + flag));
  return flags.map((_, row) => Number(before[end[row]!]! > before[row]!));
}

function selfTimes(spans: readonly JaegerSpan[], depth: Uint32Array, end: Uint32Array): Float64Array {
  return Float64Array.from(spans, (span, row) => {
    const from = span.startTime;
    const to = from + Math.max(span.duration, 0);
    let covered = 0;
    let reached = from;
    for (let child = row + 1; child < end[row]!; child = end[child]!) {
      if (depth[child] !== depth[row]! + 1) continue;
      const begin = Math.max(spans[child]!.startTime, reached);
      const finish = Math.min(spans[child]!.startTime + Math.max(spans[child]!.duration, 0), to);
      if (finish > begin) {
        covered += finish - begin;
        reached = finish;
      }
    }
    return to - from - covered;
  });
}

function searchText(trace: Trace, span: JaegerSpan): string {
  const fields = [...span.tags, ...span.logs.flatMap((log) => log.fields), ...(trace.raw.processes[span.processID]?.tags ?? [])];
  const pairs = fields.map((field) => `${field.key}=${String(field.value)}`);
  return [trace.serviceOf(span), span.operationName, span.spanID, ...pairs].join("\n").toLowerCase();
}
