"""Writes `jaeger/` and `zipkin/`: one small trace in every wrapping of every format, each with one thing wrong too.

Run it after adding a case: `python -m corpus.make_foreign`. The bytes are by Apache Thrift, thriftpy2 and upb; the
outcomes (how many spans, which refusals, which error) are written by hand, not taken from us.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from corpus.foreign_damage import jaeger_damage, zipkin_damage
from tests.wire import zipkin_examples
from tests.wire.descriptors import JAEGER
from tests.wire.thrift_oracles import jaeger, jaeger_batch, write, write_list, zipkin

FOLDER = Path(__file__).parent
TRACE_ID = 0x0102030405060708090A0B0C0D0E0F10
START_MICROS = 1_763_000_000_000_000


def jaeger_span(span_id: int, **fields: Any) -> dict[str, Any]:
    """A span of Jaeger."""
    return {
        "trace_id": TRACE_ID,
        "span_id": span_id,
        "parent_span_id": 0,
        "name": "GET /",
        "references": [],
        "flags": 1,
        "start": START_MICROS,
        "duration": 1500,
        "tags": [("span.kind", "STRING", "server"), ("http.status_code", "LONG", 200)],
        "logs": [{"timestamp": START_MICROS + 10, "fields": [("event", "STRING", "retry")]}],
    } | fields


def batch_of(*spans: dict[str, Any]) -> dict[str, Any]:
    """A batch of Jaeger."""
    tags = [("hostname", "STRING", "host-1"), ("jaeger.version", "STRING", "Go-2.30.0")]
    return {"process": {"service_name": "frontend", "tags": tags}, "spans": list(spans)}


TWO = batch_of(jaeger_span(1), jaeger_span(2, parent_span_id=1, tags=[("error", "BOOL", True)]))
ONE_BAD = batch_of(jaeger_span(1), jaeger_span(0), jaeger_span(2))


def jaeger_cases() -> dict[str, tuple[bytes, str, dict[str, Any]]]:
    """By name: bytes, format, outcome."""
    emit = jaeger.EmitBatchArguments(batch=jaeger_batch(TWO))
    two: dict[str, Any] = {"rows": 2, "refused": {}}
    compact = write("apache compact", emit, "emitBatch")
    binary = write("apache binary", jaeger_batch(TWO))
    spans = [{"trace_id": TRACE_ID.to_bytes(16, "big"), "span_id": number.to_bytes(8, "big")} for number in (1, 2)]
    request = JAEGER["PostSpansRequest"](batch={"spans": spans, "process": {"service_name": b"frontend"}})
    proto = request.SerializeToString()
    zero = {"rows": 2, "refused": {"span id must be 8 bytes, not zero": 1}}
    return {
        "batch-binary.bin": (binary, "jaegerthrift", two),
        "batch-compact.bin": (write("thriftpy2 compact", jaeger_batch(TWO)), "jaegerthrift", two),
        "batch-empty.bin": (write("apache binary", jaeger.Batch(spans=[])), "jaegerthrift", {"rows": 0, "refused": {}}),
        "batch-one-span-without-an-id.bin": (write("apache binary", jaeger_batch(ONE_BAD)), "jaegerthrift", zero),
        "batch-cut.bin": (binary[:-9], "jaegerthrift", {"error": "cut off|runs past the end"}),
        "batch-of-two-billion-spans.bin": (
            b"\x0f\x00\x02\x0c\x7f\xff\xff\xff",
            "jaegerthrift",
            {"error": "more elements"},
        ),
        "batch-text-of-4-gib.bin": (b"\x0b\x00\x09\xff\xff\xff\xff", "jaegerthrift", {"error": "negative length"}),
        "batch-nested-too-deeply.bin": (b"\x0c\x00\x09" * 100, "jaegerthrift", {"error": "nested too deeply"}),
        "emit-batch-compact.bin": (compact, "jaegerthrift", two),
        "emit-batch-compact-cut.bin": (compact[:-5], "jaegerthrift", {"error": "cut off|runs past the end"}),
        "emit-batch-compact-and-more.bin": (compact + b"\xff", "jaegerthrift", two),
        "emit-batch-strict.bin": (write("apache binary", emit, "emitBatch"), "jaegerthrift", two),
        "emit-batch-old.bin": (write("apache binary", emit, "emitBatch", strict=False), "jaegerthrift", two),
        "emit-nothing-known.bin": (write("apache compact", emit, "eat"), "jaegerthrift", {"error": "unknown method"}),
        "emit-reply.bin": (
            write("apache compact", emit, "emitBatch", kind=2),
            "jaegerthrift",
            {"error": "a call is wanted"},
        ),
        "post-spans.bin": (proto, "jaeger_proto", two),
        "post-spans-empty.bin": (b"", "jaeger_proto", {"rows": 0, "refused": {}}),
        "post-spans-cut.bin": (proto[:-3], "jaeger_proto", {"error": "length runs past the end"}),
    }


def zipkin_cases() -> dict[str, tuple[bytes, str, dict[str, Any]]]:
    """By name: bytes, format, outcome."""
    ids = {"traceId": f"{TRACE_ID:032x}", "tags": {"http.method": "GET"}}
    place = {"serviceName": "frontend", "ipv4": "10.0.0.1", "port": 80}
    spans = [
        ids | {"id": f"{number:016x}", "name": "get", "kind": "CLIENT", "timestamp": START_MICROS, "duration": 9,
               "localEndpoint": place, "annotations": [{"timestamp": START_MICROS + 1, "value": "ws"}]}
        for number in (1, 2)
    ]  # fmt: skip
    host = zipkin.Endpoint(ipv4=0x0A000001, port=80, service_name="frontend")
    notes = [
        zipkin.Annotation(timestamp=START_MICROS + at, value=value, host=host) for at, value in [(0, "cs"), (9, "cr")]
    ]
    old = [
        zipkin.Span(trace_id=7, id=number, name="get", annotations=notes, binary_annotations=[]) for number in (1, 2)
    ]
    thrift = write_list(old)
    emitted = write("apache compact", zipkin.EmitZipkinBatchArguments(spans=old), "emitZipkinBatch")
    v1 = [
        {"traceId": "7", "id": str(number), "name": "get",
         "annotations": [{"timestamp": START_MICROS, "value": "cs", "endpoint": place}],
         "binaryAnnotations": [{"key": "sa", "value": True, "endpoint": place}]}
        for number in (1, 2)
    ]  # fmt: skip
    two: dict[str, Any] = {"rows": 2, "refused": {}}
    bad = [spans[0] | {"id": "0"}, spans[1]]
    one_bad = {"rows": 1, "refused": {"span id must be 8 bytes, not zero": 1}}
    return {
        "v2.json": (json.dumps(spans).encode(), "zipkin_json", two),
        "v2-empty.json": (b"[]", "zipkin_json", {"rows": 0, "refused": {}}),
        "v2-one-span-without-an-id.json": (json.dumps(bad).encode(), "zipkin_json", one_bad),
        "v2-not-a-list.json": (b"{}", "zipkin_json", {"error": "an array is wanted"}),
        "v2-cut.json": (json.dumps(spans).encode()[:-9], "zipkin_json", {"error": "cut off|wanted"}),
        "v2-nested-too-deeply.json": (b'[{"x":' + b"[" * 300, "zipkin_json", {"error": "nested too deeply"}),
        "v2.bin": (zipkin_examples.as_proto(spans), "zipkin_proto", two),
        "v2-cut.bin": (zipkin_examples.as_proto(spans)[:-3], "zipkin_proto", {"error": "length runs past the end"}),
        "v1.json": (json.dumps(v1).encode(), "zipkin_json1", two),
        "v1.bin": (thrift, "zipkinthrift", two),
        "v1-cut.bin": (thrift[:-3], "zipkinthrift", {"error": "cut off|runs past the end"}),
        "v1-of-two-billion-spans.bin": (b"\x0c\x7f\xff\xff\xff", "zipkinthrift", {"error": "more elements"}),
        "emit-zipkin-batch-compact.bin": (emitted, "jaegerthrift", two),
    }


def main() -> None:
    """Write both folders."""
    for folder, cases in [
        ("jaeger", jaeger_cases() | jaeger_damage()),
        ("zipkin", zipkin_cases() | zipkin_damage()),
    ]:
        for name, (payload, _, _) in cases.items():
            (FOLDER / folder / name).write_bytes(payload)
        outcomes = {name: {"format": format_name} | outcome for name, (_, format_name, outcome) in cases.items()}
        (FOLDER / folder / "expected.json").write_text(json.dumps(outcomes, indent=2) + "\n")


if __name__ == "__main__":
    main()
