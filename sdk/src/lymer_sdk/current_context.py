"""The context that is current: OpenTelemetry's variable itself, where its context is kept in one, as it is by default.

The API's own functions find it through two more calls each, at every span. `detach` raises ValueError or RuntimeError
for a token of another context; the API's logs an error instead, for every generator that is left early.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from opentelemetry import context as api_context
from opentelemetry.context import Context
from opentelemetry.context.contextvars_context import ContextVarsRuntimeContext


def _variable() -> ContextVar[Context] | None:
    runtime = api_context._RUNTIME_CONTEXT  # noqa: SLF001 (the choice of OTEL_PYTHON_CONTEXT has no public name)
    found = getattr(runtime, "_current_context", None) if type(runtime) is ContextVarsRuntimeContext else None
    return found if isinstance(found, ContextVar) else None


variable: ContextVar[Context] | None = _variable()
"""None when another kind of context was chosen."""
current: Callable[[], Context]
attach: Callable[[Context], Any]
detach: Callable[[Any], None]
if variable is not None:
    current, attach, detach = variable.get, variable.set, variable.reset
else:
    current, attach = api_context.get_current, api_context.attach
    detach = api_context._RUNTIME_CONTEXT.detach  # noqa: SLF001
