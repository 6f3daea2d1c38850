// How to send the first span, in five ways. Not translated: it is code. The host is the one that the page came from.

export type Way = "Python" | "Go" | "Java" | "Node" | "curl";

const python = (host: string) => `pip install opentelemetry-distro opentelemetry-exporter-otlp
opentelemetry-bootstrap -a install
OTEL_SERVICE_NAME=hello OTEL_EXPORTER_OTLP_ENDPOINT=http://${host}:4317 \\
  opentelemetry-instrument python app.py`;

const go = (host: string) => `// go get go.opentelemetry.io/otel/sdk go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp
exporter, _ := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL("http://${host}:4318"))
provider := trace.NewTracerProvider(trace.WithBatcher(exporter))
defer provider.Shutdown(ctx)
_, span := provider.Tracer("hello").Start(ctx, "hello")
span.End()`;

const java = (host: string) => `curl -LO https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases/latest/download/opentelemetry-javaagent.jar
OTEL_SERVICE_NAME=hello OTEL_EXPORTER_OTLP_ENDPOINT=http://${host}:4318 \\
  java -javaagent:opentelemetry-javaagent.jar -jar app.jar`;

const node = (host: string) => `npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node
OTEL_SERVICE_NAME=hello OTEL_EXPORTER_OTLP_ENDPOINT=http://${host}:4318 \\
  node --require @opentelemetry/auto-instrumentations-node/register app.js`;

const curl = (host: string) => `curl -s http://${host}:4318/v1/traces -H 'Content-Type: application/json' -d '{"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shell"}}]},
  "scopeSpans":[{"spans":[{"traceId":"'$(openssl rand -hex 16)'","spanId":"'$(openssl rand -hex 8)'","name":"hello","kind":1,
    "startTimeUnixNano":"'$(date +%s%N)'","endTimeUnixNano":"'$(date +%s%N)'"}]}]}]}'`;

export const SNIPPETS: Readonly<Record<Way, (host: string) => string>> = { Python: python, Go: go, Java: java, Node: node, curl };
