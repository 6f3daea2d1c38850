// Rate, errors and durations of services and operations; docs/specs/native-api.md, section 6.
import type { Window } from "../url/range";
import { getJson } from "./client";

export interface Figures {
  callCount: number;
  errorCount: number;
  rate: number;
  errorShare: number;
  totalNano: number;
  p50Nano: number | null;
  p95Nano: number | null;
  p99Nano: number | null;
}

export interface Series {
  callCount: number[];
  errorCount: number[];
  p50Nano: (number | null)[];
  p95Nano: (number | null)[];
  p99Nano: (number | null)[];
}

export interface Group extends Figures {
  service: string;
  /** Null when the group is a whole service. */
  operation: string | null;
  impact: number;
  series: Series | null;
  previous: Figures | null;
}

export interface Red {
  start: number;
  end: number;
  buckets: number;
  bucketNano: number;
  groups: Group[];
}

export interface RedQuestion {
  window: Window;
  /** Empty: all services, each as a whole. */
  service: string;
  kind: string;
  byOperation: boolean;
  buckets: number;
}

/** The figures of a time, with those of the time of the same length before it. */
export function red({ window, service, kind, byOperation, buckets }: RedQuestion, signal: AbortSignal): Promise<Red> {
  return getJson(
    "api/lymer/v1/red",
    {
      start: String(Math.floor(window.start)),
      end: String(Math.floor(window.end)),
      group: byOperation ? "operation" : "service",
      buckets: String(buckets),
      previous: "true",
      ...(service ? { service } : {}),
      ...(kind ? { kind } : {}),
    },
    signal,
  );
}
