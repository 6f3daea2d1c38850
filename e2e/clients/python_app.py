"""A small real application with the OpenTelemetry SDK: FastAPI, httpx, SQLAlchemy. Runs in the environment of setup.sh.

    python python_app.py PROTOCOL ENDPOINT

It calls itself over HTTP, sends its spans by OTLP (`grpc` or `http`), and prints what the SDK's in-memory exporter saw.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, HTTPException
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState
from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

RESOURCE = {
    "service.name": "books",
    "service.version": "1.2.3",
    "service.instance.id": "books-0",
    "process.pid": 4711,
    "books.languages": ["python", "sql"],
    "books.ratio": 0.25,
    "books.beta": True,
}
engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
app = FastAPI()


@app.get("/books/{number}")
def read_book(number: int) -> dict[str, Any]:
    with engine.connect() as connection:
        row = connection.execute(text("SELECT id, title FROM books WHERE id = :id"), {"id": number}).first()
    if row is None:
        raise HTTPException(404, "no such book")
    return {"id": row[0], "title": row[1]}


@app.post("/orders/{number}")
async def order(number: int) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=BASE) as client:
        book = (await client.get(f"/books/{number}")).raise_for_status().json()
    return {"ordered": book["title"]}


@app.get("/broken")
def broken() -> None:
    raise ValueError("a page is missing: 第一章 📖")


def odd_spans() -> None:
    """What instrumentations seldom do, but the API allows."""
    tracer = trace.get_tracer("e2e.odd", "9.8", schema_url="https://opentelemetry.io/schemas/1.37.0")
    trace_id = int.from_bytes(os.urandom(16))
    elsewhere = SpanContext(trace_id, 0x1234, True, TraceFlags(1), TraceState([("vendor", "a:b")]))
    with tracer.start_as_current_span("odd", kind=SpanKind.PRODUCER, links=[Link(elsewhere, {"why": "batch"})]) as span:
        span.set_attribute("empty", "")
        span.set_attribute("text", 'quotes " and \\ and \n and 日本語 and 🐕')
        span.set_attribute("large", 2**62)
        span.set_attribute("negative", -1)
        span.set_attribute("tiny", 5e-324)
        span.set_attribute("whole", 3.0)
        span.set_attribute("yes", True)
        span.set_attribute("words", ["a", "", "c"])
        span.set_attribute("numbers", [1, -2, 3])
        span.set_attribute("halves", [0.5, 1.0])
        span.set_attribute("flags", [True, False])
        span.set_attribute("none", [])
        span.add_event("first", {"n": 1})
        span.add_event("second", {"text": "x" * 5000})
        with tracer.start_as_current_span("child", kind=SpanKind.CONSUMER) as child:
            child.set_status(Status(StatusCode.ERROR, "it broke"))
        span.set_status(Status(StatusCode.OK))
    remote = trace.set_span_in_context(trace.NonRecordingSpan(elsewhere))
    tracer.start_span("with trace state", context=remote).end()


def plain(span: ReadableSpan) -> dict[str, Any]:
    """As e2e/spans.py sees spans."""
    return {
        "trace_id": f"{span.context.trace_id:032x}",
        "span_id": f"{span.context.span_id:016x}",
        "parent_span_id": f"{span.parent.span_id:016x}" if span.parent else "",
        "trace_state": span.context.trace_state.to_header(),
        "name": span.name,
        "kind": span.kind.value + 1,
        "start": span.start_time,
        "end": span.end_time,
        "status": span.status.status_code.value,
        "status_message": span.status.description or "",
        "attributes": dict(span.attributes or {}),
        "events": [(event.name, event.timestamp, dict(event.attributes or {})) for event in span.events],
        "links": [
            (f"{link.context.trace_id:032x}", f"{link.context.span_id:016x}", dict(link.attributes or {}))
            for link in span.links
        ],
        "resource": dict(span.resource.attributes),
        "scope": (span.instrumentation_scope.name, span.instrumentation_scope.version or ""),
    }


def serve() -> tuple[uvicorn.Server, threading.Thread, str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    return server, thread, f"http://127.0.0.1:{listener.getsockname()[1]}"


def main(protocol: str, endpoint: str) -> None:
    global BASE
    provider = TracerProvider(resource=Resource.create(RESOURCE))
    memory = InMemorySpanExporter()
    exporter = (
        GrpcExporter(endpoint=endpoint, insecure=True)
        if protocol == "grpc"
        else HttpExporter(endpoint=f"{endpoint}/v1/traces", compression=Compression.Gzip)
    )
    provider.add_span_processor(SimpleSpanProcessor(memory))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    SQLAlchemyInstrumentor().instrument(engine=engine)
    HTTPXClientInstrumentor().instrument()
    FastAPIInstrumentor.instrument_app(app)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT)"))
        connection.execute(text("INSERT INTO books VALUES (1, 'Die Verwandlung'), (2, '红楼梦')"))
    server, thread, BASE = serve()
    with httpx.Client(base_url=BASE) as client:
        for path in ("/books/1", "/books/2", "/books/99", "/broken"):
            client.get(path)
        for number in (1, 2, 99):
            client.post(f"/orders/{number}")
    odd_spans()
    server.should_exit = True
    thread.join()
    provider.shutdown()
    json.dump([plain(span) for span in memory.get_finished_spans()], sys.stdout)


BASE = ""
if __name__ == "__main__":
    main(*sys.argv[1:])
