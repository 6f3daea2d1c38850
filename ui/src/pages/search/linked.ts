// Traces that a link names (`traceID=…`, `span=<span id>@<trace id>`), as Jaeger's page once made them.
import { getJson } from "../../api/client";
import type { Envelope, JaegerTrace } from "../../api/jaeger";
import type { Summary } from "../../api/search";

export interface Linked {
  readonly ids: readonly string[];
  /** Spans to be found in a trace, by its id. */
  readonly spans: ReadonlyMap<string, string>;
}

/** The traces that the parameters name; null when they name none. */
export function readLinked(params: URLSearchParams): Linked | null {
  const spans = new Map<string, string>();
  for (const text of params.getAll("span")) {
    const [names = "", id = ""] = text.split("@");
    if (isId(id)) spans.set(id, names.trim());
  }
  const ids = [...new Set([...params.getAll("traceID").filter(isId), ...spans.keys()])];
  return ids.length ? { ids, spans } : null;
}

/** Summaries of the traces that are there. */
export async function findLinked({ ids }: Linked, signal: AbortSignal): Promise<Summary[]> {
  const answer = await getJson<Envelope<JaegerTrace[] | null>>("api/traces", { traceID: ids }, signal);
  return (answer.data ?? []).map(summaryOf);
}

/** The summary of a whole trace. */
export function summaryOf({ traceID, spans, processes }: JaegerTrace): Summary {
  const known = new Set(spans.map(({ spanID }) => spanID));
  const services = new Map<string, { name: string; spanCount: number; errorCount: number }>();
  let [start, end, errorCount, orphanCount] = [Infinity, 0, 0, 0];
  for (const span of spans) {
    const name = processes[span.processID]?.serviceName ?? "";
    const service = services.get(name) ?? { name, spanCount: 0, errorCount: 0 };
    const failed = span.tags.some(({ key, value }) => key === "error" && String(value) === "true");
    services.set(name, { name, spanCount: service.spanCount + 1, errorCount: service.errorCount + Number(failed) });
    errorCount += Number(failed);
    orphanCount += Number(isOrphan(span, known));
    start = Math.min(start, span.startTime);
    end = Math.max(end, span.startTime + span.duration);
  }
  const root = spans.filter((span) => !span.references.length || isOrphan(span, known)).sort((a, b) => a.references.length - b.references.length || a.startTime - b.startTime)[0] ?? spans[0];
  return {
    traceId: traceID,
    start,
    duration: end - start,
    spanCount: spans.length,
    errorCount,
    orphanCount,
    rootService: processes[root?.processID ?? ""]?.serviceName ?? "",
    rootName: root?.operationName ?? "",
    services: [...services.values()].sort((a, b) => b.spanCount - a.spanCount),
  };
}

function isOrphan({ references }: JaegerTrace["spans"][number], known: ReadonlySet<string>): boolean {
  const parents = references.filter(({ refType }) => refType === "CHILD_OF");
  return parents.length > 0 && parents.every(({ spanID }) => !known.has(spanID));
}

function isId(text: string): boolean {
  return /^[0-9a-fA-F]{1,32}$/.test(text);
}
