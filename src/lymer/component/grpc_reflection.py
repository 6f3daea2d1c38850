"""gRPC server reflection: descriptors are loaded when somebody asks for them, which is hardly ever."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf import descriptor_pool
from grpc_health.v1 import health
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from lymer.component.grpc_methods import GrpcMethods

Descriptors = Callable[[], None]
"""Puts descriptors into the default pool; may be called again."""


def generated(*modules: str) -> Descriptors:
    """The descriptors of generated modules, which add themselves when they are imported."""

    def load() -> None:
        for module in modules:
            importlib.import_module(module)

    return load


def enable_reflection(methods: GrpcMethods, services: Sequence[str], descriptors: Descriptors) -> None:
    """Let clients such as grpcurl ask what these services look like, and health."""
    names = [*services, health.SERVICE_NAME, reflection.SERVICE_NAME]
    servicer = reflection.aio.ReflectionServicer(names, pool=_LazyPool(descriptors))
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, methods)


_load_own = generated("grpc_health.v1.health_pb2", "grpc_reflection.v1alpha.reflection_pb2")


class _LazyPool:
    """The default descriptor pool; whoever looks into it first loads the descriptors."""

    def __init__(self, descriptors: Descriptors) -> None:
        self._descriptors = descriptors

    def __getattr__(self, name: str) -> Any:
        _load_own()
        self._descriptors()
        return getattr(descriptor_pool.Default(), name)
