// Traces for tests, made from plain spans the slow and obvious way. Not part of the page.
import { Flag, type Trace } from "../trace";

export interface Plain {
  id: string;
  parent?: string | null;
  start: number;
  duration: number;
  service?: string;
  name?: string;
  error?: boolean;
}

/** The trace of these spans. */
export function traceOf(spans: readonly Plain[]): Trace {
  const ids = new Set(spans.map((span) => span.id));
  const below = (id: string | null) => spans.filter((span) => (span.parent != null && ids.has(span.parent) ? span.parent : null) === id).toSorted((a, b) => a.start - b.start);
  const order: { span: Plain; depth: number; parent: number; end: number }[] = [];
  const stack = below(null).toReversed().map((span) => ({ span, depth: 0, parent: -1 }));
  for (let next = stack.pop(); next; next = stack.pop()) {
    const row = order.push({ ...next, end: 0 }) - 1;
    for (const span of below(next.span.id).toReversed()) stack.push({ span, depth: next.depth + 1, parent: row });
  }
  order.forEach((each, row) => {
    const past = order.findIndex((other, at) => at > row && other.depth <= each.depth);
    each.end = past < 0 ? order.length : past;
  });
  const start = Math.min(...spans.map((span) => span.start));
  const end = Math.max(...spans.map((span) => span.start + span.duration));
  const serviceNames = [...new Set(order.map(({ span }) => span.service ?? "shop"))].toSorted();
  const spanNames = [...new Set(order.map(({ span }) => span.name ?? span.id))];
  return {
    traceId: "t",
    startNano: BigInt(start),
    durationNano: end - start,
    count: order.length,
    errorCount: spans.filter((span) => span.error).length,
    orphanCount: spans.filter((span) => span.parent != null && !ids.has(span.parent)).length,
    rootRow: 0,
    depthMax: Math.max(...order.map(({ depth }) => depth)),
    isAdjusted: false,
    skewedCount: 0,
    isBuffered: false,
    missingParents: [],
    serviceNames,
    spanNames,
    starts: Float64Array.from(order, ({ span }) => span.start - start),
    durations: Float64Array.from(order, ({ span }) => span.duration),
    parents: Int32Array.from(order, ({ parent }) => parent),
    ends: Uint32Array.from(order, (each) => each.end),
    depths: Uint32Array.from(order, ({ depth }) => depth),
    services: Uint32Array.from(order, ({ span }) => serviceNames.indexOf(span.service ?? "shop")),
    names: Uint32Array.from(order, ({ span }) => spanNames.indexOf(span.name ?? span.id)),
    flags: Uint16Array.from(order, ({ span }) => (span.error ? Flag.error : 0) | (span.parent != null && !ids.has(span.parent) ? Flag.orphan : 0)),
    selfTimes: Float64Array.from(order, (_, row) => selfTime(order, row)),
    criticalPath: { rows: new Uint32Array(), starts: new Float64Array(), ends: new Float64Array() },
  };
}

/** A seeded chance: the same numbers for the same seed. */
export function chance(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A trace of chance with `count` spans: some orphans, several roots, repeated names. */
export function randomTrace(seed: number, count: number): Trace {
  const next = chance(seed * 7919 + 13);
  return traceOf(
    Array.from({ length: count }, (_, index): Plain => {
      const parent = index === 0 || next(20) === 0 ? (next(2) ? null : "gone") : String(next(Math.min(index, 4)) ? Math.max(index - 1 - next(3), 0) : next(index));
      return { id: String(index), parent, start: next(1000), duration: next(200), service: `s${next(3)}`, name: `n${next(4)}`, error: next(6) === 0 };
    }),
  );
}

function selfTime(order: readonly { span: Plain; parent: number }[], row: number): number {
  const { start, duration } = order[row]!.span;
  const children = order.filter((each) => each.parent === row);
  let free = 0;
  for (let at = start; at < start + duration; at++) if (!children.some(({ span }) => span.start <= at && at < span.start + span.duration)) free++;
  return free;
}
