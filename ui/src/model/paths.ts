// A trace merged by path: spans whose services and names agree all the way up become one node. Flames and graphs draw it.
import { operationsOf } from "./operations";
import { criticalTimes, Flag, type Trace } from "./trace";

export interface Paths {
  readonly count: number;
  /** A row that stands for the node. */
  readonly rows: Uint32Array;
  /** The node above, -1 at the top; always smaller than the node. */
  readonly parents: Int32Array;
  readonly depths: Uint32Array;
  readonly counts: Uint32Array;
  readonly totals: Float64Array;
  readonly selfTimes: Float64Array;
  readonly criticalTimes: Float64Array;
  readonly errors: Uint32Array;
  /** Self time of the node and of all below it: what a flame's width shows. */
  readonly widths: Float64Array;
  /** The node of each row of the trace. */
  readonly of: Uint32Array;
}

/** Merge the trace by path. */
export function mergePaths(trace: Trace): Paths {
  const { codes, samples } = operationsOf(trace);
  const of = new Uint32Array(trace.count);
  const nodes = new Map<number, number>();
  const rows: number[] = [];
  const parents: number[] = [];
  for (let row = 0; row < trace.count; row++) {
    const above = trace.parents[row]! < 0 ? -1 : of[trace.parents[row]!]!;
    const key = (above + 1) * samples.length + codes[row]!;
    let node = nodes.get(key);
    if (node === undefined) {
      node = rows.push(row) - 1;
      parents.push(above);
      nodes.set(key, node);
    }
    of[row] = node;
  }
  return { ...summed(trace, of, parents), count: rows.length, rows: Uint32Array.from(rows), parents: Int32Array.from(parents), of };
}

function summed(trace: Trace, of: Uint32Array, parents: readonly number[]) {
  const count = parents.length;
  const sums = {
    depths: new Uint32Array(count),
    counts: new Uint32Array(count),
    totals: new Float64Array(count),
    selfTimes: new Float64Array(count),
    criticalTimes: new Float64Array(count),
    errors: new Uint32Array(count),
    widths: new Float64Array(count),
  };
  const onPath = criticalTimes(trace);
  for (let row = 0; row < trace.count; row++) {
    const node = of[row]!;
    sums.counts[node]!++;
    sums.totals[node]! += trace.durations[row]!;
    sums.selfTimes[node]! += trace.selfTimes[row]!;
    sums.criticalTimes[node]! += onPath[row]!;
    if (trace.flags[row]! & Flag.error) sums.errors[node]!++;
  }
  for (let node = count - 1; node >= 0; node--) {
    sums.widths[node]! += sums.selfTimes[node]!;
    if (parents[node]! >= 0) sums.widths[parents[node]!]! += sums.widths[node]!;
  }
  for (let node = 0; node < count; node++) sums.depths[node] = parents[node]! < 0 ? 0 : sums.depths[parents[node]!]! + 1;
  return sums;
}

/** Children of each node, widest first, as a list of lists; the last one has the tops. */
export function childrenOf({ count, parents, widths }: Paths): number[][] {
  const children: number[][] = Array.from({ length: count + 1 }, () => []);
  for (let node = 0; node < count; node++) children[parents[node]! < 0 ? count : parents[node]!]!.push(node);
  for (const list of children) list.sort((a, b) => widths[b]! - widths[a]! || a - b);
  return children;
}
