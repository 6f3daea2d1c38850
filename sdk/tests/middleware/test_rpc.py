"""The decorator for handlers of any RPC framework."""

from __future__ import annotations

import asyncio

import lymer_sdk as lymer
import pytest
from lymer_sdk.middleware import rpc_handler
from opentelemetry.trace import SpanKind, StatusCode


@rpc_handler("greeter.Greeter/Hello", headers=lambda metadata, name: metadata, system="go-micro")
def hello(metadata, name):
    return name.upper()


@rpc_handler()
async def fails():
    raise RuntimeError("no answer")


def test_a_handler_is_a_server_span_below_its_caller(spans, traceparent):
    assert hello({"traceparent": traceparent}, "x") == "X"
    (span,) = spans
    assert (span.name, span.kind) == ("greeter.Greeter/Hello", SpanKind.SERVER)
    assert span.attributes == {"rpc.method": "greeter.Greeter/Hello", "rpc.system.name": "go-micro"}
    assert f"{span.parent_span_id:016x}" == traceparent.split("-")[2]


def test_without_headers_a_trace_begins(spans):
    with lymer.get_tracer().span("outer"):
        hello({}, "x")
    assert spans[0].parent_span_id == 0


def test_an_error_is_recorded_and_raised(spans):
    with pytest.raises(RuntimeError):
        asyncio.run(fails())
    assert (spans[0].name, spans[0].status_code) == ("fails", StatusCode.ERROR.value)
    assert spans[0].attributes["error.type"] == "RuntimeError"
