// A grown tree as OTLP JSON, so many spans a request: what an application with such a trace would send.
import { grownTree } from "../e2e/skeletons";

const SPANS_A_REQUEST = 10_000;
/** The trace ends now: it is neither old nor of the future. */
const NANO = 1_000_000n;

/** The requests of one trace, one after the other. */
export function* requests(count: number, traceId: string): Generator<string> {
  const made = grownTree(count);
  const begun = BigInt(Date.now()) * NANO - BigInt(made.durations[0]!);
  const id = (row: number) => (row + 1).toString(16).padStart(16, "0");
  for (let from = 0; from < count; from += SPANS_A_REQUEST) {
    const byService = new Map<number, object[]>();
    for (let row = from; row < Math.min(from + SPANS_A_REQUEST, count); row++) {
      const start = begun + BigInt(made.starts[row]!);
      const parent = made.parents[row]!;
      const spans = byService.get(made.services[row]!) ?? [];
      byService.set(made.services[row]!, spans);
      spans.push({
        traceId,
        spanId: id(row),
        ...(parent < 0 ? {} : { parentSpanId: id(parent) }),
        name: made.spanNames[made.names[row]!],
        kind: made.flags[row]! & 7,
        startTimeUnixNano: String(start),
        endTimeUnixNano: String(start + BigInt(made.durations[row]!)),
        attributes: [text("http.route", `/things/${row % 50}`), text("user.id", String(row % 9_973))],
        ...(made.flags[row]! & 16 ? { status: { code: 2 } } : {}),
      });
    }
    yield JSON.stringify({ resourceSpans: [...byService].map(([service, spans]) => ({ resource: { attributes: [text("service.name", made.serviceNames[service]!)] }, scopeSpans: [{ spans }] })) });
  }
}

function text(key: string, value: string): object {
  return { key, value: { stringValue: value } };
}
