// Other people's clients for Node, each sending the same small trace. Prints the id of the trace.
//     node node_trace.mjs CLIENT ADDRESS
import { setTimeout as wait } from 'node:timers/promises'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const [client, address] = process.argv.slice(2)
const service = `node-${client}`

async function sendByJaeger(reporter) {
  const { initTracer } = require('jaeger-client')
  const sampler = { type: 'const', param: 1 }
  const tracer = initTracer({ serviceName: service, sampler, reporter, traceId128bit: true }, {})
  const root = tracer.startSpan('GET /checkout', { tags: { 'span.kind': 'server', 'http.status_code': 200 } })
  const tags = { 'span.kind': 'client', 'db.system': 'postgresql', error: true }
  const child = tracer.startSpan('SELECT orders', { childOf: root, tags })
  child.log({ event: 'retry' })
  await wait(2)
  child.finish()
  root.finish()
  const id = root.context().traceIdStr
  // The client calls back before a request over HTTP has gone, so its process must live on.
  await new Promise((done) => tracer.close(done))
  return id
}

async function sendByZipkin() {
  const { Annotation, BatchRecorder, ExplicitContext, jsonEncoder, TraceId, Tracer, option } = require('zipkin')
  const { HttpLogger } = require('zipkin-transport-http')
  const logger = new HttpLogger({ endpoint: address, jsonEncoder: jsonEncoder.JSON_V2, httpInterval: 50 })
  const answered = new Promise((done, failed) => {
    logger.on('success', done)
    logger.on('error', failed)
  })
  const tracer = new Tracer({
    ctxImpl: new ExplicitContext(),
    recorder: new BatchRecorder({ logger }),
    localServiceName: service,
    traceId128Bit: true,
  })
  const root = tracer.createRootId()
  const child = new TraceId({
    traceId: root.traceId,
    parentId: new option.Some(root.spanId),
    spanId: '00000000000000c1',
    sampled: new option.Some(true),
  })
  const record = (id, ...annotations) =>
    tracer.scoped(() => {
      tracer.setId(id)
      annotations.forEach((annotation) => tracer.recordAnnotation(annotation))
    })
  record(root, new Annotation.ServiceName(service), new Annotation.Rpc('GET /checkout'), new Annotation.ServerRecv())
  record(root, new Annotation.BinaryAnnotation('http.status_code', '200'))
  record(child, new Annotation.ServiceName(service), new Annotation.Rpc('SELECT orders'), new Annotation.ClientSend())
  record(child, new Annotation.BinaryAnnotation('db.system', 'postgresql'))
  record(child, new Annotation.BinaryAnnotation('error', 'true'), new Annotation.Message('retry'))
  await wait(2)
  record(child, new Annotation.ClientRecv())
  record(root, new Annotation.ServerSend())
  const awake = setInterval(() => {}, 100) // Its own timer keeps no process alive.
  await answered
  clearInterval(awake)
  return root.traceId
}

async function sendByOpenTelemetry(exporter) {
  const { SpanKind, SpanStatusCode, context, trace } = await import('@opentelemetry/api')
  const { resourceFromAttributes } = await import('@opentelemetry/resources')
  const sdk = await import('@opentelemetry/sdk-trace')
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('e2e.node')
  const root = tracer.startSpan('GET /checkout', { kind: SpanKind.SERVER, attributes: { 'http.status_code': 200 } })
  const options = { kind: SpanKind.CLIENT, attributes: { 'db.system': 'postgresql' } }
  const child = tracer.startSpan('SELECT orders', options, trace.setSpan(context.active(), root))
  child.setStatus({ code: SpanStatusCode.ERROR })
  child.addEvent('retry')
  await wait(2)
  child.end()
  root.end()
  await provider.forceFlush()
  await provider.shutdown()
  return root.spanContext().traceId
}

async function send() {
  switch (client) {
    case 'jaeger-udp': {
      const [agentHost, agentPort] = address.split(':')
      return sendByJaeger({ agentHost, agentPort: Number(agentPort), flushIntervalMs: 10 })
    }
    case 'jaeger-http':
      return sendByJaeger({ collectorEndpoint: address, flushIntervalMs: 10 })
    case 'zipkin-js':
      return sendByZipkin()
    case 'otel-zipkin':
      return sendByOpenTelemetry(new (await import('@opentelemetry/exporter-zipkin')).ZipkinExporter({ url: address }))
    default: {
      const name = { 'otlp-grpc': 'grpc', 'otlp-http': 'proto', 'otlp-json': 'http' }[client]
      const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${name}`)
      return sendByOpenTelemetry(new OTLPTraceExporter({ url: address }))
    }
  }
}

process.stdout.write(await send())

