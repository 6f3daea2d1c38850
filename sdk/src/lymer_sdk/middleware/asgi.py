"""ASGI: a span for each request and each websocket of FastAPI, Starlette, Django, Quart and their like.

    app = ASGIMiddleware(app)                # around the whole application
    app.add_middleware(ASGIMiddleware)       # Starlette

FastAPI from 0.165 makes spans itself, three a request, when there is a global tracer provider. Around the application
this middleware takes their place; added by `add_middleware` it leaves the request to FastAPI's.
Django says its routes through `lymer_sdk.middleware.django.RouteMiddleware`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from lymer_sdk.middleware.http_semantics import method_attributes, redacted_query, split_host
from lymer_sdk.middleware.http_server import SPAN_KEY, Exchange, HttpServer
from lymer_sdk.middleware.tracing import attach, begin, begin_below, detach
from lymer_sdk.propagation.carriers import Headers

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
_EMPTY = Context()
_FASTAPI_KEY = "fastapi.telemetry"
"""Of a scope: FastAPI's own span is there, or, with None, FastAPI is to make none."""
_SWITCHING = 101
_FORBIDDEN = 403
_ROUTES_MAX = 10_000
_DESCRIPTIONS_MAX, _KEPT_BYTES_MAX = 512, 512


class ASGIMiddleware:
    """A span around each request: below the caller's, current while the application runs, with its route and status."""

    def __init__(
        self,
        app: App,
        *,
        exclude: Iterable[str] = (),
        access_log: logging.Logger | str | None = None,
        answer_ids: bool = True,
    ) -> None:
        self.app = app
        self._server = HttpServer("asgi", exclude=exclude, access_log=access_log, answer_ids=answer_ids)
        self._descriptions: dict[tuple[Any, ...], tuple[str, dict[str, Any]]] = {}
        self._routes: dict[int, tuple[Any, str]] = {}  # by identity: Starlette's routes have no hash

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or SPAN_KEY in scope or self._server.excludes(scope["path"]):
            await self.app(scope, receive, send)
            return
        if scope.setdefault(_FASTAPI_KEY, None) is not None:
            await self.app(scope, receive, send)
            return
        exchange = self._begin(scope)
        scope[SPAN_KEY] = exchange.span
        token = attach(exchange.context)
        failure: BaseException | None = None
        try:
            await self.app(scope, receive, self._sender(exchange, send))
        except BaseException as error:
            failure = error
            raise
        finally:
            self._server.finish(exchange, self._route(scope), failure)
            detach(token)

    def _begin(self, scope: Scope) -> Exchange:
        tracing = self._server.tracing
        tracer = tracing.refresh()
        headers = _AsgiHeaders(scope["headers"])
        method = scope.get("method", "GET")
        name, attributes = self._described(scope, headers, method)
        path = attributes["url.path"] = scope["path"]
        query = scope.get("query_string")
        if query:
            attributes["url.query"] = redacted_query(query.decode("latin-1"))
        caller = scope.get("client")
        if caller:
            attributes["client.address"] = caller[0]
        begun = None
        if (traceparent := headers.only(b"traceparent", beside=tracing.beside)) is not None:
            begun = begin_below(tracer, traceparent, name, SpanKind.SERVER, attributes)
        if begun is None:
            context = tracing.propagator.read(headers, _EMPTY)
            begun = begin(tracer, context, name, SpanKind.SERVER, attributes)
        span, inside = begun
        return Exchange(span, inside, name, method, path)

    def _described(self, scope: Scope, headers: _AsgiHeaders, method: str) -> tuple[str, dict[str, Any]]:
        """The span's first name, and the attributes that are the same for request after request."""
        host, agent = headers.names.get(b"host", b""), headers.names.get(b"user-agent", b"")
        version, scheme, server = scope.get("http_version"), scope.get("scheme", "http"), scope.get("server")
        key = method, scheme, host, agent, version, tuple(server) if server and not host else None
        known = self._descriptions.get(key)
        if known is None:
            known = _describe(method, scheme, host, agent, version, server)
            if len(host) + len(agent) + len(method) <= _KEPT_BYTES_MAX:
                if len(self._descriptions) >= _DESCRIPTIONS_MAX:
                    self._descriptions.clear()
                self._descriptions[key] = known
        return known[0], known[1].copy()

    def _sender(self, exchange: Exchange, send: Send) -> Send:
        def traced_send(message: Message) -> Awaitable[None]:
            kind = message["type"]
            if kind == "http.response.start":
                exchange.status = message["status"]
            elif kind == "websocket.accept":
                exchange.status = _SWITCHING
            elif kind == "websocket.close" and not exchange.status:
                exchange.status = _FORBIDDEN
                return send(message)
            else:
                return send(message)
            if self._server.answer_ids:
                trace_id, span_id = exchange.identity()
                ids = ((b"x-trace-id", trace_id.encode()), (b"x-span-id", span_id.encode()))
                message = {**message, "headers": [*(message.get("headers") or ()), *ids]}
            return send(message)

        return traced_send

    def _route(self, scope: Scope) -> str:
        """The template of the path, with those of what it is mounted in."""
        found = scope.get("route") or scope.get("endpoint")
        if found is None:
            return ""
        known = self._routes.get(id(found))
        if known is None or known[0] is not found:
            listed: Any = getattr(self.app, "routes", None) or getattr(scope.get("app"), "routes", ())
            path = _path_to(found, listed) or getattr(found, "path_format", "") or getattr(found, "path", "")
            known = found, str(path)
            if len(self._routes) < _ROUTES_MAX:
                self._routes[id(found)] = known
        return known[1]


class _AsgiHeaders(Headers):
    """A scope's headers: their names are lower-case bytes already, so nothing is made until it is asked for."""

    __slots__ = ("_pairs", "names")

    names: dict[bytes, bytes]

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        self._pairs = pairs if isinstance(pairs, list) else list(pairs)
        self.names = dict(self._pairs)

    def only(self, name: bytes, *, beside: frozenset[bytes] | None) -> bytes | None:
        """The header, when it is there once and none of the others is; None when that is not sure."""
        names = self.names
        if beside is None or len(names) != len(self._pairs) or not beside.isdisjoint(names):
            return None
        return names.get(name)

    def all(self, name: str) -> list[str]:
        wanted = name.encode()
        if wanted not in self.names:
            return []
        if len(self.names) == len(self._pairs):
            return [self.names[wanted].decode("utf-8", "replace")]
        return [value.decode("utf-8", "replace") for key, value in self._pairs if key == wanted]

    def first(self, name: str) -> str:
        return self.names.get(name.encode(), b"").decode("utf-8", "replace").strip()

    def with_prefix(self, prefix: str) -> dict[str, str]:
        return Headers(self._pairs).with_prefix(prefix)


def _describe(
    method: str, scheme: str, host: bytes, agent: bytes, version: str | None, server: Any
) -> tuple[str, dict[str, Any]]:
    name, attributes = method_attributes(method)
    attributes["url.scheme"] = scheme
    if host:
        attributes["server.address"], port = split_host(host.decode("utf-8", "replace").strip())
        if port is not None:
            attributes["server.port"] = port
    elif server:
        attributes["server.address"] = server[0]
        if server[1] is not None:  # a socket in the file system has no port
            attributes["server.port"] = server[1]
    if agent:
        attributes["user_agent.original"] = agent.decode("utf-8", "replace").strip()
    if version:
        attributes["network.protocol.version"] = version
    return name, attributes


def _path_to(wanted: Any, routes: Iterable[Any], prefix: str = "") -> str:
    for route in routes:
        path = prefix + str(getattr(route, "path", ""))
        if route is wanted or getattr(route, "endpoint", None) is wanted:
            return path
        below = _path_to(wanted, getattr(route, "routes", None) or (), path)
        if below:
            return below
    return ""
