"""WSGI: a span for each request of Flask, Django, Falcon, Pyramid and their like.

    app.wsgi_app = WSGIMiddleware(app.wsgi_app)      # Flask
    application = WSGIMiddleware(get_wsgi_application())

Django says its routes through `lymer_sdk.middleware.django.RouteMiddleware`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from lymer_sdk.middleware.http_semantics import method_attributes, redacted_query, split_host
from lymer_sdk.middleware.http_server import SPAN_KEY, Exchange, HttpServer
from lymer_sdk.middleware.tracing import attach, begin, detach

Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
_EMPTY = Context()


class WSGIMiddleware:
    """A span around each request, from its arrival to the last byte of the answer's body."""

    def __init__(
        self,
        app: App,
        *,
        exclude: Iterable[str] = (),
        access_log: logging.Logger | str | None = None,
        answer_ids: bool = True,
    ) -> None:
        self.app = app
        self._server = HttpServer("wsgi", exclude=exclude, access_log=access_log, answer_ids=answer_ids)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if SPAN_KEY in environ or self._server.excludes(environ.get("PATH_INFO", "")):
            return self.app(environ, start_response)
        exchange = self._begin(environ)
        environ[SPAN_KEY] = exchange.span
        token = attach(exchange.context)
        try:
            body = self.app(environ, self._starter(environ, exchange, start_response))
            whole = _is_whole(body, environ)
            if whole:
                self._server.finish(exchange, exchange.route, None)
        except BaseException as error:
            self._server.finish(exchange, _route(environ), error)
            raise
        finally:
            detach(token)
        if whole:
            return body
        return _Body(body, exchange, lambda failure: self._server.finish(exchange, exchange.route, failure))

    def _begin(self, environ: Environ) -> Exchange:
        tracing = self._server.tracing
        tracer = tracing.refresh()
        method = environ.get("REQUEST_METHOD", "GET")
        name, attributes = method_attributes(method)
        path = attributes["url.path"] = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        _describe(environ, attributes)
        context = tracing.propagator.extract(environ, _EMPTY)
        span, inside = begin(tracer, context, name, SpanKind.SERVER, attributes)
        return Exchange(span, inside, name, method, path)

    def _starter(self, environ: Environ, exchange: Exchange, start_response: Callable[..., Any]) -> Callable[..., Any]:
        def traced_start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            code = status[:3]
            exchange.status = int(code) if code.isdecimal() else 0
            exchange.route = _route(environ)
            if self._server.answer_ids:
                trace_id, span_id = exchange.identity()
                headers = [*headers, ("X-Trace-ID", trace_id), ("X-Span-ID", span_id)]
            return start_response(status, headers, *more)

        return traced_start


class _Body:
    """The answer's body: the span is current while the application makes it, and ends with it."""

    def __init__(
        self, body: Iterable[bytes], exchange: Exchange, finish: Callable[[BaseException | None], None]
    ) -> None:
        self._body = body
        self._parts: Iterator[bytes] | None = None
        self._context = exchange.context
        self._finish: Callable[[BaseException | None], None] | None = finish

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> bytes:
        token = attach(self._context)
        try:
            if self._parts is None:
                self._parts = iter(self._body)
            return next(self._parts)
        except StopIteration:
            raise
        except BaseException as error:
            self._end(error)
            raise
        finally:
            detach(token)

    def close(self) -> None:
        """The server is done with the answer, sent or not."""
        close = getattr(self._body, "close", None)
        token = attach(self._context)
        try:
            if close is not None:
                close()
            self._end(None)
        except BaseException as error:
            self._end(error)
            raise
        finally:
            detach(token)

    def _end(self, failure: BaseException | None) -> None:
        finish, self._finish = self._finish, None
        if finish is not None:
            finish(failure)


def _is_whole(body: Iterable[bytes], environ: Environ) -> bool:
    """Whether nothing of the application runs any more: a list, or a file that the server sends by itself."""
    if isinstance(body, list | tuple):
        return True
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(body, wrapper)


def _describe(environ: Environ, attributes: dict[str, Any]) -> None:
    attributes["url.scheme"] = environ.get("wsgi.url_scheme", "http")
    query = environ.get("QUERY_STRING")
    if query:
        attributes["url.query"] = redacted_query(query)
    host = environ.get("HTTP_HOST") or f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"
    attributes["server.address"], port = split_host(host)
    if port is not None:
        attributes["server.port"] = port
    for key, variable in (("client.address", "REMOTE_ADDR"), ("user_agent.original", "HTTP_USER_AGENT")):
        value = environ.get(variable)
        if value:
            attributes[key] = value
    version = environ.get("SERVER_PROTOCOL", "")
    if version.startswith("HTTP/"):
        attributes["network.protocol.version"] = version[5:]


def _route(environ: Environ) -> str:
    """The template of the path, where the framework leaves it: Flask's request is there while it answers."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return str(rule.rule) if rule is not None else str(environ.get("lymer.route", ""))
