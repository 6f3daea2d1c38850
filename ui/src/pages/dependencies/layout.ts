// Where the services and the lines between them stand: from left to right, callers before the called.
import { graphlib, layout as place } from "@dagrejs/dagre";
import { spread } from "./spread";

/** More services than this stand closer together, and a rank of them in several columns: else all one sees is a thin line. */
export const MANY = 60;

export interface Wanted {
  readonly nodes: readonly { readonly id: string; readonly width: number; readonly height: number }[];
  /** The heavier an edge, the shorter and straighter (whole numbers: with fractions the ranking does not end well); width and height are its label's. */
  readonly edges: readonly { readonly from: string; readonly to: string; readonly width: number; readonly height: number; readonly weight: number }[];
}

export interface Placed {
  readonly width: number;
  readonly height: number;
  /** The middle of each node, in the order asked for. */
  readonly nodes: readonly { readonly x: number; readonly y: number }[];
  /** The line of each edge and the middle of its label, in the order asked for. */
  readonly edges: readonly { readonly points: readonly { readonly x: number; readonly y: number }[]; readonly x: number; readonly y: number }[];
}

/** Lay a graph out. A service that calls itself has a line too; two services may call each other. */
export function layout(wanted: Wanted): Placed {
  const placed = ranked(wanted);
  return wanted.nodes.length > MANY && placed.height > placed.width ? spread(wanted, placed) : placed;
}

function ranked({ nodes, edges }: Wanted): Placed {
  const graph = new graphlib.Graph({ multigraph: true });
  const room = nodes.length > MANY ? { nodesep: 12, edgesep: 4 } : { nodesep: 28, edgesep: 14 };
  graph.setGraph({ rankdir: "LR", ranksep: 56, marginx: 16, marginy: 16, ...room });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of nodes) graph.setNode(id, { width, height });
  edges.forEach(({ from, to, width, height, weight }, index) => graph.setEdge(from, to, { width, height, weight: Math.max(Math.round(weight), 1), labelpos: "c" }, String(index)));
  place(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    nodes: nodes.map(({ id }) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return { x, y };
    }),
    edges: edges.map(({ from, to }, index) => {
      const { points = [], x = 0, y = 0 } = graph.edge(from, to, String(index)) as { points?: { x: number; y: number }[]; x?: number; y?: number };
      return { points, x, y };
    }),
  };
}

/** A smooth line through the points, as an SVG path. */
export function pathOf(points: readonly { readonly x: number; readonly y: number }[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${round(first.x)},${round(first.y)}`;
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    // Through the middles between the points, bent towards the points; straight into the last.
    path += next ? `Q${round(point.x)},${round(point.y)} ${round((point.x + next.x) / 2)},${round((point.y + next.y) / 2)}` : `L${round(point.x)},${round(point.y)}`;
  });
  return path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
