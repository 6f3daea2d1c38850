"""lymer-sdk: a quick tracer for Python behind the OpenTelemetry and OpenTracing APIs."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lymer_sdk import logs
from lymer_sdk.choices import Reporter, Sampler
from lymer_sdk.client import close, flush, get_tracer, init, instrumented, settings, stats
from lymer_sdk.propagation import Environment
from lymer_sdk.provider import TracerProvider
from lymer_sdk.reporter import BatchReporter, ReporterConfig
from lymer_sdk.reporters import MemoryReporter
from lymer_sdk.resource import Resource
from lymer_sdk.sampling import AlwaysOff, AlwaysOn, Rule, TraceIdRatio
from lymer_sdk.short import baggage, consume, current_span, extract, inject, trace, wrap
from lymer_sdk.span import Span
from lymer_sdk.tracer import Tracer

if TYPE_CHECKING:
    from lymer_sdk.logs import LOG_FORMAT

__all__ = [
    "LOG_FORMAT",
    "AlwaysOff",
    "AlwaysOn",
    "BatchReporter",
    "Environment",
    "MemoryReporter",
    "Reporter",
    "ReporterConfig",
    "Resource",
    "Rule",
    "Sampler",
    "Span",
    "TraceIdRatio",
    "Tracer",
    "TracerProvider",
    "baggage",
    "close",
    "consume",
    "current_span",
    "extract",
    "flush",
    "get_tracer",
    "init",
    "inject",
    "instrumented",
    "settings",
    "stats",
    "trace",
    "wrap",
]


def __getattr__(name: str) -> Any:
    """LOG_FORMAT names fields: who reads it has them in every record from then on, before `init` too.

    The middleware's names are here as well, each found when it is asked for.
    """
    if name != "LOG_FORMAT":
        middleware = import_module("lymer_sdk.middleware")

        if name not in middleware.__all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(middleware, name)
    logs.correlate_logs()
    return logs.LOG_FORMAT
