"""aiohttp: a server's middleware, and a client's trace configuration.

web.Application(middlewares=[middleware])
aiohttp.ClientSession(trace_configs=[trace_config()])
install()  # every client session and every server's application of the process
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp import web
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from lymer_sdk.middleware.http_client import ClientCall, suppressed
from lymer_sdk.middleware.http_semantics import method_attributes, redacted_query, split_host
from lymer_sdk.middleware.http_server import Exchange, HttpServer
from lymer_sdk.middleware.patches import Patches
from lymer_sdk.middleware.tracing import Tracing, attach, begin, detach, fail

_tracing = Tracing("aiohttp")
_server = HttpServer("aiohttp", exclude=(), access_log=None, answer_ids=True)
_patches = Patches()
_EMPTY = Context()


@web.middleware
async def middleware(request: web.Request, handler: Any) -> web.StreamResponse:
    """A span around each request; put it first."""
    exchange = _begin(request)
    resource = getattr(request.match_info.route, "resource", None)
    route = getattr(resource, "canonical", "") or ""
    token = attach(exchange.context)
    failure: BaseException | None = None
    try:
        response: web.StreamResponse = await handler(request)
        _answer(exchange, response)
        return response
    except web.HTTPException as answer:
        _answer(exchange, answer)
        raise
    except BaseException as error:
        failure = error
        raise
    finally:
        _server.finish(exchange, route, failure)
        detach(token)


def trace_config() -> aiohttp.TraceConfig:
    """For one client session: a span for each request, with its redirects."""
    config = aiohttp.TraceConfig()
    config.on_request_start.append(_on_start)
    config.on_request_end.append(_on_end)
    config.on_request_exception.append(_on_exception)
    return config


def install() -> None:
    """Trace every client session and every application of aiohttp that is made from now on."""
    _patches.put(aiohttp.ClientSession, "__init__", _traced)
    _patches.put(web.Application, "__init__", _traced_application)


def uninstall() -> None:
    """As it was before."""
    _patches.remove()


def _begin(request: web.Request) -> Exchange:
    tracing = _server.tracing
    tracer = tracing.refresh()
    name, attributes = method_attributes(request.method)
    attributes.update({"url.path": request.path, "url.scheme": request.scheme})
    if request.query_string:
        attributes["url.query"] = redacted_query(request.query_string)
    attributes["server.address"], port = split_host(request.host)
    if port is not None:
        attributes["server.port"] = port
    if request.remote:
        attributes["client.address"] = request.remote
    agent = request.headers.get("User-Agent")
    if agent:
        attributes["user_agent.original"] = agent
    attributes["network.protocol.version"] = f"{request.version.major}.{request.version.minor}"
    context = tracing.propagator.extract(request.headers, _EMPTY)
    span, inside = begin(tracer, context, name, SpanKind.SERVER, attributes)
    return Exchange(span, inside, name, request.method, request.path)


def _answer(exchange: Exchange, response: Any) -> None:
    exchange.status = response.status
    if not response.prepared:
        response.headers["X-Trace-ID"], response.headers["X-Span-ID"] = exchange.identity()


def _traced(original: Any) -> Any:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        kwargs["trace_configs"] = [*(kwargs.get("trace_configs") or ()), trace_config()]
        original(self, *args, **kwargs)

    return init


def _traced_application(original: Any) -> Any:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        kwargs["middlewares"] = [middleware, *(kwargs.get("middlewares") or ())]
        original(self, *args, **kwargs)

    return init


async def _on_start(session: Any, context: SimpleNamespace, start: aiohttp.TraceRequestStartParams) -> None:
    context.call = None if suppressed() else ClientCall(_tracing, start.method, str(start.url), start.headers)


async def _on_end(session: Any, context: SimpleNamespace, end: aiohttp.TraceRequestEndParams) -> None:
    if context.call is not None:
        context.call.answered(end.response.status)
        context.call.span.end()


async def _on_exception(session: Any, context: SimpleNamespace, failed: aiohttp.TraceRequestExceptionParams) -> None:
    if context.call is not None:
        fail(context.call.span, failed.exception)
        context.call.span.end()
