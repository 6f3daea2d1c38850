"""Middleware: spans for requests, calls and messages of the libraries where it matters most, at the least cost.

Nothing of a library is imported before it is asked for: each module here needs its own library alone. A module that
can trace a library everywhere, without a change to the application, has `install()` and `uninstall()`; INSTALLABLE
names them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lymer_sdk.middleware.asgi import ASGIMiddleware
    from lymer_sdk.middleware.grpc_aio_client import grpc_aio_client_interceptors
    from lymer_sdk.middleware.grpc_aio_server import GrpcAioServerInterceptor
    from lymer_sdk.middleware.grpc_client import GrpcClientInterceptor
    from lymer_sdk.middleware.grpc_server import GrpcServerInterceptor
    from lymer_sdk.middleware.httpx import AsyncHttpxTransport, HttpxTransport
    from lymer_sdk.middleware.kafka import KafkaProducer, process_batch, process_message
    from lymer_sdk.middleware.requests import RequestsAdapter
    from lymer_sdk.middleware.rpc import rpc_handler
    from lymer_sdk.middleware.wsgi import WSGIMiddleware

_MODULES = {
    "ASGIMiddleware": "asgi",
    "WSGIMiddleware": "wsgi",
    "AsyncHttpxTransport": "httpx",
    "HttpxTransport": "httpx",
    "RequestsAdapter": "requests",
    "GrpcClientInterceptor": "grpc_client",
    "GrpcServerInterceptor": "grpc_server",
    "grpc_aio_client_interceptors": "grpc_aio_client",
    "GrpcAioServerInterceptor": "grpc_aio_server",
    "KafkaProducer": "kafka",
    "process_batch": "kafka",
    "process_message": "kafka",
    "rpc_handler": "rpc",
}
INSTALLABLE = ("aiohttp", "celery", "httpx", "redis", "requests", "urllib3")
"""Libraries that can be traced as a whole: `import_module(f"lymer_sdk.middleware.{name}").install()`."""

__all__ = [
    "INSTALLABLE",
    "ASGIMiddleware",
    "AsyncHttpxTransport",
    "GrpcAioServerInterceptor",
    "GrpcClientInterceptor",
    "GrpcServerInterceptor",
    "HttpxTransport",
    "KafkaProducer",
    "RequestsAdapter",
    "WSGIMiddleware",
    "grpc_aio_client_interceptors",
    "process_batch",
    "process_message",
    "rpc_handler",
]


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
