"""Sends spans over HTTP: one connection kept open, gzip, Retry-After, partial success.

OTLP, Jaeger's Thrift and Zipkin's JSON differ in their bytes, their paths and what their answers say.
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, unquote, urlsplit

from lymer_sdk.http_connection import Answer, ClosedEarlyError, HttpConnection
from lymer_sdk.otlp import encode_request, refused_of
from lymer_sdk.reporter import SendError, Sent
from lymer_sdk.resource import VERSION, Resource
from lymer_sdk.span import Span
from lymer_sdk.tls import Tls

_GZIP = 31
_RETRYABLE = frozenset((408, 429, 500, 502, 503, 504))


class HttpSender:
    """A `reporter.Sender`: each batch is one POST. One thread uses it at a time; a forked child connects anew."""

    def __init__(
        self,
        endpoint: str,
        encode: Callable[[list[Span]], bytes],
        *,
        content_type: str,
        path: str,
        port: int,
        headers: Mapping[str, str] | None = None,
        compress: bool = False,
        read_refused: Callable[[bytes], int] | None = None,
        tls: Tls | None = None,
    ) -> None:
        address = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}")
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError(f"an endpoint is http://host:port or https://host:port, not {endpoint!r}")
        self._address = address
        self._port = address.port or (443 if address.scheme == "https" and address.path else port)
        self._path = address.path if address.path.rstrip("/") else path
        if address.query:
            self._path += f"?{address.query}"
        self._encode = encode
        self._compress = compress
        self._read_refused = read_refused
        self._context = (tls or Tls()).context() if address.scheme == "https" else None
        self.needs_idna: bool = self._context is not None or not address.hostname.isascii()
        self._headers = {
            "Content-Type": content_type,
            "User-Agent": f"lymer-sdk-python/{VERSION}",
            **({"Content-Encoding": "gzip"} if compress else {}),
            **_credentials(address),
            **(headers or {}),
        }
        if any(sign in text for pair in self._headers.items() for text in pair for sign in "\r\n"):
            raise ValueError("a header with a line break in it")
        self._connection: HttpConnection | None = None
        self._pid = os.getpid()

    def __call__(self, spans: list[Span], timeout_s: float) -> Sent:
        body = self._encode(spans)
        if self._compress:
            packer = zlib.compressobj(1, wbits=_GZIP)
            body = packer.compress(body) + packer.flush()
        try:
            answer = self._post(body, timeout_s)
        except OSError as error:
            self.close()
            raise SendError(f"{self._place()}: {error or type(error).__name__}", retry_after_s=0.0) from error
        if 200 <= answer.status < 300:
            return Sent(refused=self._read_refused(answer.body) if self._read_refused else 0)
        reason = f"{self._place()}{self._path} answered {answer.status} {answer.reason}"
        if answer.status in _RETRYABLE:
            raise SendError(reason, retry_after_s=_retry_after(answer.headers.get("retry-after")))
        raise SendError(reason, retry_after_s=None)

    def _post(self, body: bytes, timeout_s: float) -> Answer:
        connection = self._connected()
        reused = connection.open
        try:
            return connection.request("POST", self._path, body, self._headers, timeout_s=timeout_s)
        except (ClosedEarlyError, ConnectionResetError, BrokenPipeError):
            if not reused:
                raise
            # the receiver closed a connection that had been idle
            return connection.request("POST", self._path, body, self._headers, timeout_s=timeout_s)

    def _connected(self) -> HttpConnection:
        if self._connection is None or self._pid != os.getpid():
            self._pid = os.getpid()
            self._connection = HttpConnection(self._address.hostname or "", self._port, self._context)
        return self._connection

    def close(self) -> None:
        """Close the connection; the next batch opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _place(self) -> str:
        return f"{self._address.hostname}:{self._port}"


def otlp_sender(
    endpoint: str,
    resource: Resource,
    *,
    headers: Mapping[str, str] | None = None,
    compress: bool = False,
    as_json: bool = False,
    tls: Tls | None = None,
) -> HttpSender:
    """OTLP in protobuf or JSON, to port 4318's `/v1/traces` unless the endpoint says otherwise."""
    if as_json:
        from lymer_sdk.otlp_json import encode_json as encode  # who sends another form does not wait for its import
    else:
        encode = encode_request
    return HttpSender(
        endpoint,
        lambda spans: encode(spans, resource),
        content_type="application/json" if as_json else "application/x-protobuf",
        path="/v1/traces",
        port=4318,
        headers=headers,
        compress=compress,
        read_refused=_refused_of_json if as_json else refused_of,
        tls=tls,
    )


def thrift_sender(
    endpoint: str, resource: Resource, *, headers: Mapping[str, str] | None = None, user: str = "", password: str = ""
) -> HttpSender:
    """Jaeger's Thrift, to port 14268's `/api/traces` unless the endpoint says otherwise."""
    from lymer_sdk.jaeger_thrift import JaegerThrift
    from lymer_sdk.thrift_protocol import Binary

    thrift = JaegerThrift(Binary())
    process = thrift.process(resource)
    return HttpSender(
        endpoint,
        lambda spans: thrift.batch(process, [thrift.span(span) for span in spans]),
        content_type="application/x-thrift",
        path="/api/traces",
        port=14268,
        headers={**(_basic(user, password) if user else {}), **(headers or {})},
    )


def zipkin_sender(endpoint: str, resource: Resource, *, headers: Mapping[str, str] | None = None) -> HttpSender:
    """Zipkin v2 JSON, to port 9411's `/api/v2/spans` unless the endpoint says otherwise."""
    from lymer_sdk.zipkin import encode_spans

    return HttpSender(
        endpoint,
        lambda spans: encode_spans(spans, resource),
        content_type="application/json",
        path="/api/v2/spans",
        port=9411,
        headers=headers,
    )


def _credentials(address: SplitResult) -> dict[str, str]:
    """`http://user:password@host` is basic authentication."""
    return _basic(unquote(address.username), unquote(address.password or "")) if address.username else {}


def _basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def _retry_after(value: str | None) -> float:
    return float(value) if value and value.isdigit() else 0.0


def _refused_of_json(answer: bytes) -> int:
    """rejectedSpans of an answer in JSON; 0 for what is none."""
    try:
        found = json.loads(answer or b"{}")
        return int(found.get("partialSuccess", {}).get("rejectedSpans", 0))
    except (ValueError, TypeError, AttributeError):
        return 0
