"""Bodies that come to Zipkin's port: whether they look like what their path and type say, in Zipkin's own words.

Version 1 and version 2 of its JSON can be read as each other, with most of a span lost; so Zipkin looks for members
that only one of them has, and so do we.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from lymer.component.errors import DecodeError
from lymer.model.batch import SpanBatch
from lymer.model.edited import EditedColumns
from lymer.receivers.complaints.retelling import retold
from lymer.receivers.complaints.zipkin_binary import read_proto, read_thrift
from lymer.receivers.complaints.zipkin_json import read_json_v1, read_json_v2
from lymer.wire.codecs import Decoded, decode

_NAMES: Final = {
    "zipkinthrift": "THRIFT",
    "zipkin_json1": "JSON_V1",
    "zipkin_proto": "PROTO3",
    "zipkin_json": "JSON_V2",
}
_RETELLERS: Final[dict[str, Callable[[bytes], None]]] = {
    "zipkinthrift": read_thrift,
    "zipkin_json1": read_json_v1,
    "zipkin_proto": read_proto,
    "zipkin_json": read_json_v2,
}
_V1_MEMBER: Final = b'yAnnotations"'
_V2_MEMBERS: Final = (b'Endpoint"', b'"tags"')

_DEBUG_FLAGS: Final = 3
"""Sampled, and more: what a span that says `debug` itself gets from the decoder."""


def decode_body(format_name: str, body: bytes) -> Decoded:
    """The spans of a body. Raises DecodeError, whose text begins with `Expected` when another format was sent."""
    if not body:
        return Decoded(SpanBatch.empty())
    expected = _NAMES[format_name]
    if not _is_list(body):
        raise DecodeError(f"Expected a {expected} encoded list\n")
    received = _unexpected(format_name, body)
    if received:
        raise DecodeError(f"Expected a {expected} encoded list, but received: {received}\n")
    return decode(format_name, body)


def complaint(format_name: str, body: bytes) -> str | None:
    """What Zipkin says of a body that it refuses; None where it would take it, and for long ones."""
    return retold(_RETELLERS[format_name], body)


def decode_debug_body(format_name: str, body: bytes) -> Decoded:
    """The same, each span flagged as B3's `X-B3-Flags: 1` says it."""
    decoded = decode_body(format_name, body)
    columns = EditedColumns(decoded.batch.record_batch)
    flags = pc.bit_wise_or(columns.column("flags"), pa.scalar(_DEBUG_FLAGS, pa.uint32()))
    columns.replace("flags", flags)
    return Decoded(SpanBatch.from_record_batch(columns.record_batch), decoded.refused)


def _is_list(body: bytes) -> bool:
    """Of structs in Thrift (old reporters say 11), of spans in protobuf, or in JSON, which may begin with blanks."""
    return body[0] in (11, 12) or (body[0] == 10 and body[1:2] != b"\0") or body.lstrip()[:1] == b"["


def _unexpected(format_name: str, body: bytes) -> str | None:
    if format_name == "zipkin_json" and _V1_MEMBER in body:
        return "JSON_V1"
    if format_name == "zipkin_json1" and any(member in body for member in _V2_MEMBERS):
        return "JSON_V2"
    return None
