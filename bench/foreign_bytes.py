"""The benchmark's spans in Jaeger's and Zipkin's formats: by their libraries' own writers, so that nothing is ours."""

from __future__ import annotations

import json
from typing import Any

from lymer import _native
from tests.wire.descriptors import JAEGER
from tests.wire.thrift_oracles import jaeger, write

_TYPES = ("STRING", "BOOL", "LONG", "DOUBLE", "BINARY")
_FIELDS = ("vStr", "vBool", "vLong", "vDouble", "vBinary")


def jaeger_protos(batches: list[_native.Batch]) -> list[bytes]:
    """A PostSpansRequest of each batch."""
    return [_post_spans(_native.encode_jaeger_proto(batch)) for batch in batches]


def zipkin_jsons(batches: list[_native.Batch]) -> list[bytes]:
    """A list of spans of version 2 of each batch."""
    lists = [[span for trace in _native.encode_zipkin_json(batch) for span in json.loads(trace)] for batch in batches]
    return [json.dumps(spans, separators=(",", ":"), ensure_ascii=False).encode() for spans in lists]


def jaeger_thrifts(batches: list[_native.Batch], writer: str, spans_each: int, *, method: str = "") -> list[bytes]:
    """Batches of so many spans, bare or as a message; writers are those of `tests.wire.thrift_oracles`."""
    by_process: dict[bytes, list[Any]] = {}
    for batch in batches:
        for span in JAEGER["SpansResponseChunk"].FromString(_native.encode_jaeger_proto(batch)).spans:
            by_process.setdefault(span.process.SerializeToString(), []).append(span)
    return [
        _written(writer, _batch(spans[start : start + spans_each]), method)
        for spans in by_process.values()
        for start in range(0, len(spans), spans_each)
    ]


def _written(writer: str, batch: Any, method: str) -> bytes:
    return write(writer, jaeger.EmitBatchArguments(batch=batch) if method else batch, method)


def _post_spans(spans: bytes) -> bytes:
    batch = JAEGER["Batch"].FromString(spans)
    return bytes(JAEGER["PostSpansRequest"](batch=batch).SerializeToString())


def _batch(spans: list[Any]) -> Any:
    process = spans[0].process
    sender = jaeger.Process(serviceName=process.service_name.decode(), tags=[_tag(tag) for tag in process.tags])
    return jaeger.Batch(process=sender, spans=[_span(span) for span in spans])


def _span(span: Any) -> Any:
    ids = {one.span_id for one in span.references[:1]}
    parent = int.from_bytes(next(iter(ids), b""), "big", signed=True)
    return jaeger.Span(
        traceIdLow=int.from_bytes(span.trace_id[8:], "big", signed=True),
        traceIdHigh=int.from_bytes(span.trace_id[:8], "big", signed=True),
        spanId=int.from_bytes(span.span_id, "big", signed=True),
        parentSpanId=parent,
        operationName=span.operation_name.decode(),
        flags=1,
        startTime=span.start_time.seconds * 1_000_000 + span.start_time.nanos // 1000,
        duration=span.duration.seconds * 1_000_000 + span.duration.nanos // 1000,
        tags=[_tag(tag) for tag in span.tags],
        logs=[
            jaeger.Log(
                timestamp=log.timestamp.seconds * 1_000_000 + log.timestamp.nanos // 1000,
                fields=[_tag(field) for field in log.fields],
            )
            for log in span.logs
        ],
    )


def _tag(tag: Any) -> Any:
    values = (tag.v_str.decode(), tag.v_bool, tag.v_int64, tag.v_float64, tag.v_binary)
    number = tag.v_type
    kind = getattr(jaeger.TagType, _TYPES[number])
    return jaeger.Tag(key=tag.key.decode(), vType=kind, **{_FIELDS[number]: values[number]})
