// Two traces aligned by path: which paths to show, in what order, and where their spans stood. Pure.
import type { ComparedPath, Side } from "../api/trace";
import type { Trace } from "./trace";

/** Orders: as the tree is, or by how much time differs. */
export const ORDERS = ["tree", "total", "self"] as const;
export type CompareOrder = (typeof ORDERS)[number];

/** How much more time B took than A. */
export function difference(path: ComparedPath, what: "total" | "self" | "critical"): number {
  const of = (side: Side) => ({ total: side.totalNano, self: side.selfNano, critical: side.criticalNano })[what];
  return of(path.b) - of(path.a);
}

/** Whether the two sides of a path differ in count, errors, or by more than `share` of the longer trace. */
export function differs(path: ComparedPath, longestNano: number, share = 0.01): boolean {
  return path.change !== "same" || path.a.errorCount !== path.b.errorCount || Math.abs(difference(path, "total")) > share * longestNano;
}

/** The paths to show. In the tree's order those above a shown one stay. */
export function chosenPaths(paths: readonly ComparedPath[], { order, onlyDifferent, find, longestNano }: { order: CompareOrder; onlyDifferent: boolean; find: string; longestNano: number }): ComparedPath[] {
  const text = find.trim().toLowerCase();
  const isWanted = (path: ComparedPath) => (!onlyDifferent || differs(path, longestNano)) && (!text || `${path.service} ${path.name}`.toLowerCase().includes(text));
  if (order !== "tree") return paths.filter(isWanted).sort((a, b) => Math.abs(difference(b, order)) - Math.abs(difference(a, order)) || a.id - b.id);
  const kept = new Set<number>();
  const of = new Map(paths.map((path) => [path.id, path]));
  for (const path of paths) {
    if (!isWanted(path)) continue;
    for (let at: ComparedPath | undefined = path; at && !kept.has(at.id); at = at.parent === null ? undefined : of.get(at.parent)) kept.add(at.id);
  }
  return paths.filter(({ id }) => kept.has(id));
}

/** From the first start to the last end of a path's spans, in nanoseconds; null where there are none. */
export function extentOf(trace: Trace, side: Side): readonly [number, number] | null {
  if (!side.rows.length) return null;
  let [from, to] = [Infinity, -Infinity];
  for (const row of side.rows) {
    from = Math.min(from, trace.starts[row]!);
    to = Math.max(to, trace.starts[row]! + Math.max(trace.durations[row]!, 0));
  }
  return [from, to];
}
