"""Hello with OpenTracing, by UDP to an agent: what jaeger-client did, with its configuration as it was."""

import os

import lymer_sdk
import opentracing

CONFIG = {
    "sampler": {"type": "const", "param": 1},
    "local_agent": {
        "reporting_host": os.environ.get("JAEGER_AGENT_HOST", "localhost"),
        "reporting_port": int(os.environ.get("JAEGER_AGENT_PORT", "6831")),
    },
    "tags": {"env": "production"},
}


def hello(name: str) -> str:
    """Greets, and tells the trace how it went."""
    tracer = opentracing.global_tracer()
    with tracer.start_active_span("say-hello") as scope:
        scope.span.set_tag("hello-to", name).set_baggage_item("greeting", "Hello")
        with tracer.start_active_span("format-string") as inner:
            greeting = inner.span.get_baggage_item("greeting")
            text = f"{greeting}, {name}!"
            inner.span.log_kv({"event": "string-format", "value": text})
        with tracer.start_active_span("print-line") as inner:
            print(text)
            inner.span.log(event="printed", payload={"characters": len(text)})
    return text


def main() -> None:
    """Traces one greeting."""
    tracer = lymer_sdk.init("hello", config=CONFIG)
    with tracer.span("http_request", kind="server") as span:
        span.tag("http.request.method", "GET")
        hello("Jaeger")
        print(f"trace {span.trace_id:032x}")
    lymer_sdk.close()


if __name__ == "__main__":
    main()
