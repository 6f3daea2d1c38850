"""gRPC: names, attributes and status codes of its spans."""

from __future__ import annotations

from typing import Any

import grpc

from lymer_sdk.middleware.http_semantics import split_host
from lymer_sdk.middleware.tracing import LocalSpan, fail_with

_OK = grpc.StatusCode.OK
_BY_NUMBER = {code.value[0]: code for code in grpc.StatusCode}
_SERVER_ERRORS = frozenset(
    (
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    )
)
"""Of the semantic conventions: the others are the caller's mistakes, and no errors of the server."""


def named(method: Any) -> tuple[str, dict[str, Any]]:
    """Name and attributes of a call of this method (`/package.Service/Method`, bytes or text)."""
    text = method.decode() if isinstance(method, bytes) else str(method)
    name = text.lstrip("/")
    return name, {"rpc.system.name": "grpc", "rpc.method": name}


def peer_attributes(peer: str) -> dict[str, Any]:
    """The caller's address, as gRPC says it: `ipv4:127.0.0.1:5000`, `ipv6:%5B::1%5D:5000`, `unix:`."""
    family, _, rest = peer.partition(":")
    if family not in ("ipv4", "ipv6"):
        return {}
    address, port = split_host(rest.replace("%5B", "[").replace("%5D", "]"))
    return {"client.address": address, **({"client.port": port} if port else {})}


def target_attributes(target: str) -> dict[str, Any]:
    """The server's address, of a channel's target: `host:port`, `dns:///host:port`, `dns://authority/host:port`."""
    scheme, separator, rest = target.partition("://")
    address, port = split_host(rest.partition("/")[2] if separator else scheme)
    return {"server.address": address, **({"server.port": port} if port else {})} if address else {}


def client_ended(span: LocalSpan, code: grpc.StatusCode | None, details: str | None) -> None:
    """What the call came to: everything but OK is an error to its caller."""
    code = code or grpc.StatusCode.UNKNOWN
    span.set_attribute("rpc.response.status_code", code.name)
    if code is not _OK:
        fail_with(span, code.name, details or "")


def server_ended(span: LocalSpan, code: Any, details: Any, exception: BaseException | None) -> None:
    """What the handler answered. `code` is what it set on its context; an exception without one is UNKNOWN."""
    if isinstance(code, int):
        code = _BY_NUMBER.get(code)
    if code is None or (code is _OK and exception is not None):
        code = _OK if exception is None else grpc.StatusCode.UNKNOWN
    span.set_attribute("rpc.response.status_code", code.name)
    if exception is not None and not _is_abort(exception):
        span.failed(exception)
    if code in _SERVER_ERRORS:
        text = details.decode("utf-8", "replace") if isinstance(details, bytes) else str(details or "")
        fail_with(span, code.name, text)


def _is_abort(exception: BaseException) -> bool:
    """`context.abort` leaves the handler by a bare exception, which says nothing."""
    return (type(exception) is Exception and not exception.args) or isinstance(exception, grpc.aio.AbortError)
