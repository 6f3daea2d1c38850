"""Sends OTLP over HTTP with the standard library: one connection kept open, gzip, Retry-After, partial success."""

from __future__ import annotations

import gzip
import http.client
import os
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from lymer_sdk.otlp import encode_request
from lymer_sdk.reporter import SendError
from lymer_sdk.resource import VERSION, Resource
from lymer_sdk.span import Span

_RETRYABLE = frozenset((408, 429, 500, 502, 503, 504))


class OtlpHttpSender:
    """A `reporter.Sender`. One thread uses it at a time; a forked child opens a connection of its own."""

    def __init__(
        self, endpoint: str, resource: Resource, *, headers: Mapping[str, str] | None = None, compress: bool = False
    ) -> None:
        address = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}")
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError(f"an OTLP endpoint is http://host:port or https://host:port, not {endpoint!r}")
        self._address = address
        self._path = address.path if address.path.rstrip("/") else "/v1/traces"
        self._resource = resource
        self._compress = compress
        self._headers = {
            "Content-Type": "application/x-protobuf",
            "User-Agent": f"lymer-sdk-python/{VERSION}",
            **({"Content-Encoding": "gzip"} if compress else {}),
            **(headers or {}),
        }
        self._connection: http.client.HTTPConnection | None = None
        self._pid = os.getpid()

    def __call__(self, spans: list[Span], timeout_s: float) -> int:
        body = encode_request(spans, self._resource)
        if self._compress:
            body = gzip.compress(body, 1)
        try:
            response, answer = self._post(body, timeout_s)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise SendError(f"{self._address.netloc}: {error or type(error).__name__}", retry_after_s=0.0) from error
        if response.status == 200:
            return _refused(answer)
        reason = f"{self._address.netloc}{self._path} answered {response.status} {response.reason}"
        if response.status in _RETRYABLE:
            raise SendError(reason, retry_after_s=_retry_after(response.headers.get("Retry-After")))
        raise SendError(reason, retry_after_s=None)

    def _post(self, body: bytes, timeout_s: float) -> tuple[http.client.HTTPResponse, bytes]:
        reused = self._connection is not None and self._pid == os.getpid()
        connection = self._connect(timeout_s)
        try:
            return self._exchange(connection, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            if not reused:
                raise
            self.close()  # the receiver closed a connection that had been idle
            return self._exchange(self._connect(timeout_s), body)

    def _exchange(self, connection: http.client.HTTPConnection, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        connection.request("POST", self._path, body, self._headers)
        response = connection.getresponse()
        return response, response.read()

    def _connect(self, timeout_s: float) -> http.client.HTTPConnection:
        if self._connection is None or self._pid != os.getpid():
            self._pid = os.getpid()
            host, port = self._address.hostname or "", self._address.port
            if self._address.scheme == "https":
                self._connection = http.client.HTTPSConnection(host, port or 4318, context=ssl.create_default_context())
            else:
                self._connection = http.client.HTTPConnection(host, port or 4318)
        self._connection.timeout = timeout_s
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout_s)
        else:
            self._connection.connect()
        return self._connection

    def close(self) -> None:
        """Close the connection; the next batch opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _retry_after(value: str | None) -> float:
    return float(value) if value and value.isdigit() else 0.0


def _refused(answer: bytes) -> int:
    """rejected_spans of an ExportTraceServiceResponse: field 1 of field 1."""
    if len(answer) < 4 or answer[0] != 0x0A or answer[2] != 0x08:
        return 0
    count = shift = 0
    for byte in answer[3:13]:
        count |= (byte & 127) << shift
        if byte < 128:
            return count
        shift += 7
    return 0
