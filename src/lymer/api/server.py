"""Everything on the query port as one ASGI application: Jaeger's APIs, ours, and the page.

Known paths go to their API, unknown ones below `/api` are told so, all others belong to the page. Not here: sockets
(`component.http_server`), health and metrics (`health`).
"""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Match, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lymer.api.answers import go_error
from lymer.api.config import ApiConfig
from lymer.api.jaeger_v1 import JaegerV1
from lymer.api.jaeger_v3 import JaegerV3
from lymer.api.native import Native
from lymer.api.native_demo import DemoCommand
from lymer.api.page import Page
from lymer.component.clock import Clock, SystemClock
from lymer.component.errors import ConfigError
from lymer.component.events import Events
from lymer.query.service import QueryService

__all__ = ["ApiConfig", "build_api"]

_UNKNOWN: Final = "404 page not found"


def build_api(
    query: QueryService,
    *,
    config: ApiConfig | None = None,
    events: Events | None = None,
    clock: Clock | None = None,
    demo: DemoCommand = lambda: None,
) -> ASGIApp:
    """The application; `demo` is the command that sends it demo traffic.

    Raises ConfigError when the configuration makes no sense.
    """
    config = config or ApiConfig()
    clock = clock or SystemClock()
    events = events or Events(clock=clock)
    routes = [
        *JaegerV1(query, config=config, events=events, clock=clock).routes,
        *JaegerV3(query, config=config, events=events).routes,
        *Native(query, config=config, events=events, clock=clock, demo=demo).routes,
    ]
    page = Page(config, lambda: _capabilities(query, config))
    return _QueryPort(routes, page, config)


def _capabilities(query: QueryService, config: ApiConfig) -> dict[str, bool]:
    return {
        "archiveStorage": query.has_archive(tenant=config.tenant),
        "metricsStorage": False,
        "searchWithoutServiceName": True,
        "aiAssistant": False,
    }


class _QueryPort:
    def __init__(self, routes: list[Route], page: Page, config: ApiConfig) -> None:
        self._routes = routes
        self._page = page
        self._api = f"{config.prefix}/api"
        self._headers = _header_pairs(config.additional_headers)
        self._router = Router(routes, redirect_slashes=False, default=self._other)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        sending = self._with_headers(send) if self._headers else send
        if scope["method"] == "OPTIONS":
            await self._options(scope)(scope, receive, sending)
        else:
            await self._router(scope, receive, sending)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _is_below(scope["path"], self._api):
            await go_error(_UNKNOWN, 404)(scope, receive, send)
        elif scope["type"] == "http":
            await self._page(scope, receive, send)

    def _options(self, scope: Scope) -> Response:
        allowed = {"OPTIONS"}
        for route in self._routes:
            if route.matches(scope)[0] is not Match.NONE:
                allowed |= route.methods or set()
        if len(allowed) == 1 and _is_below(scope["path"], self._api):
            return go_error(_UNKNOWN, 404)
        allowed |= {"GET", "HEAD"} if len(allowed) == 1 else set()
        return Response(status_code=204, headers={"allow": ", ".join(sorted(allowed))})

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *self._headers]}
            await send(message)

        return sending


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _header_pairs(headers: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    try:
        return [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
    except UnicodeEncodeError as error:
        raise ConfigError(f"additional_headers: {error.object!r} cannot stand in a header") from error
