// The service map's state as URL parameters. `service` and `uiFind` are Jaeger's; so are start, end and look-back.
import { readRange, writeRange, type TimeRange } from "./range";

export const PERCENTILES = ["p50", "p95", "p99"] as const;
export type Percentile = (typeof PERCENTILES)[number];
export const DEPTHS = [1, 2, 3, 5, 10] as const;
export const COLUMNS = ["parent", "child", "callCount", "errorCount", "errorShare", "p50Nano", "p95Nano", "p99Nano"] as const;
export type Column = (typeof COLUMNS)[number];

export interface MapState extends TimeRange {
  /** The focal service; empty: all. */
  service: string;
  depth: number;
  percentile: Percentile;
  uiFind: string;
  sort: Column;
  isDescending: boolean;
}

export function readMap(params: URLSearchParams): MapState {
  const percentile = params.get("percentile") as Percentile;
  const depth = Number(params.get("depth"));
  const sort = (params.get("sort") ?? "").replace(/^-/, "") as Column;
  return {
    ...readRange(params),
    service: params.get("service") ?? "",
    depth: Number.isInteger(depth) && depth > 0 ? Math.min(depth, 10) : 2,
    percentile: PERCENTILES.includes(percentile) ? percentile : "p95",
    uiFind: params.get("uiFind") ?? "",
    sort: COLUMNS.includes(sort) ? sort : "callCount",
    isDescending: !COLUMNS.includes(sort) || params.get("sort")!.startsWith("-"),
  };
}

export function writeMap(state: MapState): URLSearchParams {
  const params = new URLSearchParams();
  writeRange(params, state);
  if (state.service) params.set("service", state.service);
  if (state.depth !== 2) params.set("depth", String(state.depth));
  if (state.percentile !== "p95") params.set("percentile", state.percentile);
  if (state.uiFind) params.set("uiFind", state.uiFind);
  const sort = (state.isDescending ? "-" : "") + state.sort;
  if (sort !== "-callCount") params.set("sort", sort);
  return params;
}
