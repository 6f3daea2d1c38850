"""Middleware as applications use it: every name of `lymer_sdk.middleware` has its type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

import httpx
from lymer_sdk.middleware import (
    INSTALLABLE,
    ASGIMiddleware,
    AsyncHttpxTransport,
    HttpxTransport,
    KafkaProducer,
    WSGIMiddleware,
    process_batch,
    process_message,
    rpc_handler,
)


async def asgi(scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    pass


def wsgi(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    return []


around: ASGIMiddleware = ASGIMiddleware(asgi, exclude=["/health"], access_log="access")
also: WSGIMiddleware = WSGIMiddleware(wsgi)
client = httpx.Client(transport=HttpxTransport())
asynchronous = httpx.AsyncClient(transport=AsyncHttpxTransport())
producer = KafkaProducer(object())
with process_message({"headers": []}) as span:
    span.set_attribute("k", 1)
with process_batch([]):
    pass


def headers_of(context: dict[str, str], order: int) -> dict[str, str]:
    return context


@rpc_handler("orders.Orders/Create", headers=headers_of)
def create(context: dict[str, str], order: int) -> str:
    return str(order)


said: str = create({}, 1)
names: tuple[str, ...] = INSTALLABLE
