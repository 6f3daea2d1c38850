"""What the middleware of ASGI and WSGI servers share: what is left out, how a request ends, its line in the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from opentelemetry.context import Context

from lymer_sdk.middleware.http_semantics import server_status
from lymer_sdk.middleware.tracing import LocalSpan, Tracing, fail, request_id_of

SPAN_KEY = "lymer.span"
"""Where a scope or environment says that its request has a span already."""


class Exchange:
    """One request and its answer, as the middleware follows it."""

    __slots__ = ("context", "method", "name", "path", "route", "span", "started", "status")

    def __init__(self, span: LocalSpan, context: Context, name: str, method: str, path: str) -> None:
        self.span: LocalSpan = span
        self.context: Context = context
        self.name: str = name
        self.method: str = method
        self.path: str = path
        self.route: str = ""
        self.status: int = 0
        self.started: float = time.monotonic()

    def identity(self) -> tuple[str, str]:
        """X-Trace-ID and X-Span-ID of the answer."""
        return request_id_of(self.span, self.context), f"{self.span.span_id:016x}"


class HttpServer:
    """Settings of a server's middleware. `exclude` are paths without spans, with all below them.

    With `access_log` every request is a line there: method, path, status, milliseconds, trace id and span id.
    With `answer_ids` the answer says X-Trace-ID and X-Span-ID.
    """

    def __init__(
        self, name: str, *, exclude: Iterable[str], access_log: logging.Logger | str | None, answer_ids: bool
    ) -> None:
        self.tracing: Tracing = Tracing(name)
        self.answer_ids = answer_ids
        self._exclude = tuple(path.rstrip("/") for path in exclude)
        self._log = logging.getLogger(access_log) if isinstance(access_log, str) else access_log

    def excludes(self, path: str) -> bool:
        """Whether requests for this path have no spans."""
        return bool(self._exclude) and any(path == one or path.startswith(one + "/") for one in self._exclude)

    def finish(self, exchange: Exchange, route: str, exception: BaseException | None) -> None:
        """The request is over: the span's last words, and the line in the log."""
        span = exchange.span
        if span.is_recording():
            if route:
                span.set_attribute("http.route", route)
                span.update_name(f"{exchange.name} {route}")
            if exception is not None:
                if isinstance(exception, Exception):
                    exchange.status = exchange.status or 500
                fail(span, exception)
            if exchange.status:
                server_status(span, exchange.status)
        span.end()
        if self._log is not None:
            self._write(self._log, exchange)

    def _write(self, log: logging.Logger, exchange: Exchange) -> None:
        trace_id, span_id = exchange.identity()
        log.info(
            "%s %s %d %.1f ms trace_id=%s span_id=%s",
            exchange.method,
            exchange.path,
            exchange.status,
            (time.monotonic() - exchange.started) * 1e3,
            trace_id,
            span_id,
        )
