"""Answers of an OTLP receiver, read back by protobuf."""

from __future__ import annotations

import json

import pytest
from google.protobuf.json_format import Parse
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from lymer.wire.decoded import Refusal
from lymer.wire.otlp_response import encode_status, encode_success

REFUSED = (Refusal("trace id must be 16 bytes, not zero", 3), Refusal("span id must be 8 bytes, not zero", 1))


def test_success_is_an_empty_message() -> None:
    assert encode_success((), "otlp_proto") == b""
    assert json.loads(encode_success((), "otlp_json")) == {}


def test_partial_success_tells_the_count_and_the_reasons() -> None:
    want = ExportTraceServiceResponse()
    want.partial_success.rejected_spans = 4
    want.partial_success.error_message = (
        "trace id must be 16 bytes, not zero (3); span id must be 8 bytes, not zero (1)"
    )
    assert ExportTraceServiceResponse.FromString(encode_success(REFUSED, "otlp_proto")) == want
    assert Parse(encode_success(REFUSED, "otlp_json"), ExportTraceServiceResponse()) == want


@pytest.mark.parametrize("message", ["", "no", "größer als 4 MiB " * 20])
def test_a_status_has_its_code_and_message(message: str) -> None:
    status = Status.FromString(encode_status(3, message, "otlp_proto"))
    assert (status.code, status.message, len(status.details)) == (3, message, 0)
    assert json.loads(encode_status(3, message, "otlp_json")) == {"code": 3, "message": message}


@pytest.mark.parametrize(("retry_after_s", "text"), [(1.0, "1s"), (0.25, "0.25s"), (90.5, "90.5s")])
def test_a_status_says_when_to_come_again(retry_after_s: float, text: str) -> None:
    encoded = encode_status(14, "later", "otlp_proto", retry_after_s=retry_after_s)
    [detail] = Status.FromString(encoded).details
    assert detail.type_url == "type.googleapis.com/google.rpc.RetryInfo"
    delay = RetryInfo.FromString(detail.value).retry_delay
    assert delay.seconds + delay.nanos / 1e9 == retry_after_s
    answer = json.loads(encode_status(14, "later", "otlp_json", retry_after_s=retry_after_s))
    assert answer["details"] == [{"@type": detail.type_url, "retryDelay": text}]
