"""Spans that run long, and those that a killed process leaves behind."""

from __future__ import annotations

import subprocess
import sys
import time

import lymer_sdk as lymer
from lymer_sdk import MemoryReporter, Reporter, Sampler
from lymer_sdk.open_spans import IN_PROGRESS, OpenSpans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def test_a_span_that_runs_long_is_told_once_and_again_when_it_ends(lymer_spans):
    reported = []
    watched = OpenSpans(reported.append, after_s=1.0)
    span = lymer.get_tracer().start_span("slow", start_time=5_000_000_000)
    short = lymer.get_tracer().start_span("short", start_time=5_000_000_000)
    span.set_attribute("k", "v")
    watched.add(span)
    watched.add(short)
    short.end()
    watched.look(5_999_999_999)
    assert reported == []
    watched.look(6_000_000_000)
    watched.look(9_000_000_000)
    (copy,) = reported
    assert copy.attributes == {"k": "v", IN_PROGRESS: True}
    assert (copy.span_id, copy.trace_id, copy.end_time) == (span.span_id, span.trace_id, 6_000_000_000)
    span.add_event("later")
    span.end()
    assert IN_PROGRESS not in lymer_spans[-1].attributes
    assert copy.events is None
    watched.close()


def test_spans_that_are_not_sampled_are_not_told():
    memory = MemoryReporter()
    lymer.init(
        "s",
        sampler=Sampler.const(False),
        reporter=Reporter.memory(memory),
        report_open_s=0.0,
        environment={},
        make_global=False,
    )
    open_spans = lymer.client.current().provider.open_spans
    span = lymer.get_tracer().start_span("s")
    open_spans.look(time.time_ns() + 10**10)
    span.end()
    lymer.close()
    assert memory.spans == []


def test_a_killed_process_leaves_its_open_spans_behind(http_receiver):
    program = f"""
import lymer_sdk, os, signal, time
from lymer_sdk import Reporter
lymer_sdk.init("s", reporter=Reporter.otlp("{http_receiver.endpoint}"), interval_s=0.02, report_open_s=0.05)
with lymer_sdk.get_tracer().span("never ends"):
    time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", program])
    deadline = time.monotonic() + 20
    while not http_receiver.received and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait(10)
    request = ExportTraceServiceRequest.FromString(http_receiver.received[0].body)
    span = request.resource_spans[0].scope_spans[0].spans[0]
    assert span.name == "never ends"
    assert [pair.value.bool_value for pair in span.attributes if pair.key == IN_PROGRESS] == [True]
