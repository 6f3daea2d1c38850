// Similar siblings: children of one span that do the same. Three and more can be drawn as one row.
import { missingOf } from "./missing";
import { operationsOf } from "./operations";
import { Flag, type Trace } from "./trace";

const FEWEST = 3;
/** No parent's number, nor what stands for none. */
const FIRST_MISSING = -3;

export interface Groups {
  readonly count: number;
  /** The group of each row, -1 where the row is in none. */
  readonly of: Int32Array;
  /** Members of group `g` are `members[from[g] .. from[g + 1])`, in pre-order. */
  readonly from: Uint32Array;
  readonly members: Uint32Array;
}

export interface GroupFacts {
  readonly count: number;
  readonly start: number;
  readonly end: number;
  readonly total: number;
  readonly least: number;
  readonly median: number;
  readonly most: number;
  readonly errors: number;
  /** Spans of all subtrees. */
  readonly spans: number;
}

/** Find the groups among the rows that are shown (all without `shown`). */
export function groupSimilar(trace: Trace, shown: Uint8Array | null = null): Groups {
  const { codes, samples } = operationsOf(trace);
  const first = new Int32Array(trace.count).fill(-1); // Of each row: the first sibling that does the same.
  const sizes = new Uint32Array(trace.count); // Of each first sibling: how many.
  const stamp = new Int32Array(samples.length).fill(-2); // Of each code: the parent that saw it last, and the sibling.
  const seen = new Uint32Array(samples.length);
  const openFrom = (from: number, to: number, parent: number) => {
    for (let row = from; row < to; row = trace.ends[row]!) {
      if (shown && !shown[row]) continue;
      const code = codes[row]!;
      if (stamp[code] !== parent) {
        stamp[code] = parent;
        seen[code] = row;
      }
      first[row] = seen[code]!;
      sizes[seen[code]!]!++;
    }
  };
  const missing = missingOf(trace);
  let from = 0;
  for (const top of missing.rows) {
    openFrom(from, top, -1);
    from = trace.ends[top]!;
  }
  openFrom(from, trace.count, -1);
  // Spans that name the same missing parent are siblings too.
  trace.missingParents.forEach(({ rows }, index) => rows.forEach((row) => openFrom(row, trace.ends[row]!, FIRST_MISSING - index)));
  for (let row = 0; row < trace.count; row++) if (trace.ends[row]! > row + 2) openFrom(row + 1, trace.ends[row]!, row);
  return collected(first, sizes);
}

/** What a group's row tells. */
export function groupFacts(trace: Trace, groups: Groups, group: number): GroupFacts {
  const rows = groups.members.subarray(groups.from[group]!, groups.from[group + 1]!);
  const lengths = Float64Array.from(rows, (row) => trace.durations[row]!).sort();
  let [start, end, total, errors, spans] = [Infinity, -Infinity, 0, 0, 0];
  for (const row of rows) {
    start = Math.min(start, trace.starts[row]!);
    end = Math.max(end, trace.starts[row]! + trace.durations[row]!);
    total += trace.durations[row]!;
    errors += trace.flags[row]! & Flag.error ? 1 : 0;
    spans += trace.ends[row]! - row;
  }
  return { count: rows.length, start, end, total, errors, spans, least: lengths[0]!, median: lengths[(lengths.length - 1) >> 1]!, most: lengths.at(-1)! };
}

function collected(first: Int32Array, sizes: Uint32Array): Groups {
  const of = new Int32Array(first.length).fill(-1);
  const from: number[] = [0];
  let count = 0;
  for (let row = 0; row < first.length; row++) {
    if (first[row] === row && sizes[row]! >= FEWEST) {
      of[row] = count++;
      from.push(from.at(-1)! + sizes[row]!);
    }
  }
  const members = new Uint32Array(from.at(-1)!);
  const next = Uint32Array.from(from);
  for (let row = 0; row < first.length; row++) {
    const group = first[row]! < 0 ? -1 : of[first[row]!]!;
    if (group < 0) continue;
    of[row] = group;
    members[next[group]!++] = row;
  }
  return { count, of, from: Uint32Array.from(from), members };
}
