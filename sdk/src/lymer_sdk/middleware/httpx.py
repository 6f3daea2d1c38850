"""httpx: a span for each request on the wire, redirects and retries each their own.

httpx.Client(transport=HttpxTransport())
httpx.AsyncClient(transport=AsyncHttpxTransport())
install()  # every client of the process
"""

from __future__ import annotations

from typing import Any

import httpx

from lymer_sdk.middleware.http_client import ClientCall, suppressed
from lymer_sdk.middleware.patches import Patches
from lymer_sdk.middleware.tracing import Tracing

_tracing = Tracing("httpx")
_patches = Patches()


class HttpxTransport(httpx.BaseTransport):
    """Around another transport; without one, httpx's own."""

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return _send(self._transport.handle_request, request)

    def close(self) -> None:
        self._transport.close()


class AsyncHttpxTransport(httpx.AsyncBaseTransport):
    """Around another transport; without one, httpx's own."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await _send_async(self._transport.handle_async_request, request)

    async def aclose(self) -> None:
        await self._transport.aclose()


def install() -> None:
    """Trace every client of httpx that uses its own transports."""
    _patches.put(httpx.HTTPTransport, "handle_request", _traced)
    _patches.put(httpx.AsyncHTTPTransport, "handle_async_request", _traced_async)


def uninstall() -> None:
    """As it was before."""
    _patches.remove()


def _traced(original: Any) -> Any:
    def handle_request(self: Any, request: httpx.Request) -> httpx.Response:
        return _send(lambda sent: original(self, sent), request)

    return handle_request


def _traced_async(original: Any) -> Any:
    async def handle_async_request(self: Any, request: httpx.Request) -> httpx.Response:
        return await _send_async(lambda sent: original(self, sent), request)

    return handle_async_request


def _send(send: Any, request: httpx.Request) -> httpx.Response:
    if suppressed():
        return send(request)  # type: ignore[no-any-return]
    with ClientCall(_tracing, request.method, str(request.url), request.headers) as call:
        response: httpx.Response = send(request)
        call.answered(response.status_code)
        return response


async def _send_async(send: Any, request: httpx.Request) -> httpx.Response:
    if suppressed():
        return await send(request)  # type: ignore[no-any-return]
    with ClientCall(_tracing, request.method, str(request.url), request.headers) as call:
        response: httpx.Response = await send(request)
        call.answered(response.status_code)
        return response
