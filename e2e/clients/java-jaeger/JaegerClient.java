import io.jaegertracing.Configuration;
import io.jaegertracing.Configuration.ReporterConfiguration;
import io.jaegertracing.Configuration.SamplerConfiguration;
import io.jaegertracing.Configuration.SenderConfiguration;
import io.jaegertracing.internal.JaegerTracer;
import io.opentracing.Span;
import io.opentracing.tag.Tags;

/** jaeger-client for Java, sending the small trace. Prints the id of the trace: {@code JaegerClient CLIENT ADDRESS}. */
public final class JaegerClient {
  public static void main(String[] arguments) throws Exception {
    String client = arguments[0];
    String address = arguments[1];
    SenderConfiguration sender = new SenderConfiguration();
    if (client.equals("jaeger-udp")) {
      int colon = address.lastIndexOf(':');
      sender.withAgentHost(address.substring(0, colon)).withAgentPort(Integer.parseInt(address.substring(colon + 1)));
    } else {
      sender.withEndpoint(address);
    }
    JaegerTracer tracer = new Configuration("java-" + client)
        .withTraceId128Bit(true)
        .withSampler(new SamplerConfiguration().withType("const").withParam(1))
        .withReporter(new ReporterConfiguration().withSender(sender))
        .getTracer();
    Span root = tracer.buildSpan("GET /checkout")
        .withTag(Tags.SPAN_KIND.getKey(), Tags.SPAN_KIND_SERVER)
        .withTag("http.status_code", 200)
        .start();
    Span child = tracer.buildSpan("SELECT orders")
        .asChildOf(root)
        .withTag(Tags.SPAN_KIND.getKey(), Tags.SPAN_KIND_CLIENT)
        .withTag("db.system", "postgresql")
        .withTag("error", true)
        .start();
    child.log("retry");
    Thread.sleep(2);
    child.finish();
    root.finish();
    System.out.println(root.context().toTraceId());
    tracer.close();
  }
}
