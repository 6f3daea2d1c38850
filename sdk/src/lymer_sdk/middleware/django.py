"""Django: names the request's span after its route. The span itself is ASGIMiddleware's or WSGIMiddleware's.

MIDDLEWARE = ["lymer_sdk.middleware.django.RouteMiddleware", ...]
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from lymer_sdk.short import current_span


class RouteMiddleware:
    """Says the route as soon as Django knows it; costs nothing else."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response
        if inspect.iscoroutinefunction(get_response):
            inspect.markcoroutinefunction(self) if hasattr(inspect, "markcoroutinefunction") else _mark(self)

    def __call__(self, request: Any) -> Any:
        return self._get_response(request)

    def process_view(self, request: Any, view: Any, arguments: Any, named: Any) -> None:
        """Django's hook: the view is found, and not yet called."""
        route = getattr(getattr(request, "resolver_match", None), "route", None)
        if route is not None:
            span = current_span()
            span.set_attribute("http.route", f"/{route}")
            span.update_name(f"{request.method} /{route}")


def _mark(middleware: RouteMiddleware) -> None:
    """Python 3.11 has only asyncio's own mark for coroutines."""
    import asyncio

    middleware._is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined] # noqa: SLF001
