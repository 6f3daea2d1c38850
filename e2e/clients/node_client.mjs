// The OpenTelemetry SDK for Node, which sends OTLP as JSON. Prints the ids and names of what it sent.
//     node node_client.mjs URL
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import * as sdk from '@opentelemetry/sdk-trace'

const memory = new sdk.InMemorySpanExporter()
const provider = new sdk.TracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'node-client', 'process.pid': 12, ratio: 0.5, tags: ['a', 'b'] }),
  spanProcessors: [
    new sdk.SimpleSpanProcessor({ exporter: memory }),
    new sdk.BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: process.argv[2] }) }),
  ],
})
const tracer = provider.getTracer('e2e.node', '1.0')
for (let number = 0; number < 20; number++) {
  const span = tracer.startSpan(`request ${number}`, {
    kind: SpanKind.SERVER,
    attributes: { number, large: 9007199254740991, half: number + 0.5, even: number % 2 === 0, text: 'ünïcode 🐕', list: [1, 2, 3] },
  })
  span.addEvent('step', { at: number })
  if (number % 5 === 0) span.recordException(new TypeError(`bad ${number}`)), span.setStatus({ code: SpanStatusCode.ERROR, message: 'bad' })
  span.end()
}
await provider.forceFlush()
const nano = ([seconds, rest]) => String(BigInt(seconds) * 1000000000n + BigInt(rest))
process.stdout.write(JSON.stringify(memory.getFinishedSpans().map((span) => ({
  trace_id: span.spanContext().traceId,
  span_id: span.spanContext().spanId,
  name: span.name,
  kind: span.kind + 1,
  start: nano(span.startTime),
  end: nano(span.endTime),
  status: span.status.code,
  status_message: span.status.message ?? '',
  attributes: span.attributes,
  events: span.events.map((event) => [event.name, nano(event.time), event.attributes ?? {}]),
  resource: span.resource.attributes,
  scope: [span.instrumentationScope.name, span.instrumentationScope.version],
}))))
await provider.shutdown()
