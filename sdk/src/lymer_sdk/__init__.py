"""lymer-sdk: a quick tracer for Python behind the OpenTelemetry and OpenTracing APIs."""

from lymer_sdk.choices import Reporter, Sampler
from lymer_sdk.client import close, flush, get_tracer, init, settings, stats
from lymer_sdk.propagation import Environment
from lymer_sdk.provider import TracerProvider
from lymer_sdk.reporter import BatchReporter, ReporterConfig
from lymer_sdk.reporters import MemoryReporter
from lymer_sdk.resource import Resource
from lymer_sdk.sampling import AlwaysOff, AlwaysOn, Rule, TraceIdRatio
from lymer_sdk.short import baggage, consume, current_span, extract, inject, trace, wrap

__all__ = [
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
    "TraceIdRatio",
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
    "settings",
    "stats",
    "trace",
    "wrap",
]
