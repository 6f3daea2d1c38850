// Which lines the waterfall has: rows that nothing above them folds away, and one line for each group of similar
// siblings and for each parent that is missing.
import { levelOf, lineOfMissing, missingAbove, missingOf } from "./missing";
import type { Groups } from "./similar";
import type { Trace } from "./trace";

/** Rows from `level` levels on are folded; `toggled` rows and groups the other way round. */
export interface Folding {
  /** How many levels are open; Infinity for all. */
  readonly level: number;
  readonly toggled: ReadonlySet<number>;
}

export const ALL_OPEN: Folding = { level: Infinity, toggled: new Set() };

/** A line is a row, `~group` for a group, or what stands for a missing parent (missing.ts). */
export type Lines = Int32Array;

/** Whether the row hides what is below it. */
export function isFolded(trace: Trace, { level, toggled }: Folding, row: number): boolean {
  return trace.ends[row]! > row + 1 && levelOf(trace, row) >= level - 1 !== toggled.has(row);
}

/** Whether a missing parent hides the spans that name it. */
export function isMissingFolded({ level, toggled }: Folding, index: number): boolean {
  return level <= 1 !== toggled.has(lineOfMissing(index));
}

/** The lines to draw. Rows outside of `shown` are left out with all that is below them. */
export function linesOf(trace: Trace, folding: Folding, { shown = null, groups = null }: { shown?: Uint8Array | null; groups?: Groups | null } = {}): Lines {
  const missing = missingOf(trace);
  const lines = new Int32Array(trace.count + (groups?.count ?? 0) + missing.count);
  const drawn = new Uint8Array(groups?.count ?? 0);
  const { level, toggled } = folding;
  const { depths, ends } = trace;
  let count = 0;
  /** The rows `[from, to)`, which stand so many levels deeper than they are. */
  const open = (from: number, to: number, deeper: number) => {
    for (let row = from; row < to; ) {
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
      const folded = depths[row]! + deeper >= level - 1 !== toggled.has(row);
      row = folded ? ends[row]! : row + 1;
    }
  };
  let from = 0;
  const done = new Uint8Array(missing.count);
  for (const [at, top] of missing.rows.entries()) {
    open(from, top, 0);
    from = ends[top]!;
    const index = missing.parents[at]!;
    if (done[index] || (shown && !shown[top])) continue;
    done[index] = 1;
    lines[count++] = lineOfMissing(index);
    if (!isMissingFolded(folding, index)) for (const row of trace.missingParents[index]!.rows) open(row, ends[row]!, 1);
  }
  open(from, trace.count, 0);
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
  const missing = missingAbove(trace, row);
  if (missing >= 0 && isMissingFolded({ ...folding, toggled: next }, missing) && !next.delete(lineOfMissing(missing))) next.add(lineOfMissing(missing));
  return { ...folding, toggled: next };
}

/** Where the line stands in the list, or -1. */
export function indexOfLine(lines: Lines, line: number): number {
  return lines.indexOf(line);
}
