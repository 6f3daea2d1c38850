"""gRPC server reflection for OTLP: descriptors are loaded when somebody asks for them, which is hardly ever."""

from __future__ import annotations

import importlib
from typing import Any

from google.protobuf import descriptor_pool
from grpc_reflection.v1alpha import reflection

_DESCRIPTORS = (
    "opentelemetry.proto.collector.trace.v1.trace_service_pb2",
    "grpc_health.v1.health_pb2",
    "grpc_reflection.v1alpha.reflection_pb2",
)


def enable_reflection(server: Any, services: list[str]) -> None:
    """Let clients such as grpcurl ask what these services look like."""
    reflection.enable_server_reflection([*services, reflection.SERVICE_NAME], server, _LazyPool())


class _LazyPool:
    """The default descriptor pool; whoever looks into it first loads the generated modules."""

    def __getattr__(self, name: str) -> Any:
        for module in _DESCRIPTORS:
            importlib.import_module(module)
        return getattr(descriptor_pool.Default(), name)
