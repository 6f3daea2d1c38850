// Who calls whom; docs/specs/native-api.md, section 5.
import type { Window } from "../url/range";
import { getJson } from "./client";

export interface Edge {
  parent: string;
  child: string;
  callCount: number;
  errorCount: number;
  p50Nano: number;
  p95Nano: number;
  p99Nano: number;
}

export interface GraphNode {
  service: string;
  spanCount: number;
  callCount: number;
  errorCount: number;
  p50Nano: number | null;
  p95Nano: number | null;
  p99Nano: number | null;
}

export interface Graph {
  edges: Edge[];
  nodes?: GraphNode[];
}

/** The service graph of a time. */
export function serviceGraph({ start, end }: Window, signal: AbortSignal): Promise<Graph> {
  return getJson("api/lymer/v1/graph", { start: String(Math.floor(start)), end: String(Math.floor(end)) }, signal);
}
