"""Sends Thrift to an agent by UDP: no span in two datagrams, no datagram over 65,000 bytes, no waiting.

An agent does not answer. What can be known is told: a span that is too large, and that nothing listens there. The name
is resolved anew from time to time, so that an agent that moves is found again.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable, Iterator

from lymer_sdk.jaeger_thrift import JaegerThrift
from lymer_sdk.reporter import SendError, Sent
from lymer_sdk.resource import Resource
from lymer_sdk.span import Span
from lymer_sdk.thrift_protocol import Binary, Compact

DATAGRAM_BYTES_MAX = 65_000
_LIST_HEADER_BYTES_MAX = 6


class UdpSender:
    """A `reporter.Sender` to `host:port`: compact Thrift, or binary where `binary` says so (port 6832)."""

    def __init__(
        self,
        host: str,
        port: int,
        resource: Resource,
        *,
        binary: bool = False,
        datagram_bytes_max: int = DATAGRAM_BYTES_MAX,
        resolve_interval_s: float = 30.0,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = (host, port)
        self._thrift = JaegerThrift(Binary() if binary else Compact())
        self._process = self._thrift.process(resource)
        envelope = len(self._thrift.message(self._process, [])) + _LIST_HEADER_BYTES_MAX
        self._spans_bytes_max = datagram_bytes_max - envelope
        self._resolve_interval_s = resolve_interval_s
        self._clock = monotonic_s
        self._socket: socket.socket | None = None
        self._resolved_at = 0.0
        self._pid = os.getpid()

    def __call__(self, spans: list[Span], timeout_s: float) -> Sent:
        encoded = [self._thrift.span(span) for span in spans]
        fitting = [span for span in encoded if len(span) <= self._spans_bytes_max]
        try:
            connected = self._connect()
            for group in self._groups(fitting):
                connected.send(self._thrift.message(self._process, group))
            if code := connected.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(code, os.strerror(code))
        except OSError as error:
            self.close()
            raise SendError(self._said(error), retry_after_s=0.0) from error
        return Sent(too_large=len(encoded) - len(fitting))

    def close(self) -> None:
        """Close the socket; the next batch opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _groups(self, spans: list[bytes]) -> Iterator[list[bytes]]:
        group: list[bytes] = []
        size = 0
        for span in spans:
            if group and size + len(span) > self._spans_bytes_max:
                yield group
                group, size = [], 0
            group.append(span)
            size += len(span)
        if group:
            yield group

    def _connect(self) -> socket.socket:
        now = self._clock()
        if self._pid != os.getpid() or now - self._resolved_at >= self._resolve_interval_s:
            self.close()
        if self._socket is None:
            family, kind, protocol, _, address = socket.getaddrinfo(*self._address, type=socket.SOCK_DGRAM)[0]
            connected = socket.socket(family, kind, protocol)
            connected.connect(address)
            self._socket, self._resolved_at, self._pid = connected, now, os.getpid()
        return self._socket

    def _said(self, error: OSError) -> str:
        place = f"UDP {self._address[0]}:{self._address[1]}"
        return f"{place}: nothing listens there" if error.errno == errno.ECONNREFUSED else f"{place}: {error}"
