// Searching, as the page asks it: pages of summaries with an exact total and a cursor, and what all matches are like.
import { textOf } from "../query/form";
import { parse } from "../query/parse";
import { toPredicate } from "../query/predicate";
import type { Predicate } from "../query/tree";
import type { Window } from "../url/range";
import type { SearchForm } from "../url/search";
import { getJson, postJson } from "./client";
import type { Envelope } from "./jaeger";

const API = "api/lymer/v1";

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

/** Traces counted by time and duration; docs/specs/native-api.md, section 4. */
export interface Histogram {
  total: number;
  errorTotal: number;
  start: number;
  end: number;
  timeBuckets: number;
  bucketNano: number;
  durationEdgesNano: number[];
  cells: [time: number, duration: number, count: number, errors: number][];
}

export interface FacetValue {
  value: string;
  service?: string;
  traceCount: number;
  errorTraceCount: number;
}

export interface Facet {
  facet: string;
  valueCount: number;
  values: FacetValue[];
}

/** What is asked about, whatever is asked about it. Times in microseconds. */
export interface Question {
  where: Predicate;
  start: number;
  end: number;
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

/** The question that the form asks; null when its text has a mistake. */
export function questionOf(form: SearchForm, window: Window): Question | null {
  const parsed = parse(textOf(form));
  return parsed.ok ? { where: toPredicate(parsed.condition), ...window } : null;
}

/** A page of traces; the total comes with the first one. All pages of a search have the same window. */
export function findTraces(question: Question, { order, limit }: SearchForm, cursor: string | null, signal: AbortSignal): Promise<Page> {
  return postJson(`${API}/traces`, { ...question, order, limit, ...(cursor ? { cursor } : { total: true }) }, signal);
}

/** The summaries of these traces, as far as they are stored. */
export async function findByIds(ids: readonly string[], signal: AbortSignal): Promise<Summary[]> {
  return (await postJson<Page>(`${API}/traces`, { ids }, signal)).traces;
}

/** All matches by time and duration. */
export function countByTime(question: Question, signal: AbortSignal): Promise<Histogram> {
  return postJson(`${API}/histogram`, { ...question, timeBuckets: 80, durationBuckets: 5 }, signal);
}

/** How many of all matches have which values. */
export async function countFacets(question: Question, facets: readonly string[], signal: AbortSignal): Promise<Facet[]> {
  return (await postJson<{ facets: Facet[] }>(`${API}/facets`, { ...question, facets, limit: 12 }, signal)).facets;
}

/** How long a trace is asked for again after its start: its spans come one after the other. */
const AGAIN_US = 15_000_000;

/** The traces that began since an instant, or are still growing; newest first. */
export async function listenLive(where: Predicate, since: number, signal: AbortSignal): Promise<Summary[]> {
  return (await postJson<Page>(`${API}/traces`, { where, start: Math.floor(since) - AGAIN_US, order: "newest", limit: 200 }, signal)).traces;
}

/** Keys of attributes, most frequent first. */
export async function listKeys(signal: AbortSignal): Promise<string[]> {
  const { attributes } = await getJson<{ attributes: { key: string }[] }>(`${API}/attributes`, {}, signal);
  return [...new Set(attributes.map(({ key }) => key))];
}

/** Values of an attribute that begin so, most frequent first. */
export async function listValues(key: string, prefix: string, signal: AbortSignal): Promise<string[]> {
  const path = `${API}/attributes/${encodeURIComponent(key)}/values`;
  const { values } = await getJson<{ values: { value: string }[] }>(path, { limit: "30", ...(prefix ? { prefix } : {}) }, signal);
  return values.map(({ value }) => value);
}
