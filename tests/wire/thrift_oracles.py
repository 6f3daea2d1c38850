"""Two independent writers of Thrift: thriftpy2 over our IDL, and Apache Thrift's protocols driven by the same IDL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import thriftpy2
from thrift.protocol import TBinaryProtocol, TCompactProtocol
from thrift.transport import TTransport
from thriftpy2.protocol import TBinaryProtocol as Binary2
from thriftpy2.protocol import TCompactProtocol as Compact2
from thriftpy2.thrift import TType
from thriftpy2.transport import TMemoryBuffer as Memory2

IDL = Path(__file__).parent / "idl"
jaeger: Any = thriftpy2.load(str(IDL / "jaeger.thrift"), module_name="jaeger_thrift")
zipkin: Any = thriftpy2.load(str(IDL / "zipkincore.thrift"), module_name="zipkincore_thrift")

WRITERS = ("thriftpy2 binary", "thriftpy2 compact", "apache binary", "apache compact")


def write(writer: str, struct: Any, method: str = "", *, strict: bool = True, kind: int = 4) -> bytes:
    """The bytes of a struct, behind a message's header when there is a method's name."""
    library, protocol = writer.split()
    if library == "thriftpy2":
        return _write_thriftpy2(protocol, struct, method, strict=strict, kind=kind)
    return _write_apache(protocol, struct, method, strict=strict, kind=kind)


def write_list(structs: list[Any]) -> bytes:
    """A bare list of structs in the binary protocol, by Apache Thrift."""
    buffer = TTransport.TMemoryBuffer()
    protocol = TBinaryProtocol.TBinaryProtocol(buffer)
    _write_value(protocol, TType.LIST, (TType.STRUCT, None), structs)
    return bytes(buffer.getvalue())


def _write_thriftpy2(name: str, struct: Any, method: str, *, strict: bool, kind: int) -> bytes:
    buffer = Memory2()
    protocol = Binary2(buffer, strict_write=strict) if name == "binary" else Compact2(buffer)
    if method:
        protocol.write_message_begin(method, kind, 1)
    protocol.write_struct(struct)
    if method:
        protocol.write_message_end()
    return bytes(buffer.getvalue())


def _write_apache(name: str, struct: Any, method: str, *, strict: bool, kind: int) -> bytes:
    buffer = TTransport.TMemoryBuffer()
    if name == "binary":
        protocol: Any = TBinaryProtocol.TBinaryProtocol(buffer, strictWrite=strict)
    else:
        protocol = TCompactProtocol.TCompactProtocol(buffer)
    if method:
        protocol.writeMessageBegin(method, kind, 1)
    _write_struct(protocol, struct)
    if method:
        protocol.writeMessageEnd()
    return bytes(buffer.getvalue())


def _write_struct(protocol: Any, struct: Any) -> None:
    protocol.writeStructBegin(type(struct).__name__)
    for number, spec in type(struct).thrift_spec.items():
        value = getattr(struct, spec[1])
        if value is not None:
            protocol.writeFieldBegin(spec[1], _wire_type(spec[0]), number)
            _write_value(protocol, spec[0], spec[2] if len(spec) > 3 else None, value)
            protocol.writeFieldEnd()
    protocol.writeFieldStop()
    protocol.writeStructEnd()


def _wire_type(kind: int) -> int:
    return int(TType.STRING if kind == TType.BINARY else kind)


def _write_value(protocol: Any, kind: int, inner: Any, value: Any) -> None:
    match kind:
        case TType.STRUCT:
            _write_struct(protocol, value)
        case TType.LIST:
            element = inner[0] if isinstance(inner, tuple) else inner
            protocol.writeListBegin(element, len(value))
            for one in value:
                _write_value(protocol, element, None, one)
            protocol.writeListEnd()
        case TType.STRING | TType.BINARY:
            protocol.writeBinary(value.encode() if isinstance(value, str) else value)
        case TType.BOOL:
            protocol.writeBool(value)
        case TType.I16:
            protocol.writeI16(value)
        case TType.I32:
            protocol.writeI32(value)
        case TType.I64:
            protocol.writeI64(value)
        case TType.DOUBLE:
            protocol.writeDouble(value)


def signed(value: int) -> int:
    """64 bits as Thrift has them."""
    return value - 2**64 if value >= 2**63 else value


def jaeger_tag(tag: tuple[str, str, Any]) -> Any:
    key, kind, value = tag
    field = {"STRING": "vStr", "DOUBLE": "vDouble", "BOOL": "vBool", "LONG": "vLong", "BINARY": "vBinary"}[kind]
    return jaeger.Tag(key=key, vType=getattr(jaeger.TagType, kind), **{field: value})


def jaeger_batch(batch: dict[str, Any]) -> Any:
    """Plain dicts as structs of the IDL."""
    process = jaeger.Process(
        serviceName=batch["process"]["service_name"], tags=[jaeger_tag(tag) for tag in batch["process"]["tags"]]
    )
    stats = jaeger.ClientStats(fullQueueDroppedSpans=1, tooLargeDroppedSpans=2, failedToEmitSpans=3)
    return jaeger.Batch(process=process, spans=[_span(span) for span in batch["spans"]], seqNo=9, stats=stats)


def _span(span: dict[str, Any]) -> Any:
    return jaeger.Span(
        traceIdLow=signed(span["trace_id"] % 2**64),
        traceIdHigh=signed(span["trace_id"] >> 64),
        spanId=signed(span["span_id"]),
        parentSpanId=signed(span["parent_span_id"]),
        operationName=span["name"],
        references=[_reference(one) for one in span["references"]] or None,
        flags=span["flags"],
        startTime=span["start"],
        duration=span["duration"],
        tags=[jaeger_tag(tag) for tag in span["tags"]],
        logs=[
            jaeger.Log(timestamp=log["timestamp"], fields=[jaeger_tag(tag) for tag in log["fields"]])
            for log in span["logs"]
        ],
    )


def _reference(reference: dict[str, Any]) -> Any:
    return jaeger.SpanRef(
        refType=getattr(jaeger.SpanRefType, reference["type"]),
        traceIdLow=signed(reference["trace_id"] % 2**64),
        traceIdHigh=signed(reference["trace_id"] >> 64),
        spanId=signed(reference["span_id"]),
    )
