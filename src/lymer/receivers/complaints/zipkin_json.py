"""Zipkin's complaint about its JSON of either version: the steps of its own readers over Gson's."""

from __future__ import annotations

from collections.abc import Callable

from lymer.receivers.complaints.gson import JsonReader
from lymer.receivers.complaints.retelling import Complaint
from lymer.receivers.complaints.zipkin_binary import check_port
from lymer.receivers.complaints.zipkin_span import Span, V1Ids, v1_id


def read_json_v2(body: bytes) -> None:
    """Raises Complaint."""
    _read_list(body, _read_span)


def read_json_v1(body: bytes) -> None:
    """Raises Complaint."""
    _read_list(body, _read_v1_span)


def _read_list(body: bytes, read_span: Callable[[JsonReader], None]) -> None:
    reader = JsonReader(body.decode("utf-8", "replace"))
    try:
        reader.begin_array()
        while reader.has_next():
            read_span(reader)
        reader.end_array()
    except Complaint as complaint:
        cause = "Malformed" if "malformed" in str(complaint) else str(complaint)
        raise Complaint(f"{cause} reading List<Span> from json") from complaint


def _read_span(reader: JsonReader) -> None:
    span = Span()
    fields: dict[str, Callable[[], object]] = {
        "parentId": lambda: span.parent_id(reader.next_string()),
        "kind": lambda: span.kind_name(reader.next_string()),
        "name": reader.next_string,
        "timestamp": lambda: _long(reader),
        "duration": lambda: _long(reader),
        "localEndpoint": lambda: _read_endpoint(reader),
        "remoteEndpoint": lambda: _read_endpoint(reader),
        "annotations": lambda: _read_all(reader, _read_annotation),
        "tags": lambda: _read_tags(reader),
        "debug": reader.next_boolean,
        "shared": reader.next_boolean,
    }
    ids = {"traceId": lambda: span.trace_id(reader.next_string()), "id": lambda: span.id(reader.next_string())}
    _read_object(reader, fields, ids)
    span.build()


def _read_v1_span(reader: JsonReader) -> None:
    ids = V1Ids()

    def trace() -> None:
        ids.trace = v1_id(reader.next_string())

    def span() -> None:
        ids.span = v1_id(reader.next_string())

    fields: dict[str, Callable[[], object]] = {
        "name": reader.next_string,
        "parentId": lambda: v1_id(reader.next_string()),
        "timestamp": lambda: _long(reader),
        "duration": lambda: _long(reader),
        "annotations": lambda: _read_all(reader, _read_annotation),
        "binaryAnnotations": lambda: _read_all(reader, _read_binary_annotation),
        "debug": reader.next_boolean,
    }
    _read_object(reader, fields, {"traceId": trace, "id": span})
    ids.build()


def _read_object(
    reader: JsonReader, fields: dict[str, Callable[[], object]], ids: dict[str, Callable[[], None]] | None = None
) -> None:
    """One whose members are read by name; a null is none, but for an id."""
    reader.begin_object()
    while reader.has_next():
        name = reader.next_name()
        if ids and name in ids:
            ids[name]()
        elif reader.peek() == "NULL" or name not in fields:
            reader.skip_value()
        else:
            fields[name]()
    reader.end_object()


def _read_all(reader: JsonReader, read: Callable[[JsonReader], None]) -> None:
    reader.begin_array()
    while reader.has_next():
        read(reader)
    reader.end_array()


def _read_endpoint(reader: JsonReader) -> None:
    _read_object(
        reader,
        {
            "serviceName": reader.next_string,
            "ipv4": reader.next_string,
            "ipv6": reader.next_string,
            "port": lambda: check_port(reader.next_whole("an int", bits=32)),
        },
    )


def _read_annotation(reader: JsonReader) -> None:
    seen = set()
    reader.begin_object()
    while reader.has_next():
        name = reader.next_name()
        seen.add(name)
        if name == "timestamp":
            _long(reader)
        elif name == "value":
            reader.next_string()
        elif name == "endpoint" and reader.peek() != "NULL":
            _read_endpoint(reader)
        else:
            reader.skip_value()
    if not seen >= {"timestamp", "value"}:
        raise Complaint(f"Incomplete annotation at {reader.path}")
    reader.end_object()


def _read_binary_annotation(reader: JsonReader) -> None:
    has_key = False
    reader.begin_object()
    while reader.has_next():
        name = reader.next_name()
        if name == "key" and reader.peek() != "NULL":
            has_key = bool(reader.next_string()) or True
        elif name == "endpoint" and reader.peek() != "NULL":
            _read_endpoint(reader)
        else:
            reader.skip_value()
    if not has_key:
        raise Complaint(f"No key at {reader.path}")
    reader.end_object()


def _read_tags(reader: JsonReader) -> None:
    reader.begin_object()
    while reader.has_next():
        reader.next_name()
        if reader.peek() == "NULL":
            raise Complaint(f"No value at {reader.path}")
        reader.next_string()
    reader.end_object()


def _long(reader: JsonReader) -> int:
    return reader.next_whole("a long", bits=64)
