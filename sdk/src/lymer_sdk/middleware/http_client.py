"""What the middleware of HTTP clients share: a span for each request on the wire, its headers, its end.

While one client's span is open, another client below it (requests uses urllib3) makes none: OpenTelemetry's own key of
the context says so.
"""

from __future__ import annotations

from typing import Any, Self

from opentelemetry.context import _SUPPRESS_HTTP_INSTRUMENTATION_KEY, Context
from opentelemetry.trace import SpanKind

from lymer_sdk.middleware.http_semantics import client_attributes, client_status
from lymer_sdk.middleware.tracing import LocalSpan, Tracing, attach, begin, current, detach, fail


def suppressed() -> bool:
    """Whether a client above this one has the span already."""
    return bool(current().get(_SUPPRESS_HTTP_INSTRUMENTATION_KEY))


class ClientCall:
    """One request: a context manager around it. The span is current inside, and its headers are in `headers`."""

    __slots__ = ("_token", "context", "span")

    def __init__(self, tracing: Tracing, method: str, url: str, headers: Any) -> None:
        tracer = tracing.refresh()
        name, attributes = client_attributes(method, url)
        self.span: LocalSpan
        self.context: Context
        self.span, self.context = begin(tracer, current(), name, SpanKind.CLIENT, attributes)
        tracing.propagator.inject(headers, self.context)

    def __enter__(self) -> Self:
        self._token = attach(Context({**self.context, _SUPPRESS_HTTP_INSTRUMENTATION_KEY: True}))
        return self

    def answered(self, status: int) -> None:
        """The server's answer has come."""
        client_status(self.span, status)

    def __exit__(self, kind: object, exception: BaseException | None, trace: object) -> None:
        detach(self._token)
        if exception is not None:
            fail(self.span, exception)
        self.span.end()
