// What the servers of a run are told, as OTLP JSON: a shop, something hostile, something incomplete, something large.

export const CHECKOUT = "4bf92f3577b34da6a3ce929d0e0e4736";
export const HOSTILE = "00000000000000000000000000badbad";
export const INCOMPLETE = "0000000000000000000000000000abcd";
export const LARGE = "000000000000000000000000001a26e0";
export const LARGE_SPANS = 10_000;
export const CARTS = 45;

type Value = { stringValue: string } | { intValue: string } | { boolValue: boolean };
type Attributes = Record<string, string | number | boolean>;

interface Span {
  trace: string;
  id: number;
  parent?: number;
  service: string;
  name: string;
  kind?: number;
  start: number;
  length: number;
  attributes?: Attributes;
  error?: string;
  events?: { at: number; name: string; attributes: Attributes }[];
  links?: { trace: string; id: number }[];
}

/** Five spans of two ids and one parent that is itself, from long ago, so that no search of the last hours finds them. */
export function doubles(now: number, trace: string): object {
  const begun = 5 * 86_400_000;
  const one = (id: number, parent: number | undefined, name: string, start: number): Span => ({ trace, id, service: "doubles", name, start: begun - start, length: 100, ...(parent ? { parent } : {}) });
  const spans = [one(1, undefined, "first", 0), one(1, undefined, "second", 10), one(2, 1, "third", 20), one(2, 1, "fourth", 30), one(3, 3, "its own parent", 40)];
  return { resourceSpans: [{ resource: { attributes: keyValues({ "service.name": "doubles" }) }, scopeSpans: [{ spans: spans.map((span) => written(span, now)) }] }] };
}

/** A call whose callee's clock is two seconds behind, from long ago. */
export function skewed(now: number, trace: string): object {
  const begun = 5 * 86_400_000;
  const calls = [
    { trace, id: 1, service: "caller", name: "call", start: begun, length: 400 },
    { trace, id: 2, parent: 1, service: "callee", name: "answer", start: begun + 2_000, length: 200 },
  ];
  return { resourceSpans: calls.map((span) => ({ resource: { attributes: keyValues({ "service.name": span.service, "host.name": `${span.service}-1` }) }, scopeSpans: [{ spans: [written(span, now)] }] })) };
}

/** One request with all spans; milliseconds count back from `now`. */
export function request(now: number): object {
  const spans = [...checkout(), ...hostile(), ...incomplete(), ...large(), ...carts()];
  const services = [...new Set(spans.map((span) => span.service))];
  return {
    resourceSpans: services.map((service) => ({
      resource: { attributes: keyValues({ "service.name": service, "host.name": `${service}-1` }) },
      scopeSpans: [{ scope: { name: "e2e" }, spans: spans.filter((span) => span.service === service).map((span) => written(span, now)) }],
    })),
  };
}

function checkout(): Span[] {
  const trace = CHECKOUT;
  const minute = 60_000;
  return [
    { trace, id: 1, service: "frontend", name: "POST /checkout", kind: 2, start: minute, length: 420, attributes: { "http.request.method": "POST", "http.response.status_code": 500 }, error: "payment refused" },
    { trace, id: 2, parent: 1, service: "checkout", name: "place order", kind: 2, start: minute - 10, length: 400 },
    { trace, id: 3, parent: 2, service: "payment", name: "charge", kind: 2, start: minute - 30, length: 260, attributes: { "payment.amount": 1999 }, error: "card expired", events: [{ at: minute - 200, name: "exception", attributes: { "exception.type": "CardExpired", "exception.message": "card expired in 2019" } }] },
    { trace, id: 4, parent: 2, service: "stock", name: "reserve", kind: 2, start: minute - 300, length: 80, links: [{ trace: INCOMPLETE, id: 1 }] },
    { trace, id: 5, parent: 4, service: "stock", name: "SELECT stock", kind: 3, start: minute - 310, length: 40, attributes: { "db.system": "postgresql", "db.statement": "SELECT count(*) FROM stock WHERE sku = $1" } },
  ];
}

function hostile(): Span[] {
  const name = `"><img src=x onerror=alert(1)><script>alert(2)</script>`;
  return [{ trace: HOSTILE, id: 1, service: "<b>evil</b>", name, start: 50_000, length: 5, attributes: { [name]: name, "\u202Eright to left": "\u0000 zero", 中文: "值".repeat(500) } }];
}

function incomplete(): Span[] {
  return [{ trace: INCOMPLETE, id: 1, parent: 99, service: "stock", name: "late delivery", start: 70_000, length: 12 }];
}

function large(): Span[] {
  const spans: Span[] = [{ trace: LARGE, id: 1, service: "batch", name: "nightly run", start: 300_000, length: 200_000, attributes: { "batch.shard": "shard-7" } }];
  for (let id = 2; id <= LARGE_SPANS; id++) {
    const parent = id % 10 === 2 ? 1 : id - (id % 10 || 10) + 2 === id ? 1 : id - 1;
    spans.push({ trace: LARGE, id, parent, service: `worker-${id % 7}`, name: `step ${id}`, start: 300_000 - id * 10, length: 50 });
  }
  return spans;
}

function carts(): Span[] {
  return Array.from({ length: CARTS }, (_, index) => ({
    trace: (0xca0000 + index).toString(16).padStart(32, "0"),
    id: 1,
    service: "cart",
    name: index % 2 ? "GET /cart" : "POST /cart",
    kind: 2,
    start: 100_000 + index * 1000,
    length: 10 + index,
    attributes: { "cart.items": index },
  }));
}

function written(span: Span, now: number): object {
  const nano = (ms: number) => `${BigInt(now - ms) * 1_000_000n}`;
  return {
    traceId: span.trace,
    spanId: spanId(span.id),
    ...(span.parent ? { parentSpanId: spanId(span.parent) } : {}),
    name: span.name,
    kind: span.kind ?? 1,
    startTimeUnixNano: nano(span.start),
    endTimeUnixNano: nano(span.start - span.length),
    attributes: keyValues(span.attributes ?? {}),
    events: (span.events ?? []).map((event) => ({ timeUnixNano: nano(event.at), name: event.name, attributes: keyValues(event.attributes) })),
    links: (span.links ?? []).map((link) => ({ traceId: link.trace, spanId: spanId(link.id) })),
    status: span.error === undefined ? {} : { code: 2, message: span.error },
  };
}

export function spanId(id: number): string {
  return id.toString(16).padStart(16, "0");
}

function keyValues(attributes: Attributes): { key: string; value: Value }[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number | boolean): Value {
  if (typeof value === "boolean") return { boolValue: value };
  return typeof value === "number" ? { intValue: String(value) } : { stringValue: value };
}
