"""What `jaeger.storage.v2` looks like, for clients that ask a server by reflection. Nobody decodes with it.

Loaded when somebody asks, which is hardly ever. The structured filter of a query is left out: it is refused anyway.
"""

from __future__ import annotations

import importlib
from typing import Final

from google.protobuf import descriptor_pb2, descriptor_pool

PACKAGE: Final = "jaeger.storage.v2"
_FOLDER: Final = "storage/v2/"

_MODULES: Final = (
    "google.protobuf.timestamp_pb2",
    "google.protobuf.duration_pb2",
    "opentelemetry.proto.trace.v1.trace_pb2",
    "opentelemetry.proto.collector.trace.v1.trace_service_pb2",
)
_DEPENDENCIES: Final = (
    "google/protobuf/timestamp.proto",
    "google/protobuf/duration.proto",
    "opentelemetry/proto/trace/v1/trace.proto",
)
_TIME: Final = ".google.protobuf.Timestamp"
_DURATION: Final = ".google.protobuf.Duration"
_TRACES: Final = ".opentelemetry.proto.trace.v1.TracesData"

# A field is `number name type`; `*` marks a repeated one. Names that begin with a point are of other files.
_MESSAGES: Final = {
    "trace_storage.proto": {
        "GetTraceParams": f"1 trace_id bytes, 2 start_time {_TIME}, 3 end_time {_TIME}",
        "GetTracesRequest": "1 query *GetTraceParams",
        "GetServicesRequest": "",
        "GetServicesResponse": "1 services *string",
        "GetOperationsRequest": "1 service string, 2 span_kind string",
        "Operation": "1 name string, 2 span_kind string",
        "GetOperationsResponse": "1 operations *Operation",
        "KeyValue": "1 key string, 2 value AnyValue",
        "AnyValue": "1 string_value string, 2 bool_value bool, 3 int_value int64, 4 double_value double, "
        "5 array_value ArrayValue, 6 kvlist_value KeyValueList, 7 bytes_value bytes",
        "KeyValueList": "1 values *KeyValue",
        "ArrayValue": "1 values *AnyValue",
        "TraceQueryParameters": "1 service_name string, 2 operation_name string, 3 attributes *KeyValue, "
        f"4 start_time_min {_TIME}, 5 start_time_max {_TIME}, 6 duration_min {_DURATION}, 7 duration_max {_DURATION}, "
        "8 search_depth int32",
        "FindTracesRequest": "1 query TraceQueryParameters",
        "FindTraceIDsRequest": "1 query TraceQueryParameters",
        "FoundTraceID": f"1 trace_id bytes, 2 start {_TIME}, 3 end {_TIME}",
        "FindTraceIDsResponse": "1 trace_ids *FoundTraceID",
        "ServiceSummary": "1 name string, 2 span_count int32, 3 error_span_count int32",
        "TraceSummary": "1 trace_id bytes, 2 root_service_name string, 3 root_operation_name string, "
        "4 min_start_time_unix_nano fixed64, 5 max_end_time_unix_nano fixed64, 6 span_count int32, "
        "7 error_span_count int32, 8 orphan_span_count int32, 9 services *ServiceSummary",
        "FindTraceSummariesRequest": "1 query TraceQueryParameters",
        "FindTraceSummariesResponse": "1 summaries *TraceSummary",
    },
    "dependency_storage.proto": {
        "GetDependenciesRequest": f"1 start_time {_TIME}, 2 end_time {_TIME}",
        "Dependency": "1 parent string, 2 child string, 3 call_count uint64, 4 source string",
        "GetDependenciesResponse": "1 dependencies *Dependency",
    },
    "capabilities.proto": {
        "SearchCapabilities": "1 without_service_name bool, 2 same_span_conjunction bool",
        "GetCapabilitiesRequest": "",
        "GetCapabilitiesResponse": "1 search SearchCapabilities",
    },
}

# A method is `name request answer`; `*` marks a stream.
_SERVICES: Final = {
    "trace_storage.proto": (
        "TraceReader",
        (
            f"GetTraces GetTracesRequest *{_TRACES}, GetServices GetServicesRequest GetServicesResponse, "
            f"GetOperations GetOperationsRequest GetOperationsResponse, FindTraces FindTracesRequest *{_TRACES}, "
            "FindTraceIDs FindTraceIDsRequest FindTraceIDsResponse, "
            "FindTraceSummaries FindTraceSummariesRequest *FindTraceSummariesResponse"
        ),
    ),
    "dependency_storage.proto": (
        "DependencyReader",
        "GetDependencies GetDependenciesRequest GetDependenciesResponse",
    ),
    "capabilities.proto": ("Capabilities", "GetCapabilities GetCapabilitiesRequest GetCapabilitiesResponse"),
}


def load_descriptors() -> None:
    """Put them into the default pool; again changes nothing."""
    for module in _MODULES:
        importlib.import_module(module)
    pool = descriptor_pool.Default()
    for name, messages in _MESSAGES.items():
        try:
            pool.FindFileByName(f"{_FOLDER}{name}")
        except KeyError:
            pool.AddSerializedFile(_file(name, messages).SerializeToString())


def _file(name: str, messages: dict[str, str]) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{_FOLDER}{name}", package=PACKAGE, syntax="proto3", dependency=_DEPENDENCIES
    )
    for message, fields in messages.items():
        described = file.message_type.add(name=message)
        for field in _parts(fields):
            _add_field(described, field)
    service, methods = _SERVICES[name]
    described_service = file.service.add(name=service)
    for method, request, answer in (part.split() for part in _parts(methods)):
        described_service.method.add(
            name=method,
            input_type=_full(request),
            output_type=_full(answer.removeprefix("*")),
            server_streaming=answer.startswith("*"),
        )
    return file


def _add_field(message: descriptor_pb2.DescriptorProto, text: str) -> None:
    kinds = descriptor_pb2.FieldDescriptorProto
    number, name, kind = text.split()
    label = kinds.LABEL_REPEATED if kind.startswith("*") else kinds.LABEL_OPTIONAL
    plain = kind.removeprefix("*")
    if plain in _SCALARS:
        message.field.add(number=int(number), name=name, label=label, type=_SCALARS[plain])
    else:
        message.field.add(number=int(number), name=name, label=label, type=kinds.TYPE_MESSAGE, type_name=_full(plain))


_SCALARS: Final = {
    "string": descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    "bytes": descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
    "bool": descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    "int32": descriptor_pb2.FieldDescriptorProto.TYPE_INT32,
    "int64": descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    "uint64": descriptor_pb2.FieldDescriptorProto.TYPE_UINT64,
    "fixed64": descriptor_pb2.FieldDescriptorProto.TYPE_FIXED64,
    "double": descriptor_pb2.FieldDescriptorProto.TYPE_DOUBLE,
}


def _full(name: str) -> str:
    return name if name.startswith(".") else f".{PACKAGE}.{name}"


def _parts(text: str) -> list[str]:
    return [part for part in text.split(", ") if part]
