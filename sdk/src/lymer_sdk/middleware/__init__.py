"""Middleware: spans for requests, calls and messages of the libraries where it matters most, at the least cost.

Nothing of a library is imported before it is asked for: each module here needs its own library alone. A module that
can trace a library everywhere, without a change to the application, has `install()` and `uninstall()`; INSTALLABLE
names them.
"""

from __future__ import annotations

import importlib
from typing import Any

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

__all__ = ["INSTALLABLE", *_MODULES]  # noqa: PLE0604 (names of a table)


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
