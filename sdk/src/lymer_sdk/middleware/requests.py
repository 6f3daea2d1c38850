"""requests: a span for each request on the wire, redirects each their own.

session.mount("http://", RequestsAdapter())
install()  # every session of the process
"""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter

from lymer_sdk.middleware.http_client import ClientCall, suppressed
from lymer_sdk.middleware.patches import Patches
from lymer_sdk.middleware.tracing import Tracing

_tracing = Tracing("requests")
_patches = Patches()


class RequestsAdapter(HTTPAdapter):
    """requests' own adapter, with spans."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        return _send(super().send, request, args, kwargs)


def install() -> None:
    """Trace every session of requests that uses its own adapter."""
    _patches.put(HTTPAdapter, "send", _traced)


def uninstall() -> None:
    """As it was before."""
    _patches.remove()


def _traced(original: Any) -> Any:
    def send(self: Any, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        return _send(lambda *given, **named: original(self, *given, **named), request, args, kwargs)

    return send


def _send(send: Any, request: requests.PreparedRequest, args: Any, kwargs: Any) -> requests.Response:
    if suppressed():
        return send(request, *args, **kwargs)  # type: ignore[no-any-return]
    with ClientCall(_tracing, request.method or "GET", request.url or "", request.headers) as call:
        response: requests.Response = send(request, *args, **kwargs)
        call.answered(response.status_code)
        return response
