// Questions about one trace (docs/specs/native-api.md): its skeleton, spans by row, text found, why it was slow, two compared.
import { readSkeleton } from "../model/skeleton";
import type { Kind, Trace } from "../model/trace";
import { ApiError, getJson } from "./client";

export type TimesKind = "raw" | "adjusted";

export interface Attribute {
  readonly key: string;
  readonly type: "empty" | "string" | "bool" | "int" | "double" | "bytes" | "array" | "map";
  readonly value: unknown;
}

export interface SpanEvent {
  readonly timeUnixNano: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: readonly Attribute[];
}

/** All that one span said. */
export interface SpanDetails {
  readonly row: number;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly traceState: string;
  readonly name: string;
  readonly kind: Kind;
  readonly service: string;
  readonly status: "unset" | "ok" | "error";
  readonly statusMessage: string;
  readonly startTimeUnixNano: string;
  readonly durationNano: number;
  readonly attributes: readonly Attribute[];
  readonly resource: { readonly attributes: readonly Attribute[] };
  readonly scope: { readonly name: string; readonly version: string; readonly attributes: readonly Attribute[] };
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
}

export interface Operation {
  readonly service: string;
  readonly operation: string;
}

/** What is known of why a trace was slow, and why it failed. */
export interface Why {
  readonly slow: {
    readonly durationNano: number;
    readonly criticalNano: number;
    readonly criticalSpanCount: number;
    readonly contributors: readonly (Operation & { spanCount: number; criticalNano: number; share: number; rows: number[] })[];
    readonly repeats: readonly (Operation & { parentRow: number; count: number; totalNano: number; elapsedNano: number; share: number; isSequential: boolean; rows: number[] })[];
    readonly gaps: readonly (Operation & { row: number; startNano: number; endNano: number; durationNano: number; share: number })[];
    readonly retries: readonly (Operation & { parentRow: number; attemptCount: number; failedCount: number; succeeded: boolean; totalNano: number; rows: number[] })[];
  };
  readonly failed:
    | (Operation & {
        row: number;
        message: string;
        exception: { type: string; message: string; stacktrace: string } | null;
        chain: (Operation & { row: number; message: string })[];
        errorCount: number;
        unrelatedRows: number[];
      })
    | null;
}

export interface Side {
  readonly spanCount: number;
  readonly errorCount: number;
  readonly totalNano: number;
  readonly selfNano: number;
  readonly criticalNano: number;
  readonly rows: readonly number[];
}

export interface ComparedPath {
  readonly id: number;
  readonly parent: number | null;
  readonly depth: number;
  readonly service: string;
  readonly name: string;
  readonly kind: Kind;
  readonly change: "added" | "removed" | "more" | "fewer" | "same";
  readonly a: Side;
  readonly b: Side;
}

export interface ComparedTrace {
  readonly traceId: string;
  readonly spanCount: number;
  readonly errorCount: number;
  readonly durationNano: number;
  readonly rootService: string;
  readonly rootName: string;
}

export interface Comparison {
  readonly a: ComparedTrace;
  readonly b: ComparedTrace;
  readonly paths: readonly ComparedPath[];
  readonly attributes: readonly { path: number; key: string; scope: string; a: { value: string; spanCount: number }[]; b: { value: string; spanCount: number }[] }[];
}

/** Where a trace is looked for: its id, and the upload that has it instead of the store. */
export interface Source {
  readonly id: string;
  readonly upload: string | null;
}

/** The trace as columns. */
export async function loadTrace(source: Source, times: TimesKind, signal: AbortSignal): Promise<Trace> {
  return readSkeleton(await getBytes(address(source, "skeleton", { times }), signal));
}

/** The span of a row, or null when there is no such row. */
export async function loadSpan(source: Source, row: number, signal: AbortSignal): Promise<SpanDetails | null> {
  const { spans } = await getJson<{ spans: SpanDetails[] }>(path(source, "spans"), { ...where(source), row: String(row) }, signal);
  return spans[0] ?? null;
}

/** The spans of some rows, in the order of the rows. */
export async function loadSpans(source: Source, rows: readonly number[], signal: AbortSignal): Promise<readonly SpanDetails[]> {
  return (await getJson<{ spans: SpanDetails[] }>(path(source, "spans"), { ...where(source), rows: rows.join(",") }, signal)).spans;
}

/** The bitmap of the rows in which the text is found. */
export async function findInTrace(source: Source, text: string, signal: AbortSignal): Promise<Uint8Array> {
  return new Uint8Array(await getBytes(address(source, "find", { q: text }), signal));
}

/** Why the trace was slow, and why it failed. */
export function explainTrace(source: Source, signal: AbortSignal): Promise<Why> {
  return getJson<Why>(path(source, "why"), where(source), signal);
}

/** The attribute keys of the trace, most frequent first. */
export async function listKeys(source: Source, signal: AbortSignal): Promise<{ key: string; scope: string; spanCount: number }[]> {
  return (await getJson<{ attributes: { key: string; scope: string; spanCount: number }[] }>(path(source, "attributes"), where(source), signal)).attributes;
}

/** The values of an attribute in all rows: a code for each row, 0 for none, else one more than the place of its value. */
export async function loadColumn(source: Source, key: string, scope: string, signal: AbortSignal): Promise<{ codes: Uint32Array; values: string[] }> {
  const bytes = await getBytes(address(source, "column", { key, scope }), signal);
  const view = new DataView(bytes);
  const headerBytes = view.getUint32(8, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 16, headerBytes))) as { values: string[] };
  return { codes: new Uint32Array(bytes, 16 + headerBytes, view.getUint32(12, true)), values: header.values };
}

/** Events of all spans by time, a page at once. */
export function listEvents(source: Source, cursor: string | null, signal: AbortSignal): Promise<{ events: (SpanEvent & { row: number })[]; total: number; cursor: string | null }> {
  return getJson(path(source, "events"), { ...where(source), limit: "1000", ...(cursor ? { cursor } : {}) }, signal);
}

/** Two traces aligned by path. */
export function compareTraces(a: Source, b: Source, signal: AbortSignal): Promise<Comparison> {
  const params = { a: a.id, b: b.id, ...(a.upload ? { uploadA: a.upload } : {}), ...(b.upload ? { uploadB: b.upload } : {}) };
  return getJson<Comparison>("api/lymer/v1/compare", params, signal);
}

/** Where the whole trace is downloaded. */
export function downloadAddress(source: Source, format: "otlp" | "jaeger" | "zipkin"): string {
  return address(source, "", { format, download: "true" }).href;
}

/** Ask the server to keep the trace for good. */
export async function archiveTrace(id: string): Promise<void> {
  const response = await fetch(new URL(`api/archive/${encodeURIComponent(id)}`, document.baseURI), { method: "POST" });
  if (!response.ok) throw new ApiError(response.status, response.statusText);
}

function path({ id }: Source, question: string): string {
  return `api/lymer/v1/traces/${encodeURIComponent(id)}${question && `/${question}`}`;
}

function where({ upload }: Source): Record<string, string> {
  return upload ? { upload } : {};
}

function address(source: Source, question: string, params: Record<string, string>): URL {
  const url = new URL(path(source, question), document.baseURI);
  for (const [name, value] of Object.entries({ ...where(source), ...params })) url.searchParams.set(name, value);
  return url;
}

async function getBytes(url: URL, signal: AbortSignal): Promise<ArrayBuffer> {
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "");
  });
  if (!response.ok) throw new ApiError(response.status, await response.text().then(messageOf, () => ""));
  return response.arrayBuffer();
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? text;
  } catch {
    return text;
  }
}
