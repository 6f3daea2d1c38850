// Which lines the waterfall has: rows that nothing above them folds away, and one line for each group of similar siblings.
import type { Groups } from "./similar";
import type { Trace } from "./trace";

/** Rows from `level` levels on are folded; `toggled` rows and groups the other way round. */
export interface Folding {
  /** How many levels are open; Infinity for all. */
  readonly level: number;
  readonly toggled: ReadonlySet<number>;
}

export const ALL_OPEN: Folding = { level: Infinity, toggled: new Set() };

/** A line is a row, or `~group` for a group. */
export type Lines = Int32Array;

/** Whether the row hides what is below it. */
export function isFolded(trace: Trace, { level, toggled }: Folding, row: number): boolean {
  return trace.ends[row]! > row + 1 && trace.depths[row]! >= level - 1 !== toggled.has(row);
}

/** The lines to draw. Rows outside of `shown` are left out with all that is below them. */
export function linesOf(trace: Trace, folding: Folding, { shown = null, groups = null }: { shown?: Uint8Array | null; groups?: Groups | null } = {}): Lines {
  const lines = new Int32Array(trace.count + (groups?.count ?? 0));
  const drawn = new Uint8Array(groups?.count ?? 0);
  const { level, toggled } = folding;
  const { depths, ends } = trace;
  let count = 0;
  for (let row = 0; row < trace.count; ) {
    if (shown && !shown[row]) {
      row = ends[row]!;
      continue;
    }
    const group = groups ? groups.of[row]! : -1;
    if (group >= 0) {
      if (!drawn[group]) lines[count++] = ~group;
      drawn[group] = 1;
      if (!toggled.has(~group)) {
        row = ends[row]!;
        continue;
      }
    }
    lines[count++] = row;
    const folded = depths[row]! >= level - 1 !== toggled.has(row);
    row = folded ? ends[row]! : row + 1;
  }
  return lines.subarray(0, count);
}

/** The folding with one row or group turned. */
export function turned(folding: Folding, line: number): Folding {
  const next = new Set(folding.toggled);
  if (!next.delete(line)) next.add(line);
  return { ...folding, toggled: next };
}

/** The folding in which nothing hides the row. */
export function opened(trace: Trace, folding: Folding, row: number, groups: Groups | null): Folding {
  const next = new Set(folding.toggled);
  for (let at = row; at >= 0; at = trace.parents[at]!) {
    if (at !== row && isFolded(trace, { ...folding, toggled: next }, at) && !next.delete(at)) next.add(at);
    const group = groups ? groups.of[at]! : -1;
    if (group >= 0) next.add(~group);
  }
  return { ...folding, toggled: next };
}

/** Where the line stands in the list, or -1. */
export function indexOfLine(lines: Lines, line: number): number {
  return lines.indexOf(line);
}
