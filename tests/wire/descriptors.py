"""Messages of Jaeger and Zipkin for protobuf's upb, from tables of fields. Strings are bytes, so that upb reads what is
not UTF-8 too; their keys are the names in the .proto files."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "bytes": _Field.TYPE_BYTES,
    "bool": _Field.TYPE_BOOL,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "uint32": _Field.TYPE_UINT32,
    "uint64": _Field.TYPE_UINT64,
    "fixed64": _Field.TYPE_FIXED64,
    "double": _Field.TYPE_DOUBLE,
}

# A field is `number name type`; `*` marks a repeated one. Enums are int32.
_JAEGER = {
    "Time": "1 seconds int64, 2 nanos int32",
    "KeyValue": "1 key bytes, 2 v_type int32, 3 v_str bytes, 4 v_bool bool, 5 v_int64 int64, 6 v_float64 double, "
    "7 v_binary bytes",
    "Log": "1 timestamp Time, 2 fields *KeyValue",
    "SpanRef": "1 trace_id bytes, 2 span_id bytes, 3 ref_type int32",
    "Process": "1 service_name bytes, 2 tags *KeyValue",
    "Span": "1 trace_id bytes, 2 span_id bytes, 3 operation_name bytes, 4 references *SpanRef, 5 flags uint32, "
    "6 start_time Time, 7 duration Time, 8 tags *KeyValue, 9 logs *Log, 10 process Process, 11 process_id bytes, "
    "12 warnings *bytes",
    "Batch": "1 spans *Span, 2 process Process",
    "PostSpansRequest": "1 batch Batch",
    "SpansResponseChunk": "1 spans *Span",
}
_STORAGE = {
    "Time": "1 seconds int64, 2 nanos int32",
    "GetTraceParams": "1 trace_id bytes, 2 start_time Time, 3 end_time Time",
    "GetTracesRequest": "1 query *GetTraceParams",
    "GetServicesResponse": "1 services *bytes",
    "GetOperationsRequest": "1 service bytes, 2 span_kind bytes",
    "Operation": "1 name bytes, 2 span_kind bytes",
    "GetOperationsResponse": "1 operations *Operation",
    "KeyValue": "1 key bytes, 2 value AnyValue",
    "AnyValue": "1 string_value bytes, 2 bool_value bool, 3 int_value int64, 4 double_value double, "
    "5 array_value ArrayValue, 6 kvlist_value KeyValueList, 7 bytes_value bytes",
    "KeyValueList": "1 values *KeyValue",
    "ArrayValue": "1 values *AnyValue",
    "TraceQueryParameters": "1 service_name bytes, 2 operation_name bytes, 3 attributes *KeyValue, "
    "4 start_time_min Time, 5 start_time_max Time, 6 duration_min Time, 7 duration_max Time, 8 search_depth int32, "
    "9 filter bytes",
    "FindTracesRequest": "1 query TraceQueryParameters",
    "FoundTraceID": "1 trace_id bytes, 2 start Time, 3 end Time",
    "FindTraceIDsResponse": "1 trace_ids *FoundTraceID",
    "ServiceSummary": "1 name bytes, 2 span_count int32, 3 error_span_count int32",
    "TraceSummary": "1 trace_id bytes, 2 root_service_name bytes, 3 root_operation_name bytes, "
    "4 min_start_time_unix_nano fixed64, 5 max_end_time_unix_nano fixed64, 6 span_count int32, "
    "7 error_span_count int32, 8 orphan_span_count int32, 9 services *ServiceSummary",
    "FindTraceSummariesResponse": "1 summaries *TraceSummary",
    "GetDependenciesRequest": "1 start_time Time, 2 end_time Time",
    "Dependency": "1 parent bytes, 2 child bytes, 3 call_count uint64, 4 source bytes",
    "GetDependenciesResponse": "1 dependencies *Dependency",
    "SearchCapabilities": "1 without_service_name bool, 2 same_span_conjunction bool, 3 filter bytes",
    "GetCapabilitiesResponse": "1 search SearchCapabilities",
}
_ZIPKIN = {
    "Endpoint": "1 service_name bytes, 2 ipv4 bytes, 3 ipv6 bytes, 4 port int32",
    "Annotation": "1 timestamp fixed64, 2 value bytes",
    "Tag": "1 key bytes, 2 value bytes",
    "Span": "1 trace_id bytes, 2 parent_id bytes, 3 id bytes, 4 kind int32, 5 name bytes, 6 timestamp fixed64, "
    "7 duration uint64, 8 local_endpoint Endpoint, 9 remote_endpoint Endpoint, 10 annotations *Annotation, "
    "11 tags *Tag, 12 debug bool, 13 shared bool",
    "ListOfSpans": "1 spans *Span",
}
_SAMPLING = {
    "SamplingStrategyParameters": "1 serviceName bytes",
    "ProbabilisticSamplingStrategy": "1 samplingRate double",
    "RateLimitingSamplingStrategy": "1 maxTracesPerSecond int32",
    "OperationSamplingStrategy": "1 operation bytes, 2 probabilisticSampling ProbabilisticSamplingStrategy",
    "PerOperationSamplingStrategies": "1 defaultSamplingProbability double, 2 defaultLowerBoundTracesPerSecond double, "
    "3 perOperationStrategies *OperationSamplingStrategy, 4 defaultUpperBoundTracesPerSecond double",
    "SamplingStrategyResponse": "1 strategyType int32, 2 probabilisticSampling ProbabilisticSamplingStrategy, "
    "3 rateLimitingSampling RateLimitingSamplingStrategy, 4 operationSampling PerOperationSamplingStrategies",
}


def _messages(package: str, tables: dict[str, str]) -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for name, fields in tables.items():
        message = file.message_type.add(name=name)
        for field in fields.split(", "):
            number, label, kind = field.split()
            added = message.field.add(name=label, number=int(number))
            added.label = _Field.LABEL_REPEATED if kind.startswith("*") else _Field.LABEL_OPTIONAL
            kind = kind.removeprefix("*")
            if kind in _SCALARS:
                added.type = _SCALARS[kind]
            else:
                added.type, added.type_name = _Field.TYPE_MESSAGE, f".{package}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in tables}


JAEGER = _messages("jaeger", _JAEGER)
ZIPKIN = _messages("zipkin", _ZIPKIN)
SAMPLING = _messages("jaeger.api_v2", _SAMPLING)
STORAGE = _messages("jaeger.storage.v2", _STORAGE)
