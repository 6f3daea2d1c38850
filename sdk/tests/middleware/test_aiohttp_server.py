"""aiohttp's server under the middleware."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from lymer_sdk.middleware import aiohttp as module
from lymer_sdk.middleware.aiohttp import middleware
from opentelemetry.trace import SpanKind


def ask(path, headers=None, middlewares=(middleware,)):
    async def item(request):
        return web.Response(text=request.match_info["name"])

    async def broken(request):
        raise RuntimeError("no stock")

    async def run():
        app = web.Application(middlewares=middlewares)
        app.add_routes([web.get("/items/{name}", item), web.get("/broken", broken)])
        async with (
            TestServer(app) as server,
            aiohttp.ClientSession() as session,
            session.get(server.make_url(path), headers=headers) as answer,
        ):
            return answer.status, answer.headers

    return asyncio.run(run())


def test_a_request_is_a_server_span_named_by_its_route(spans, traceparent):
    status, headers = ask("/items/pen", {"traceparent": traceparent})
    (span,) = spans
    assert (status, span.name, span.kind) == (200, "GET /items/{name}", SpanKind.SERVER)
    assert f"{span.parent_span_id:016x}" == traceparent.split("-")[2]
    assert span.attributes["http.response.status_code"] == 200
    assert headers["X-Span-ID"] == f"{span.span_id:016x}"


@pytest.mark.parametrize(("path", "status"), [("/broken", 500), ("/unknown", 404)])
def test_errors_and_refusals_have_their_status(spans, path, status):
    assert ask(path)[0] == status
    assert spans[0].attributes["http.response.status_code"] == status


def test_installed_it_traces_both_ends(spans):
    module.install()
    try:
        ask("/items/pen", middlewares=())
    finally:
        module.uninstall()
    assert [span.name for span in spans] == ["GET /items/{name}", "GET"]
    assert spans[0].parent_span_id == spans[1].span_id
