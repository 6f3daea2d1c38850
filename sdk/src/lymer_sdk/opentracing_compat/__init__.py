"""OpenTracing 2.x over the same tracer: spans of either API are parents of the other's. The extra `opentracing`."""

from lymer_sdk.opentracing_compat.scope_manager import Scope, ScopeManager
from lymer_sdk.opentracing_compat.span import Span, SpanContext
from lymer_sdk.opentracing_compat.tracer import Tracer

__all__ = ["Scope", "ScopeManager", "Span", "SpanContext", "Tracer"]
