"""What Jaeger's `api_v2` looks like, for gRPC's reflection: grpcurl and its like ask. No message is made of it.

The tables say what jaeger-idl's model.proto, collector.proto and sampling.proto say.
"""

from __future__ import annotations

import importlib
from typing import Final

from google.protobuf import descriptor_pb2, descriptor_pool

PACKAGE: Final = "jaeger.api_v2"

_TIMESTAMP: Final = "google/protobuf/timestamp.proto"
_DURATION: Final = "google/protobuf/duration.proto"

_ENUMS: Final = {
    "model.proto": {
        "ValueType": "STRING BOOL INT64 FLOAT64 BINARY",
        "SpanRefType": "CHILD_OF FOLLOWS_FROM",
    },
    "sampling.proto": {"SamplingStrategyType": "PROBABILISTIC RATE_LIMITING"},
}

_MESSAGES: Final = {
    "model.proto": {
        "KeyValue": "1 key string, 2 v_type ValueType, 3 v_str string, 4 v_bool bool, 5 v_int64 int64, "
        "6 v_float64 double, 7 v_binary bytes",
        "Log": "1 timestamp google.protobuf.Timestamp, 2 fields *KeyValue",
        "SpanRef": "1 trace_id bytes, 2 span_id bytes, 3 ref_type SpanRefType",
        "Process": "1 service_name string, 2 tags *KeyValue",
        "Span": "1 trace_id bytes, 2 span_id bytes, 3 operation_name string, 4 references *SpanRef, 5 flags uint32, "
        "6 start_time google.protobuf.Timestamp, 7 duration google.protobuf.Duration, 8 tags *KeyValue, 9 logs *Log, "
        "10 process Process, 11 process_id string, 12 warnings *string",
        "Batch": "1 spans *Span, 2 process Process",
    },
    "collector.proto": {"PostSpansRequest": "1 batch Batch", "PostSpansResponse": ""},
    "sampling.proto": {
        "ProbabilisticSamplingStrategy": "1 samplingRate double",
        "RateLimitingSamplingStrategy": "1 maxTracesPerSecond int32",
        "OperationSamplingStrategy": "1 operation string, 2 probabilisticSampling ProbabilisticSamplingStrategy",
        "PerOperationSamplingStrategies": "1 defaultSamplingProbability double, "
        "2 defaultLowerBoundTracesPerSecond double, 3 perOperationStrategies *OperationSamplingStrategy, "
        "4 defaultUpperBoundTracesPerSecond double",
        "SamplingStrategyResponse": "1 strategyType SamplingStrategyType, "
        "2 probabilisticSampling ProbabilisticSamplingStrategy, 3 rateLimitingSampling RateLimitingSamplingStrategy, "
        "4 operationSampling PerOperationSamplingStrategies",
        "SamplingStrategyParameters": "1 serviceName string",
    },
}
"""A field is `number name type`; `*` marks a repeated one."""

_IMPORTS: Final = {"model.proto": (_TIMESTAMP, _DURATION), "collector.proto": ("model.proto",), "sampling.proto": ()}

_SERVICES: Final = {
    "collector.proto": ("CollectorService", "PostSpans", "PostSpansRequest", "PostSpansResponse"),
    "sampling.proto": (
        "SamplingManager",
        "GetSamplingStrategy",
        "SamplingStrategyParameters",
        "SamplingStrategyResponse",
    ),
}
"""Service, its method, what it takes and gives."""

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS: Final = {
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
    "bool": _Field.TYPE_BOOL,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "uint32": _Field.TYPE_UINT32,
    "double": _Field.TYPE_DOUBLE,
}


def load_descriptors() -> None:
    """Put them into the default pool, unless somebody's generated code has done so."""
    pool = descriptor_pool.Default()
    for module in ("timestamp_pb2", "duration_pb2"):
        importlib.import_module(f"google.protobuf.{module}")
    for name, imports in _IMPORTS.items():
        try:
            pool.FindFileByName(name)
        except KeyError:
            pool.AddSerializedFile(_file(name, imports).SerializeToString())


def _file(name: str, imports: tuple[str, ...]) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name=name, package=PACKAGE, syntax="proto3", dependency=imports)
    enums = _ENUMS.get(name, {})
    for enum, labels in enums.items():
        added = file.enum_type.add(name=enum)
        for number, label in enumerate(labels.split()):
            added.value.add(name=label, number=number)
    for message, fields in _MESSAGES[name].items():
        _add_message(file, message, fields)
    if name in _SERVICES:
        service, method, taken, given = _SERVICES[name]
        file.service.add(name=service).method.add(name=method, input_type=_full(taken), output_type=_full(given))
    return file


def _add_message(file: descriptor_pb2.FileDescriptorProto, name: str, fields: str) -> None:
    message = file.message_type.add(name=name)
    for field in filter(None, fields.split(", ")):
        number, label, kind = field.split()
        added = message.field.add(name=label, number=int(number))
        added.label = _Field.LABEL_REPEATED if kind.startswith("*") else _Field.LABEL_OPTIONAL
        kind = kind.removeprefix("*")
        if kind in _SCALARS:
            added.type = _SCALARS[kind]
        else:
            is_enum = any(kind in enums for enums in _ENUMS.values())
            added.type = _Field.TYPE_ENUM if is_enum else _Field.TYPE_MESSAGE
            added.type_name = _full(kind)


def _full(name: str) -> str:
    return f".{name}" if "." in name else f".{PACKAGE}.{name}"
