import brave.Tracing;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.exporter.zipkin.ZipkinSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.concurrent.TimeUnit;
import zipkin2.reporter.InMemoryReporterMetrics;
import zipkin2.reporter.brave.AsyncZipkinSpanHandler;
import zipkin2.reporter.urlconnection.URLConnectionSender;

/**
 * OpenTelemetry's exporters and Zipkin's brave, sending the small trace. Prints its id: {@code OtelClient CLIENT URL};
 * {@code brave-counts} prints how many spans it reported, and how many of them it knows to be lost.
 */
public final class OtelClient {
  public static void main(String[] arguments) throws Exception {
    String client = arguments[0];
    String url = arguments[1];
    InMemoryReporterMetrics counts = new InMemoryReporterMetrics();
    boolean isBrave = client.startsWith("brave");
    String id = isBrave ? sendByBrave(url, counts) : sendByOpenTelemetry(client, exporter(client, url));
    System.out.println(client.equals("brave-counts") ? counts.spans() + " " + counts.spansDropped() : id);
    System.exit(0); // Some of their threads are no daemons.
  }

  private static SpanExporter exporter(String client, String url) {
    switch (client) {
      case "otlp-grpc":
        return OtlpGrpcSpanExporter.builder().setEndpoint(url).build();
      case "otlp-http":
        return OtlpHttpSpanExporter.builder().setEndpoint(url).setCompression("gzip").build();
      default:
        return ZipkinSpanExporter.builder().setEndpoint(url).build();
    }
  }

  private static String sendByOpenTelemetry(String client, SpanExporter exporter) throws Exception {
    AttributeKey<String> service = AttributeKey.stringKey("service.name");
    SdkTracerProvider provider = SdkTracerProvider.builder()
        .setResource(Resource.getDefault().merge(Resource.create(Attributes.of(service, "java-" + client))))
        .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
        .build();
    Tracer tracer = provider.get("e2e.java");
    Span root = tracer.spanBuilder("GET /checkout").setSpanKind(SpanKind.SERVER).startSpan();
    root.setAttribute("http.status_code", 200);
    Span child = tracer.spanBuilder("SELECT orders").setSpanKind(SpanKind.CLIENT)
        .setParent(Context.root().with(root)).startSpan();
    child.setAttribute("db.system", "postgresql");
    child.setStatus(StatusCode.ERROR);
    child.addEvent("retry");
    Thread.sleep(2);
    child.end();
    root.end();
    provider.shutdown().join(10, TimeUnit.SECONDS);
    return root.getSpanContext().getTraceId();
  }

  private static String sendByBrave(String url, InMemoryReporterMetrics counts) throws Exception {
    URLConnectionSender sender = URLConnectionSender.create(url);
    AsyncZipkinSpanHandler handler = AsyncZipkinSpanHandler.newBuilder(sender).metrics(counts).build();
    Tracing tracing = Tracing.newBuilder().localServiceName("java-brave").traceId128Bit(true)
        .addSpanHandler(handler).build();
    brave.Span root = tracing.tracer().newTrace().name("GET /checkout").kind(brave.Span.Kind.SERVER).start();
    root.tag("http.status_code", "200");
    brave.Span child = tracing.tracer().newChild(root.context()).name("SELECT orders").kind(brave.Span.Kind.CLIENT);
    child.start().tag("db.system", "postgresql").tag("error", "true").annotate("retry");
    Thread.sleep(2);
    child.finish();
    root.finish();
    handler.flush(); // What is not flushed before the end is dropped.
    tracing.close();
    handler.close();
    sender.close();
    return root.context().traceIdString();
  }
}
