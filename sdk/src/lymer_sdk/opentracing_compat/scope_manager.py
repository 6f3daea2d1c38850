"""Which span is active, for OpenTracing and OpenTelemetry alike: both look into the same context.

It follows asyncio tasks, and gevent's greenlets where gevent has patched contextvars.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

import opentracing
from opentelemetry.context import Context
from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace.propagation import _SPAN_KEY

from lymer_sdk.current_context import attach, current, detach
from lymer_sdk.opentracing_compat.span import Span

if TYPE_CHECKING:
    from lymer_sdk.opentracing_compat.tracer import Tracer

_SCOPE_KEY = "lymer-opentracing-scope"


class Scope(opentracing.Scope):  # type: ignore[misc]
    """An active span. Only the innermost can be closed; another one's close does nothing."""

    def __init__(self, manager: ScopeManager, span: Any, finish_on_close: bool) -> None:
        super().__init__(manager, span)
        self._finish = finish_on_close
        self.inner: Any = getattr(span, "inner", None) if isinstance(span, Span) else None
        values: dict[str, Any] = {**current(), _SCOPE_KEY: self}
        if self.inner is not None:
            values[_SPAN_KEY] = self.inner
        self._token = attach(Context(values))

    def close(self) -> None:
        if self.manager.active is not self:
            return
        try:
            detach(self._token)
        except (ValueError, RuntimeError):
            self.manager.left_elsewhere()
        if self._finish:
            self.span.finish()

    def __exit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(exception, Exception):
            self.span._on_error(self.span, kind, exception, trace)  # noqa: SLF001 (OpenTracing's own)
        self.close()


class BorrowedScope(opentracing.Scope):  # type: ignore[misc]
    """The span that OpenTelemetry made current. Who made it so ends it: closing does nothing."""


class ScopeManager(opentracing.ScopeManager):  # type: ignore[misc]
    """Keeps the active scope in the context."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        super().__init__()
        self._tracer = tracer

    def activate(self, span: Any, finish_on_close: bool) -> Scope:
        return Scope(self, span, finish_on_close)

    @property
    def active(self) -> Any:
        context = current()
        scope = context.get(_SCOPE_KEY)
        span = context.get(_SPAN_KEY)
        if isinstance(scope, Scope) and (scope.inner is None or scope.inner is span):
            return scope
        if isinstance(span, ApiSpan) and span.get_span_context().is_valid and self._tracer is not None:
            return BorrowedScope(self, Span(self._tracer, span))
        return None

    def left_elsewhere(self) -> None:
        """Count a scope that was closed in another context than it was opened in."""
        if self._tracer is not None:
            self._tracer.recorder.provider.stats.foreign_contexts += 1
