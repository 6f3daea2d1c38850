"""Sends spans by OTLP over gRPC, to port 4317 unless the endpoint says otherwise. Needs `lymer-sdk[grpc]`.

Which status may be tried again is OTLP's table (specification, "OTLP/gRPC response").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lymer_sdk.grpc_channel import GrpcChannel
from lymer_sdk.otlp import encode_request, refused_of
from lymer_sdk.reporter import SendError, Sent
from lymer_sdk.resource import VERSION, Resource
from lymer_sdk.span import Span
from lymer_sdk.tls import Tls

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_RETRYABLE = frozenset(("CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"))


class GrpcSender:
    """A `reporter.Sender`: each batch is one call."""

    def __init__(
        self,
        endpoint: str,
        resource: Resource,
        *,
        headers: Mapping[str, str] | None = None,
        compress: bool = False,
        tls: Tls | None = None,
    ) -> None:
        sent = {"user-agent": f"lymer-sdk-python/{VERSION}", **(headers or {})}
        self._channel = GrpcChannel(endpoint, port=4317, headers=sent, compress=compress, tls=tls or Tls())
        self._resource = resource
        self._error: Any = self._channel.error()

    def __call__(self, spans: list[Span], timeout_s: float) -> Sent:
        request = encode_request(spans, self._resource)
        try:
            return Sent(refused=refused_of(self._channel.call(_EXPORT, request, timeout_s)))
        except OSError as error:
            raise SendError(f"{self._channel.target}: {error}", retry_after_s=None) from error
        except self._error as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Close the connection; the next batch opens another."""
        self._channel.close()

    def _failed(self, error: Any) -> SendError:
        status = error.code().name
        reason = f"{self._channel.target} answered {status}: {error.details()}"
        pause_s = _retry_info_s(error.trailing_metadata())
        if status in _RETRYABLE or (status == "RESOURCE_EXHAUSTED" and pause_s is not None):
            return SendError(reason, retry_after_s=pause_s or 0.0)
        return SendError(reason, retry_after_s=None)


def _retry_info_s(metadata: Any) -> float | None:
    """The pause that google.rpc.RetryInfo asks for, in the status's details; None without one."""
    details = next((value for name, value in metadata or () if name == "grpc-status-details-bin"), b"")
    place = details.find(b"google.rpc.RetryInfo")
    if place < 0:
        return None
    seconds = nanos = 0
    fields = memoryview(details)[place + len(b"google.rpc.RetryInfo") :]
    if len(fields) > 4 and fields[0] == 0x12 and fields[2] == 0x0A:  # Any.value, RetryInfo.retry_delay
        delay = bytes(fields[4 : 4 + fields[3]])
        seconds, nanos = _varint_field(delay, 0x08), _varint_field(delay, 0x10)
    return seconds + nanos / 1e9


def _varint_field(message: bytes, tag: int) -> int:
    """A varint field of a message of varints."""
    place = 0
    while place < len(message):
        found, value, shift = message[place], 0, 0
        place += 1
        while place < len(message):
            byte = message[place]
            value |= (byte & 127) << shift
            shift += 7
            place += 1
            if byte < 128:
                break
        if found == tag:
            return value
    return 0
