"""Shows the speed-ups in C what they need of the Python half: types, keys, the current context, cleaning."""

from __future__ import annotations

from opentelemetry.context import Context
from opentelemetry.trace import SpanContext, SpanKind
from opentelemetry.trace.propagation import _SPAN_KEY

from lymer_sdk import current_context
from lymer_sdk.attributes import clean_value, warn_of
from lymer_sdk.ids import new_trace_id
from lymer_sdk.remote_parent import NO_STATE, ROOT_HINTS_KEY, RemoteParent
from lymer_sdk.sampling.constant import AlwaysOff, AlwaysOn
from lymer_sdk.sampling.probability import Probabilistic, TraceIdRatio
from lymer_sdk.scope import Scope
from lymer_sdk.span import FLAGS, Span, UnsampledSpan
from lymer_sdk.speedups import native
from lymer_sdk.tracer import KINDS

_connected = native is None


def connect() -> None:
    """Before the first span; twice is once, and without the speed-ups it is nothing."""
    global _connected
    if _connected:
        return
    _connected = True
    native.connect(
        {
            "Span": Span,
            "UnsampledSpan": UnsampledSpan,
            "Scope": Scope,
            "Context": Context,
            "SpanContext": SpanContext,
            "RemoteParent": RemoteParent,
            "AlwaysOn": AlwaysOn,
            "AlwaysOff": AlwaysOff,
            "TraceIdRatio": TraceIdRatio,
            "Probabilistic": Probabilistic,
            "span_key": _SPAN_KEY,
            "hints_key": ROOT_HINTS_KEY,
            "variable": current_context.variable,
            "current": current_context.current,
            "attach": current_context.attach,
            "detach": current_context.detach,
            "flags": FLAGS,
            "no_state": NO_STATE,
            "internal": SpanKind.INTERNAL,
            "server": SpanKind.SERVER,
            "kinds": tuple(SpanKind),
            "kind_names": KINDS,
            "clean_value": clean_value,
            "warn_of": warn_of,
            "new_trace_id": new_trace_id,
        }
    )
