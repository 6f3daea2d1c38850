// Where the nodes of a trace's graph stand: levels from left to right, a parent beside its heaviest child. Pure.
import { childrenOf, type Paths } from "./paths";

export interface Placed {
  readonly node: number;
  /** Level from the left. */
  readonly column: number;
  /** Place from the top, in nodes. */
  readonly row: number;
  /** The node that it hangs on, or -1. */
  readonly parent: number;
  /** How many nodes below it are not drawn. */
  readonly hidden: number;
}

/** The `most` nodes with the greatest times, never one without its parent. */
export function placeNodes(paths: Paths, most: number): Placed[] {
  const kept = heaviest(paths, most);
  const children = childrenOf(paths).map((list) => list.filter((node) => kept[node]));
  const hidden = new Uint32Array(paths.count);
  for (let node = paths.count - 1; node >= 0; node--) {
    const parent = paths.parents[node]!;
    if (parent >= 0) hidden[parent]! += kept[node] ? 0 : 1 + hidden[node]!;
  }
  const rows = new Float64Array(paths.count);
  let next = 0;
  const order: number[] = [];
  const stack = children[paths.count]!.toReversed();
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    order.push(node);
    stack.push(...children[node]!.toReversed());
  }
  for (const node of order) if (!children[node]!.length) rows[node] = next++;
  for (const node of order.toReversed()) if (children[node]!.length) rows[node] = rows[children[node]![0]!]!;
  return order.map((node) => ({ node, column: paths.depths[node]!, row: rows[node]!, parent: paths.parents[node]!, hidden: hidden[node]! }));
}

function heaviest(paths: Paths, most: number): Uint8Array {
  const kept = new Uint8Array(paths.count);
  const byTotal = Array.from(paths.rows, (_, node) => node).sort((a, b) => paths.totals[b]! - paths.totals[a]! || a - b);
  let count = 0;
  for (const node of byTotal) {
    const missing: number[] = [];
    for (let at = node; at >= 0 && !kept[at]; at = paths.parents[at]!) missing.push(at);
    if (count + missing.length > most) continue;
    for (const at of missing) kept[at] = 1;
    count += missing.length;
  }
  return kept;
}
