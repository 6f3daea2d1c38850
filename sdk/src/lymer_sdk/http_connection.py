"""HTTP/1.1 as far as a sender needs it: one request at a time on a connection that stays open, one deadline for each.

The standard library's client reads headers with its mail parser: importing that costs an application 15 ms.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import ssl

_HEAD_BYTES_MAX = 64 << 10
_BODY_BYTES_MAX = 4 << 20


class HttpError(OSError):
    """An answer that is none."""


class ClosedEarlyError(HttpError):
    """The connection ended before an answer began."""


class Answer(NamedTuple):
    """A response; names of headers in small letters."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


class HttpConnection:
    """To one host. Connects with the first request, and again after `close`."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None = None) -> None:
        self._host, self._port, self._context = host, port, context
        self._socket: socket.socket | None = None
        self._read = b""
        self._deadline = 0.0
        default = 443 if context else 80
        name = f"[{host}]" if ":" in host else host
        self._host_header = name if port == default else f"{name}:{port}"

    @property
    def open(self) -> bool:
        """Whether there is a connection from before."""
        return self._socket is not None

    def request(self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Answer:
        """The answer; raises OSError. After an error the connection is closed."""
        self._deadline = time.monotonic() + timeout_s
        sent = {"Host": self._host_header, "Content-Length": str(len(body)), **headers}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        try:
            self._connected().sendall(head.encode("latin-1") + b"\r\n" + body)
            return self._answer()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._read = None, b""

    def _connected(self) -> socket.socket:
        if self._socket is None:
            # As bytes it needs no codec for the letters of all the world, whose import takes milliseconds.
            host: Any = self._host.encode() if self._host.isascii() else self._host
            opened = socket.create_connection((host, self._port), self._rest_s())
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = self._context.wrap_socket(opened, server_hostname=self._host) if self._context else opened
        self._socket.settimeout(self._rest_s())
        return self._socket

    def _rest_s(self) -> float:
        rest = self._deadline - time.monotonic()
        if rest <= 0:
            raise TimeoutError("timed out")
        return rest

    def _answer(self) -> Answer:
        status = 100
        while 100 <= status < 200:
            version, status, reason, headers = _head_of(self._until(b"\r\n\r\n"))
        closes = version == "HTTP/1.0" or headers.get("connection", "").lower() == "close"
        if headers.get("transfer-encoding", "").lower().endswith("chunked"):
            body = self._chunks()
        elif status in (204, 304):
            body = b""
        elif (length := headers.get("content-length")) is not None:
            body = self._exactly(_number(length, 10))
        else:
            body, closes = self._to_the_end(), True
        if closes:
            self.close()
        return Answer(status, reason, headers, body)

    def _until(self, end: bytes) -> bytes:
        while (place := self._read.find(end)) < 0:
            if len(self._read) > _HEAD_BYTES_MAX:
                raise HttpError("a head without an end")
            self._more()
        found, self._read = self._read[:place], self._read[place + len(end) :]
        return found

    def _exactly(self, count: int) -> bytes:
        if count > _BODY_BYTES_MAX:
            raise HttpError(f"an answer of {count} bytes")
        while len(self._read) < count:
            self._more()
        found, self._read = self._read[:count], self._read[count:]
        return found

    def _chunks(self) -> bytes:
        body = b""
        while size := _number(self._until(b"\r\n").split(b";")[0].decode("latin-1"), 16):
            body += self._exactly(size)
            self._exactly(2)
            if len(body) > _BODY_BYTES_MAX:
                raise HttpError("an answer without an end")
        while self._until(b"\r\n"):
            pass
        return body

    def _to_the_end(self) -> bytes:
        try:
            while len(self._read) <= _BODY_BYTES_MAX:
                self._more()
        except ClosedEarlyError:
            return self._read
        raise HttpError("an answer without an end")

    def _more(self) -> None:
        assert self._socket is not None
        self._socket.settimeout(self._rest_s())
        part = self._socket.recv(65536)
        if not part:
            raise ClosedEarlyError("the connection was closed before the answer's end")
        self._read += part


def _head_of(head: bytes) -> tuple[str, int, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    code, _, reason = rest.partition(" ")
    if not version.startswith("HTTP/1.") or not (code.isascii() and code.isdigit() and len(code) == 3):
        raise HttpError(f"no HTTP: {first[:60]!r}")
    pairs = (line.partition(":") for line in lines)
    return version, int(code), reason, {name.strip().lower(): value.strip() for name, _, value in pairs}


def _number(text: str, base: int) -> int:
    try:
        found = int(text.strip(), base)
    except ValueError as error:
        raise HttpError(f"a length of {text[:20]!r}") from error
    if found < 0:
        raise HttpError(f"a length of {found}")
    return found
