"""A JSON file of traces, whichever of the known formats it has: Jaeger's UI, OTLP, Zipkin.

The format is told by what the document looks like, as people drop files without saying. Not here: keeping them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from lymer.component.errors import DecodeError
from lymer.model.batch import SpanBatch
from lymer.wire.decoded import Decoded
from lymer.wire.jaeger_ui_json import decode_jaeger_ui_json
from lymer.wire.otlp_json import decode_otlp_json
from lymer.wire.zipkin_json import decode_zipkin_json, decode_zipkin_v1_json


def decode_uploaded(payload: bytes) -> tuple[str, SpanBatch]:
    """The format's name (`jaeger`, `otlp`, `zipkin`) and the spans. Raises DecodeError."""
    document = _read(payload)
    if document is None:
        payload = _joined_lines(payload)
        document = _read(payload)
    match document:
        case {"data": [*traces]} if all(_is_jaeger(trace) for trace in traces):
            return "jaeger", decode_jaeger_ui_json(traces)
        case {"resourceSpans": _} | {"resource_spans": _}:
            return "otlp", _whole(decode_otlp_json(payload))
        case [first, *_] if _is_jaeger(first):
            return "jaeger", decode_jaeger_ui_json(document)
        case dict() if _is_jaeger(document):
            return "jaeger", decode_jaeger_ui_json([document])
        case [{"traceId": _, "annotations": [{"endpoint": _}, *_]}, *_] | [{"binaryAnnotations": _}, *_]:
            return "zipkin", _whole(decode_zipkin_v1_json(payload))
        case [{"traceId": _}, *_]:
            return "zipkin", _whole(decode_zipkin_json(payload))
        case [[*_], *_]:
            return "zipkin", _whole(decode_zipkin_json(_flat(document)))
    raise DecodeError("not traces as Jaeger's page, OTLP or Zipkin write them in JSON")


def _read(payload: bytes) -> Any:
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _joined_lines(payload: bytes) -> bytes:
    """A document a line, as OTLP's file exporter and Jaeger's `.jsonl` have it, as one document. Raises DecodeError."""
    try:
        documents = [msgspec.json.decode(line, type=dict[str, Any]) for line in payload.splitlines() if line.strip()]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"not JSON: {error}") from error
    if all("resourceSpans" in document for document in documents):
        return msgspec.json.encode({"resourceSpans": [item for one in documents for item in one["resourceSpans"]]})
    return msgspec.json.encode([trace for one in documents for trace in one.get("data", [one])])


def _is_jaeger(trace: Any) -> bool:
    return isinstance(trace, dict) and isinstance(trace.get("spans"), list)


def _flat(traces: list[Any]) -> bytes:
    """Traces of a list each, as Zipkin's own API answers them, as one list of spans."""
    return msgspec.json.encode([span for trace in traces if isinstance(trace, list) for span in trace])


def _whole(decoded: Decoded) -> SpanBatch:
    if not len(decoded.batch):
        reasons = "; ".join(refusal.reason for refusal in decoded.refused)
        raise DecodeError(f"no spans in it{': ' if reasons else ''}{reasons}")
    return decoded.batch
