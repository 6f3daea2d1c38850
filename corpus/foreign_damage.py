"""What is wrong with a payload in each of Jaeger's and Zipkin's formats: wrong types, huge lengths, deep nesting, text
that is not UTF-8, unknown fields, zero ids, nothing at all. Outcomes are written by hand; `make_foreign` writes the
files.
"""

from __future__ import annotations

import json
from typing import Any

Case = tuple[bytes, str, dict[str, Any]]

NO_TRACE = "trace id must be 16 bytes, not zero"
NO_SPAN = "span id must be 8 bytes, not zero"

_I64 = (5).to_bytes(8, "big")
_NO_I64 = bytes(8)


def _binary_span(*, trace: bytes = _I64, span: bytes = _I64, name: bytes = b"op", more: bytes = b"") -> bytes:
    """A Jaeger span in Thrift's binary protocol."""
    ids = b"\x0a\x00\x01" + trace + b"\x0a\x00\x02" + _NO_I64 + b"\x0a\x00\x03" + span + b"\x0a\x00\x04" + _NO_I64
    text = b"\x0b\x00\x05" + len(name).to_bytes(4, "big") + name
    times = b"\x0a\x00\x08" + _I64 + b"\x0a\x00\x09" + _I64
    return ids + text + times + more + b"\x00"


def _binary_batch(*spans: bytes, before: bytes = b"") -> bytes:
    return before + b"\x0f\x00\x02\x0c" + len(spans).to_bytes(4, "big") + b"".join(spans) + b"\x00"


def _zipkin_span(*, trace: bytes = _I64, span: bytes = _I64, name: bytes = b"op", more: bytes = b"") -> bytes:
    """A Zipkin span of version 1 in the binary protocol."""
    text = b"\x0b\x00\x03" + len(name).to_bytes(4, "big") + name
    return b"\x0a\x00\x01" + trace + text + b"\x0a\x00\x04" + span + b"\x0a\x00\x0a" + _I64 + more + b"\x00"


def _zipkin_list(*spans: bytes) -> bytes:
    return b"\x0c" + len(spans).to_bytes(4, "big") + b"".join(spans)


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes in protobuf; contents are short here."""
    return bytes([number << 3 | 2, len(content)]) + content


def _jaeger_proto(*, trace: bytes = b"\x01" * 16, span: bytes = b"\x02" * 8, more: bytes = b"") -> bytes:
    """A PostSpansRequest with one span."""
    return _field(1, _field(1, _field(1, trace) + _field(2, span) + more))


def _zipkin_proto(*, trace: bytes = b"\x01" * 16, span: bytes = b"\x02" * 8, more: bytes = b"") -> bytes:
    """A ListOfSpans with one span."""
    return _field(1, _field(1, trace) + _field(3, span) + more)


def _rows(rows: int, **refused: int) -> dict[str, Any]:
    return {"rows": rows, "refused": {_REASONS[name]: count for name, count in refused.items()}}


_REASONS = {"no_trace": NO_TRACE, "no_span": NO_SPAN}


def jaeger_damage() -> dict[str, Case]:
    """By name: bytes, format, outcome."""
    wrong = b"\x08\x00\x0a" + bytes(4) + b"\x0b\x00\x07\x00\x00\x00\x01x"  # Tags as a number, flags as text.
    unknown = b"\x0c\x00\x63\x0b\x00\x01\x00\x00\x00\x01x\x00" + b"\x0a\x7f\xff" + _I64
    return {
        "batch-wrong-types.bin": (_binary_batch(_binary_span(more=wrong)), "jaegerthrift", _rows(1)),
        "batch-spans-of-numbers.bin": (
            b"\x0f\x00\x02\x08\x00\x00\x00\x01\x00\x00\x00\x05\x00",
            "jaegerthrift",
            {"error": "of structs"},
        ),
        "batch-unknown-fields.bin": (
            _binary_batch(_binary_span(more=unknown), before=unknown),
            "jaegerthrift",
            _rows(1),
        ),
        "batch-not-utf8.bin": (_binary_batch(_binary_span(name=b"\xff\xfeop")), "jaegerthrift", _rows(1)),
        "batch-zero-ids.bin": (
            _binary_batch(_binary_span(trace=_NO_I64), _binary_span(span=_NO_I64), _binary_span()),
            "jaegerthrift",
            _rows(1, no_trace=1, no_span=1),
        ),
        "batch-unknown-type.bin": (b"\x09\x00\x02\x00", "jaegerthrift", {"error": "type"}),
        "emit-batch-of-two-billion-spans.bin": (
            b"\x82\x81\x01\x09emitBatch\x1c\x29\xfc\xff\xff\xff\xff\x07",
            "jaegerthrift",
            {"error": "more elements"},
        ),
        "emit-batch-text-of-4-gib.bin": (
            b"\x82\x81\x01\x09emitBatch\x1c\x98\xff\xff\xff\xff\x0f",
            "jaegerthrift",
            {"error": "length|runs past"},
        ),
        "emit-batch-nested-too-deeply.bin": (
            b"\x82\x81\x01\x09emitBatch\x1c" + b"\x9c" * 200,
            "jaegerthrift",
            {"error": "nested too deeply"},
        ),
        "emit-batch-empty.bin": (b"\x82\x81\x01\x09emitBatch\x00", "jaegerthrift", _rows(0)),
        "post-spans-wrong-types.bin": (_jaeger_proto(more=b"\x18\x05"), "jaeger_proto", _rows(1)),
        "post-spans-unknown-fields.bin": (_jaeger_proto(more=b"\xf8\x07\x05"), "jaeger_proto", _rows(1)),
        "post-spans-not-utf8.bin": (_jaeger_proto(more=_field(3, b"\xff\xfeop")), "jaeger_proto", _rows(1)),
        "post-spans-zero-trace-id.bin": (_jaeger_proto(trace=bytes(16)), "jaeger_proto", _rows(0, no_trace=1)),
        "post-spans-short-span-id.bin": (_jaeger_proto(span=b"\x01"), "jaeger_proto", _rows(0, no_span=1)),
        "post-spans-length-of-4-gib.bin": (
            b"\x0a\xff\xff\xff\xff\x0f",
            "jaeger_proto",
            {"error": "length runs past the end"},
        ),
        "post-spans-endless-number.bin": (b"\x80" * 11, "jaeger_proto", {"error": "out of range"}),
        "post-spans-nested-groups.bin": (b"\x1b" * 300, "jaeger_proto", {"error": "group|nested"}),
    }


def zipkin_damage() -> dict[str, Case]:
    """By name: bytes, format, outcome."""
    return _zipkin_json_damage() | _zipkin_v1_damage() | _zipkin_proto_damage()


def _zipkin_json_damage() -> dict[str, Case]:
    span = {"traceId": "1", "id": "2", "timestamp": 5}
    unknown = {"x": [1, {"y": None}], "z": "\u0000"}
    zeros = [span | {"traceId": "0"}, span | {"id": "0"}, span]
    cases: dict[str, Case] = {}
    for version, name in (("v2", "zipkin_json"), ("v1", "zipkin_json1")):
        cases |= {
            f"{version}-unknown-fields.json": (json.dumps([span | unknown]).encode(), name, _rows(1)),
            f"{version}-id-is-a-list.json": (json.dumps([span | {"id": [2]}]).encode(), name, {"error": "wanted"}),
            f"{version}-annotations-is-a-number.json": (
                json.dumps([span | {"annotations": 5}]).encode(),
                name,
                {"error": "wanted"},
            ),
            f"{version}-zero-ids.json": (json.dumps(zeros).encode(), name, _rows(1, no_trace=1, no_span=1)),
            f"{version}-control-characters.json": (b'[{"traceId":"1","id":"2","name":"a\tb\n\x01"}]', name, _rows(1)),
            f"{version}-more-behind.json": (b"[][]", name, {"error": "something follows"}),
            f"{version}-not-utf8.json": (b'[{"traceId":"1","id":"2","name":"\xff"}]', name, _rows(1)),
            f"{version}-timestamp-is-huge.json": (
                b'[{"traceId":"1","id":"2","timestamp":1e400}]',
                name,
                {"error": "number|range|wanted"},
            ),
        }
    return cases


def _zipkin_v1_damage() -> dict[str, Case]:
    return {
        "v1-empty.json": (b"[]", "zipkin_json1", _rows(0)),
        "v1-not-a-list.json": (b'"spans"', "zipkin_json1", {"error": "an array is wanted"}),
        "v1-nested-too-deeply.json": (b'[{"x":' + b"[" * 300, "zipkin_json1", {"error": "nested too deeply"}),
        "v1-empty.bin": (_zipkin_list(), "zipkinthrift", _rows(0)),
        "v1-wrong-types.bin": (
            _zipkin_list(_zipkin_span(more=b"\x08\x00\x06" + bytes(4))),
            "zipkinthrift",
            _rows(1),
        ),
        "v1-not-utf8.bin": (_zipkin_list(_zipkin_span(name=b"\xff\xfe")), "zipkinthrift", _rows(1)),
        "v1-zero-ids.bin": (
            _zipkin_list(_zipkin_span(trace=_NO_I64), _zipkin_span(span=_NO_I64), _zipkin_span()),
            "zipkinthrift",
            _rows(1, no_trace=1, no_span=1),
        ),
        "v1-list-of-numbers.bin": (
            b"\x08\x00\x00\x00\x01\x00\x00\x00\x05",
            "zipkinthrift",
            {"error": "of structs"},
        ),
        "v1-nested-too-deeply.bin": (
            b"\x0c\x00\x00\x00\x01" + b"\x0c\x00\x63" * 100,
            "zipkinthrift",
            {"error": "nested too deeply"},
        ),
        "v1-text-of-4-gib.bin": (
            b"\x0c\x00\x00\x00\x01\x0b\x00\x03\xff\xff\xff\xff",
            "zipkinthrift",
            {"error": "negative length"},
        ),
    }


def _zipkin_proto_damage() -> dict[str, Case]:
    return {
        "v2-empty.bin": (b"", "zipkin_proto", _rows(0)),
        "v2-wrong-types.bin": (_zipkin_proto(more=b"\x28\x05"), "zipkin_proto", _rows(1)),
        "v2-unknown-fields.bin": (_zipkin_proto(more=b"\xf8\x07\x05"), "zipkin_proto", _rows(1)),
        "v2-not-utf8.bin": (_zipkin_proto(more=_field(5, b"\xff\xfe")), "zipkin_proto", _rows(1)),
        "v2-zero-trace-id.bin": (_zipkin_proto(trace=bytes(16)), "zipkin_proto", _rows(0, no_trace=1)),
        "v2-short-span-id.bin": (_zipkin_proto(span=b"\x01"), "zipkin_proto", _rows(1)),
        "v2-length-of-4-gib.bin": (b"\x0a\xff\xff\xff\xff\x0f", "zipkin_proto", {"error": "length runs past the end"}),
    }
