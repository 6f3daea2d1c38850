// A layout of many services made as wide as the place it is seen in. Ranks of hundreds that stand in one column each leave
// a strip of which one sees nothing; here a rank takes as many columns as it needs, and its order from top to bottom stays.
import type { Placed, Wanted } from "./layout";

/** Width over height of what is drawn. */
const SHAPE = 2.2;
const ROW_GAP = 14;
const COLUMN_GAP = 26;
const RANK_GAP = 60;
const MARGIN = 16;

interface Rank {
  /** The nodes of one column of the layout, from top to bottom. */
  readonly nodes: readonly number[];
  readonly columnWidth: number;
}

/** The same ranks, each in as many columns as it takes to have the shape wanted. */
export function spread(wanted: Wanted, placed: Placed): Placed {
  const ranks = ranksOf(wanted, placed);
  const rowHeight = wanted.nodes.reduce((most, { height }) => Math.max(most, height), 0) + ROW_GAP;
  const rows = rowsFor(ranks, rowHeight);
  const height = rows * rowHeight;
  const nodes = placed.nodes.slice();
  let left = MARGIN;
  for (const { nodes: members, columnWidth } of ranks) {
    const columns = Math.ceil(members.length / rows);
    const used = Math.ceil(members.length / columns);
    members.forEach((node, at) => {
      // One after the other into the columns: what stood high stands high, and near those that call it.
      const [column, row] = [at % columns, Math.floor(at / columns)];
      nodes[node] = { x: left + column * (columnWidth + COLUMN_GAP) + columnWidth / 2, y: MARGIN + ((row + 0.5) / used) * height };
    });
    left += columns * (columnWidth + COLUMN_GAP) - COLUMN_GAP + RANK_GAP;
  }
  return { width: left - RANK_GAP + MARGIN, height: height + 2 * MARGIN, nodes, edges: edgesOf(wanted, nodes) };
}

/** Nodes that stand one below the other, from left to right. */
function ranksOf({ nodes }: Wanted, placed: Placed): Rank[] {
  const byX = new Map<number, number[]>();
  placed.nodes.forEach(({ x }, node) => byX.set(Math.round(x), [...(byX.get(Math.round(x)) ?? []), node]));
  return [...byX].sort(([a], [b]) => a - b).map(([, members]) => ({
    nodes: members.sort((a, b) => placed.nodes[a]!.y - placed.nodes[b]!.y),
    columnWidth: members.reduce((most, node) => Math.max(most, nodes[node]!.width), 0),
  }));
}

/** How many rows there may be: the fewest with which the whole is not wider than its shape. */
function rowsFor(ranks: readonly Rank[], rowHeight: number): number {
  const most = ranks.reduce((sum, { nodes }) => Math.max(sum, nodes.length), 1);
  for (let rows = 1; rows < most; rows++) {
    const width = ranks.reduce((sum, { nodes, columnWidth }) => sum + Math.ceil(nodes.length / rows) * (columnWidth + COLUMN_GAP) - COLUMN_GAP + RANK_GAP, 0);
    if (width <= SHAPE * rows * rowHeight) return rows;
  }
  return most;
}

/** From the right side of the caller to the left side of the called; who calls itself has a loop at its right. */
function edgesOf(wanted: Wanted, nodes: Placed["nodes"]): Placed["edges"] {
  const places = new Map(wanted.nodes.map(({ id }, index) => [id, index]));
  return wanted.edges.map(({ from, to }) => {
    const [caller, called] = [places.get(from)!, places.get(to)!];
    const start = { x: nodes[caller]!.x + wanted.nodes[caller]!.width / 2, y: nodes[caller]!.y };
    if (caller === called) return loopAt(start);
    const end = { x: nodes[called]!.x - wanted.nodes[called]!.width / 2, y: nodes[called]!.y };
    const bend = RANK_GAP / 2;
    return { points: [start, { x: start.x + bend, y: start.y }, { x: end.x - bend, y: end.y }, end], x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
  });
}

function loopAt({ x, y }: { x: number; y: number }): Placed["edges"][number] {
  const far = x + COLUMN_GAP - 6;
  return { points: [{ x, y: y - 8 }, { x: far, y: y - 16 }, { x: far, y: y + 16 }, { x, y: y + 8 }], x: far, y };
}
