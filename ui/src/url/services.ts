// The services page's state as URL parameters. `service`, `spanKind` and `timeframe` (milliseconds) are Jaeger's.
import { LOOKBACKS, lookbackUs, readRange, writeRange, type TimeRange } from "./range";

export const KINDS = ["", "server", "client", "consumer", "producer", "internal", "any"] as const;
export type Kind = (typeof KINDS)[number];
export const COLUMNS = ["name", "rate", "errorShare", "p50Nano", "p95Nano", "p99Nano", "impact"] as const;
export type Column = (typeof COLUMNS)[number];

export interface ServicesState extends TimeRange {
  /** Empty: all services; else the operations of this one. */
  service: string;
  /** Empty: server and consumer. */
  spanKind: Kind;
  find: string;
  sort: Column;
  isDescending: boolean;
}

export function readServices(params: URLSearchParams): ServicesState {
  const kind = params.get("spanKind") as Kind;
  const sort = (params.get("sort") ?? "").replace(/^-/, "") as Column;
  return {
    ...readRange(params),
    ...readTimeframe(params),
    service: params.get("service") ?? "",
    spanKind: KINDS.includes(kind) ? kind : "",
    find: params.get("find") ?? "",
    sort: COLUMNS.includes(sort) ? sort : "impact",
    isDescending: !COLUMNS.includes(sort) || params.get("sort")!.startsWith("-"),
  };
}

export function writeServices(state: ServicesState): URLSearchParams {
  const params = new URLSearchParams();
  writeRange(params, state);
  if (state.service) params.set("service", state.service);
  if (state.spanKind) params.set("spanKind", state.spanKind);
  if (state.find) params.set("find", state.find);
  const sort = (state.isDescending ? "-" : "") + state.sort;
  if (sort !== "-impact") params.set("sort", sort);
  return params;
}

function readTimeframe(params: URLSearchParams): { lookback?: string } {
  const us = Number(params.get("timeframe")) * 1000;
  const lookback = us > 0 && !params.has("lookback") ? LOOKBACKS.find((name) => lookbackUs(name) >= us) : undefined;
  return lookback ? { lookback } : {};
}
