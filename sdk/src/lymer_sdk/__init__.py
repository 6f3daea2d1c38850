"""lymer-sdk: a quick tracer for Python behind the OpenTelemetry API."""

from lymer_sdk.provider import TracerProvider
from lymer_sdk.reporter import Reporter, ReporterConfig
from lymer_sdk.resource import Resource
from lymer_sdk.sampling import AlwaysOff, AlwaysOn, TraceIdRatio

__all__ = ["AlwaysOff", "AlwaysOn", "Reporter", "ReporterConfig", "Resource", "TraceIdRatio", "TracerProvider"]
