"""A FastAPI request in process, without a server, and what traces it; `measure.py` takes the figures."""

from __future__ import annotations

import time

import lymer_sdk
from fastapi import FastAPI

REQUESTS = 300
HEADERS = [
    (b"host", b"shop.example:8000"),
    (b"user-agent", b"python-httpx/0.28.1"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"connection", b"keep-alive"),
    (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
]
UNSAMPLED = [*HEADERS[:-1], (b"traceparent", HEADERS[-1][1][:-1] + b"0")]


def make_app():
    app = FastAPI()

    @app.get("/items/{name}")
    async def item(name: str):
        return {"name": name}

    return app


def scope(headers):
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "method": "GET",
        "root_path": "",
        "path": "/items/pen",
        "raw_path": b"/items/pen",
        "query_string": b"",
        "headers": headers,
        "state": {},
    }


async def receive():
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message):
    assert message["type"] != "http.response.start" or message["status"] == 200


async def requests(app, headers):
    """CPU microseconds a request."""
    began = time.thread_time()
    for _ in range(REQUESTS):
        await app(scope(headers), receive, send)
    return (time.thread_time() - began) / REQUESTS * 1e6


def nowhere():
    """An exporter of OpenTelemetry's SDK that does nothing."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        def export(self, spans):
            return SpanExportResult.SUCCESS

    return Nowhere()


class Kept:
    """A processor of OpenTelemetry's SDK that keeps its spans."""

    def __init__(self):
        self.spans = []

    def on_start(self, span, parent_context=None): ...

    def _on_ending(self, span): ...

    def on_end(self, span):
        self.spans.append(span)

    def shutdown(self): ...

    def force_flush(self, timeout_millis=0):
        return True


def opentelemetry_app():
    """OpenTelemetry's instrumentation over its SDK, as its documentation sets it up."""
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(nowhere()))
    app = make_app()
    FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)
    return app


class Forgetful(lymer_sdk.MemoryReporter):
    """Takes spans and keeps none, so that memory is not what is measured."""

    def report(self, span):
        return None
