"""What tracing adds to a FastAPI request, in process, without a server: CPU time of the application's thread.

pip install fastapi lymer-sdk opentelemetry-instrumentation-fastapi opentelemetry-sdk
python sdk/bench/fastapi_request.py
"""

from __future__ import annotations

import asyncio
import time

import lymer_sdk
from fastapi import FastAPI
from lymer_sdk.middleware import ASGIMiddleware

REQUESTS, ROUNDS = 300, 25
HEADERS = [
    (b"host", b"shop.example:8000"),
    (b"user-agent", b"python-httpx/0.28.1"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"connection", b"keep-alive"),
    (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
]


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


def medians(variants):
    """The median of the rounds of each, taken in turns; the first two rounds left out."""
    figures = {name: [] for name in variants}
    for _ in range(ROUNDS + 2):
        for name, (app, headers) in variants.items():
            figures[name].append(asyncio.run(requests(app, headers)))
    return {name: sorted(found[2:])[ROUNDS // 2] for name, found in figures.items()}


def opentelemetry_app():
    """OpenTelemetry's instrumentation over its SDK, as its documentation sets it up."""
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        def export(self, spans):
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    app = make_app()
    FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)
    return app


def main():
    lymer_sdk.init("bench", reporter=lymer_sdk.Reporter.memory(Forgetful()), make_global=False, environment={})
    unsampled = [*HEADERS[:-1], (b"traceparent", HEADERS[-1][1][:-1] + b"0")]
    figures = medians(
        {
            "bare": (make_app(), HEADERS),
            "lymer-sdk, sampled": (ASGIMiddleware(make_app()), HEADERS),
            "lymer-sdk, not sampled": (ASGIMiddleware(make_app()), unsampled),
            "opentelemetry, sampled": (opentelemetry_app(), HEADERS),
            "opentelemetry, not sampled": (opentelemetry_app(), unsampled),
        }
    )
    for name, figure in figures.items():
        print(f"{name:28} {figure:6.1f} us CPU a request  {figure - figures['bare']:+6.1f}")


class Forgetful(lymer_sdk.MemoryReporter):
    """Takes spans and keeps none, so that memory is not what is measured."""

    def report(self, span):
        return None


if __name__ == "__main__":
    main()
