"""What a request means, said once more and slowly: protobuf's upb reads it, Python makes rows of it.

upb refuses strings that are not UTF-8, while we repair them. So it reads with copies of the official descriptors in
which strings are bytes.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import Any

import pyarrow as pa
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from lymer.model.attributes import AttributeType, Pairs, as_text, write_bag, write_value
from lymer.model.batch import SpanBatch
from lymer.model.schema import MISSING_SERVICE_NAME
from lymer.wire.decoded import Decoded

Row = dict[str, Any]


def _permissive_request() -> Any:
    pool = descriptor_pool.DescriptorPool()
    for module in (common_pb2, resource_pb2, trace_pb2, trace_service_pb2):
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        for message in file.message_type:
            _strings_to_bytes(message)
        pool.Add(file)
    name = "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest"
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def _strings_to_bytes(message: Any) -> None:
    for field in message.field:
        if field.type == field.TYPE_STRING:
            field.type = field.TYPE_BYTES
    for nested in message.nested_type:
        _strings_to_bytes(nested)


PermissiveRequest = _permissive_request()


def expected(payload: bytes) -> tuple[list[Row], Counter[str]]:
    """Rows and refusals. Raises DecodeError of protobuf when the bytes are not a request."""
    request = PermissiveRequest.FromString(payload)
    rows: list[Row] = []
    refused: Counter[str] = Counter()
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            shared = _shared(resource_spans, scope_spans)
            for span in scope_spans.spans:
                reason = _refusal(span)
                if reason:
                    refused[reason] += 1
                else:
                    rows.append(_span(span) | shared)
    return rows, refused


def rows_of(batch: SpanBatch) -> list[Row]:
    """The rows of a batch in the same form."""
    columns = {name: batch.record_batch.column(name) for name in batch.record_batch.schema.names}
    columns["start_time_unix_nano"] = columns["start_time_unix_nano"].cast(pa.int64())
    events = columns["events"]
    fields = [
        pa.field(field.name, pa.int64() if pa.types.is_timestamp(field.type) else field.type)
        for field in events.type.value_type
    ]
    columns["events"] = events.cast(pa.list_(pa.struct(fields)))
    return pa.table(columns).to_pylist()  # type: ignore[no-any-return]


def refusals_of(decoded: Decoded) -> Counter[str]:
    """The refusals in the same form."""
    return Counter({refusal.reason: refusal.count for refusal in decoded.refused})


def _refusal(span: Any) -> str | None:
    """The reason that we give; when there are several, which one is ours to choose, so the order here is ours."""
    checks = [
        (len(span.trace_id) == 16 and any(span.trace_id), "trace id must be 16 bytes, not zero"),
        (len(span.span_id) == 8 and any(span.span_id), "span id must be 8 bytes, not zero"),
        (len(span.parent_span_id) in (0, 8), "parent span id must be 8 bytes or absent"),
        (span.start_time_unix_nano < 2**63, "start time must be before the year 2262"),
        (span.end_time_unix_nano < 2**63, "end time must be before the year 2262"),
    ]
    first = next((reason for holds, reason in checks if not holds), None)
    return first or _last_refusal_inside(span)


def _last_refusal_inside(span: Any) -> str | None:
    # Events and links are read in the order of the bytes, which upb does not keep; tests break one kind at a time.
    for link in reversed(span.links):
        if len(link.trace_id) not in (0, 16):
            return "link trace id must be 16 bytes or absent"
        if len(link.span_id) not in (0, 8):
            return "link span id must be 8 bytes or absent"
    if any(event.time_unix_nano >= 2**63 for event in span.events):
        return "event time must be before the year 2262"
    return None


def _span(span: Any) -> Row:
    parent = span.parent_span_id
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_span_id": parent if any(parent) else None,
        "trace_state": _text(span.trace_state),
        "flags": span.flags,
        "name": _text(span.name),
        "kind": span.kind,
        "start_time_unix_nano": span.start_time_unix_nano,
        "duration_nano": span.end_time_unix_nano - span.start_time_unix_nano,
        "status_code": span.status.code,
        "status_message": _text(span.status.message),
        "attributes": [_attribute(pair) for pair in span.attributes],
        "dropped_attributes_count": span.dropped_attributes_count,
        "events": [_event(event) for event in span.events],
        "dropped_events_count": span.dropped_events_count,
        "links": [_link(link) for link in span.links],
        "dropped_links_count": span.dropped_links_count,
    }


def _event(event: Any) -> Row:
    return {
        "time_unix_nano": event.time_unix_nano,
        "name": _text(event.name),
        "attributes": _bag(event.attributes),
        "dropped_attributes_count": event.dropped_attributes_count,
    }


def _link(link: Any) -> Row:
    return {
        "trace_id": link.trace_id or bytes(16),
        "span_id": link.span_id or bytes(8),
        "trace_state": _text(link.trace_state),
        "attributes": _bag(link.attributes),
        "dropped_attributes_count": link.dropped_attributes_count,
        "flags": link.flags,
    }


def _shared(resource_spans: Any, scope_spans: Any) -> Row:
    resource, scope = resource_spans.resource, scope_spans.scope
    return {
        "service_name": _service_name(resource),
        "resource_attributes": _bag(resource.attributes),
        "resource_dropped_attributes_count": resource.dropped_attributes_count,
        "resource_entity_refs": _entity_refs(resource),
        "resource_schema_url": _text(resource_spans.schema_url),
        "scope_name": _text(scope.name),
        "scope_version": _text(scope.version),
        "scope_attributes": _bag(scope.attributes),
        "scope_dropped_attributes_count": scope.dropped_attributes_count,
        "scope_schema_url": _text(scope_spans.schema_url),
    }


def _service_name(resource: Any) -> str:
    names = [as_text(_value(pair.value)) for pair in resource.attributes if pair.key == b"service.name"]
    return next((name for name in names if name), "" if names else MISSING_SERVICE_NAME)


def _entity_refs(resource: Any) -> bytes:
    strict = resource_pb2.Resource()
    for ref in resource.entity_refs:
        strict.entity_refs.add(
            schema_url=_text(ref.schema_url),
            type=_text(ref.type),
            id_keys=[_text(key) for key in ref.id_keys],
            description_keys=[_text(key) for key in ref.description_keys],
        )
    return strict.SerializeToString()


def _attribute(pair: Any) -> Row:
    value = _value(pair.value)
    row = {"key": _text(pair.key), "type": _type(value), "number": 0, "text": b""}
    match value:
        case bool() | int():
            row["number"] = int(value)
        case float():
            row["number"] = _bits(value)
        case str():
            row["text"] = value.encode()
        case bytes():
            row["text"] = value
        case list():
            row["text"] = write_value(value).encode()
    if isinstance(value, Pairs):
        row["text"] = write_value(value).encode()
    return row


def _bits(value: float) -> int:
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


def _type(value: Any) -> int:
    kinds = {
        type(None): AttributeType.EMPTY,
        str: AttributeType.STRING,
        bool: AttributeType.BOOL,
        int: AttributeType.INT,
        float: AttributeType.DOUBLE,
        bytes: AttributeType.BYTES,
        list: AttributeType.ARRAY,
        Pairs: AttributeType.MAP,
    }
    return int(kinds[type(value)])


def _bag(pairs: Any) -> str:
    return write_bag((_text(pair.key), _value(pair.value)) for pair in pairs)


def _value(value: Any) -> Any:
    match value.WhichOneof("value"):
        case "string_value":
            return _text(value.string_value)
        case "array_value":
            return [_value(item) for item in value.array_value.values]
        case "kvlist_value":
            return Pairs((_text(pair.key), _value(pair.value)) for pair in value.kvlist_value.values)
        case None | "string_value_strindex":
            return None
        case name:
            return getattr(value, name)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
