// jaeger-client for Node with its remote sampler. For each line of input, the name of an operation, it prints how many of
// a hundred traces that begin with it would be recorded.
//     node node_sampler.mjs SERVICE HOST PORT PATH
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(import.meta.url)
const { initTracer } = require('jaeger-client')
const [service, host, port, samplingPath] = process.argv.slice(2)

const sampler = { type: 'remote', param: 0, host, port: Number(port), samplingPath, refreshIntervalMs: 100 }
const tracer = initTracer({ serviceName: service, sampler }, {})

for await (const operation of createInterface({ input: process.stdin })) {
  let recorded = 0
  for (let count = 0; count < 100; count++) {
    recorded += Number(tracer.startSpan(operation).context().isSampled())
  }
  process.stdout.write(`${recorded}\n`)
}
process.exit(0)
