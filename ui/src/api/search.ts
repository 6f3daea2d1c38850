// Searching, as the page asks it: pages of summaries with an exact total and a cursor.
import { parseLogfmt } from "../model/logfmt";
import type { SearchForm, Window } from "../url/search";
import { getJson } from "./client";
import type { Envelope } from "./jaeger";

/** Times and durations in microseconds. */
export interface Summary {
  traceId: string;
  start: number;
  duration: number;
  spanCount: number;
  errorCount: number;
  orphanCount: number;
  rootService: string;
  rootName: string;
  services: { name: string; spanCount: number; errorCount: number }[];
}

export interface Page {
  traces: Summary[];
  cursor: string | null;
  total: number | null;
}

/** Names of services, sorted. */
export async function listServices(signal: AbortSignal): Promise<string[]> {
  return (await getJson<Envelope<string[] | null>>("api/services", {}, signal)).data ?? [];
}

/** Span names of a service, sorted. */
export async function listOperations(service: string, signal: AbortSignal): Promise<string[]> {
  const answer = await getJson<Envelope<string[] | null>>(`api/services/${encodeURIComponent(service)}/operations`, {}, signal);
  return answer.data ?? [];
}

/** A page of traces; the total comes with the first one. All pages of a search have the same window. */
export function findTraces(form: SearchForm, window: Window, cursor: string | null, signal: AbortSignal): Promise<Page> {
  const params: Record<string, string> = {
    start: String(window.start),
    end: String(window.end),
    limit: String(form.limit),
    order: form.order,
  };
  for (const name of ["service", "operation", "minDuration", "maxDuration"] as const) {
    if (form[name].trim()) params[name] = form[name].trim();
  }
  const tags = parseLogfmt(form.tags);
  if (tags && Object.keys(tags).length) params["tags"] = JSON.stringify(tags);
  if (cursor) params["cursor"] = cursor;
  else params["total"] = "true";
  return getJson<Page>("api/lymer/v1/traces", params, signal);
}
