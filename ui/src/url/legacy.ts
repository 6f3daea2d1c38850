// Addresses of Jaeger's and Zipkin's pages, as addresses of this page. Pure; the golden table is in the test.

export interface Address {
  readonly path: string;
  readonly params: URLSearchParams;
}

/** Where an old address leads now; null when it is one of ours already. */
export function translated({ path, params }: Address): Address | null {
  const plain = path.replace(/\/+$/, "") || "/";
  if (plain === "/") return { path: "/search", params };
  if (plain === "/deep-dependencies") return { path: "/dependencies", params: deepDependencies(params) };
  if (plain === "/quality-metrics") return { path: "/monitor", params: quality(params) };
  const zipkin = /^\/zipkin(\/.*)?$/.exec(plain);
  if (zipkin) return fromZipkin(zipkin[1] ?? "/", params);
  return plain === path ? null : { path: plain, params };
}

function deepDependencies(params: URLSearchParams): URLSearchParams {
  const written = new URLSearchParams();
  for (const name of ["service", "uiFind"]) if (params.get(name)) written.set(name, params.get(name)!);
  const [start, end] = [params.get("start"), params.get("end")];
  if (start && end) for (const [name, value] of Object.entries({ lookback: "custom", start, end })) written.set(name, value);
  return written;
}

function quality(params: URLSearchParams): URLSearchParams {
  const service = params.get("service");
  return new URLSearchParams(service ? { service } : {});
}

function fromZipkin(path: string, params: URLSearchParams): Address {
  const trace = /^\/traces\/([^/]+)$/.exec(path);
  if (trace) return { path: `/trace/${trace[1]}`, params: new URLSearchParams() };
  if (path === "/dependency") return { path: "/dependencies", params: zipkinRange(params) };
  return { path: "/search", params: path === "/" ? zipkinSearch(params) : new URLSearchParams() };
}

function zipkinSearch(params: URLSearchParams): URLSearchParams {
  const written = zipkinRange(params);
  const copy = (from: string, to: string, value = params.get(from)) => {
    if (value && value !== "all") written.set(to, value);
  };
  copy("serviceName", "service");
  copy("spanName", "operation");
  copy("limit", "limit");
  copy("minDuration", "minDuration", asDuration(params.get("minDuration")));
  copy("maxDuration", "maxDuration", asDuration(params.get("maxDuration")));
  const tags = annotations(params.get("annotationQuery") ?? "");
  if (params.get("remoteServiceName")) tags["peer.service"] = params.get("remoteServiceName")!;
  if (Object.keys(tags).length) written.set("tags", JSON.stringify(tags));
  return written;
}

// Zipkin's times are milliseconds; a look-back is `15m`, `millis` with `millis=…`, or `range`.
function zipkinRange(params: URLSearchParams): URLSearchParams {
  const written = new URLSearchParams();
  const end = Number(params.get("endTs")) || 0;
  const lookback = params.get("lookback") ?? "";
  const millis = Number(params.get("millis")) || (/^\d+$/.test(lookback) ? Number(lookback) : 0);
  const start = Number(params.get("startTs")) || (end && millis ? end - millis : 0);
  if (start && end) {
    written.set("lookback", "custom");
    written.set("start", String(start * 1000));
    written.set("end", String(end * 1000));
  } else if (/^\d+[mhdw]$/.test(lookback)) written.set("lookback", lookback);
  return written;
}

function asDuration(text: string | null): string {
  return /^\d+$/.test(text ?? "") ? `${text}us` : (text ?? "");
}

function annotations(query: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const part of query.split(/\s+and\s+/)) {
    const [key = "", ...value] = part.trim().split("=");
    if (key) pairs[key] = value.length ? value.join("=") : "true";
  }
  return pairs;
}
