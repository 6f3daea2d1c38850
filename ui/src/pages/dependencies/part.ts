// Which part of the service graph is shown: what is near the focal service, what is found, no more than can be read.
import type { Edge, Graph } from "../../api/graph";

export const NODES_MAX = 300;

export interface Part {
  readonly services: readonly string[];
  readonly edges: readonly Edge[];
  /** Services that are there but not shown. */
  readonly hiddenCount: number;
}

/** Services within so many calls of the focal one, both ways; without one, all of them, the busiest first when there are too many. */
export function partOf(graph: Graph, focal: string, depth: number): Part {
  const all = servicesOf(graph);
  const near = focal && all.includes(focal) ? neighbours(graph.edges, focal, depth) : all;
  const services = near.length > NODES_MAX ? busiest(graph.edges, near, focal) : near;
  const shown = new Set(services);
  return {
    services: [...services].sort(),
    edges: graph.edges.filter(({ parent, child }) => shown.has(parent) && shown.has(child)),
    hiddenCount: all.length - services.length,
  };
}

/** The names of all services of a graph, sorted. */
export function servicesOf({ edges, nodes = [] }: Graph): string[] {
  return [...new Set([...edges.flatMap(({ parent, child }) => [parent, child]), ...nodes.map(({ service }) => service)])].sort();
}

/** Services whose name has the text. */
export function findServices(services: readonly string[], text: string): ReadonlySet<string> {
  const sought = text.trim().toLowerCase();
  return new Set(sought ? services.filter((name) => name.toLowerCase().includes(sought)) : []);
}

function neighbours(edges: readonly Edge[], focal: string, depth: number): string[] {
  const found = new Set([focal]);
  // Callers of callers and callees of callees: from the focal service every way goes on in its own direction.
  for (const [from, to] of [["parent", "child"], ["child", "parent"]] as const) {
    let edge = new Set([focal]);
    for (let step = 0; step < depth && edge.size; step++) {
      edge = new Set(edges.filter((one) => edge.has(one[from]) && one[to] !== focal).map((one) => one[to]));
      const fresh = [...edge].filter((name) => !found.has(name));
      fresh.forEach((name) => found.add(name));
      edge = new Set(fresh);
    }
  }
  return [...found];
}

function busiest(edges: readonly Edge[], services: readonly string[], focal: string): string[] {
  const calls = new Map(services.map((name) => [name, name === focal ? Infinity : 0]));
  for (const { parent, child, callCount } of edges) {
    for (const name of [parent, child]) if (calls.has(name)) calls.set(name, calls.get(name)! + callCount);
  }
  return [...services].sort((a, b) => calls.get(b)! - calls.get(a)! || (a < b ? -1 : 1)).slice(0, NODES_MAX);
}
