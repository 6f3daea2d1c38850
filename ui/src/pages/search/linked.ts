// Traces that a link names (`traceID=…`, `span=<span id>@<trace id>`), as Jaeger's page once made them.

export interface Linked {
  readonly ids: readonly string[];
  /** Spans to be found in a trace, by its id as the link writes it. */
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

function isId(text: string): boolean {
  return /^[0-9a-fA-F]{1,32}$/.test(text);
}
