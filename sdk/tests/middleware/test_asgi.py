"""ASGIMiddleware around FastAPI, Starlette, Django and a bare application."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys

import httpx
import lymer_sdk as lymer
import pytest
from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from lymer_sdk.middleware import ASGIMiddleware
from opentelemetry.trace import SpanKind, StatusCode
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route


def ask(app, path, *, method="GET", headers=None):
    async def run():
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example:81") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(run())


@pytest.fixture
def app():
    app = FastAPI()

    @app.get("/items/{name}")
    async def item(name: str):
        with lymer.get_tracer().span("look"):
            return {"name": name, "tenant": lymer.baggage("tenant_id")}

    @app.get("/plain/{number}")
    def plain(number: int):
        with lymer.get_tracer().span("in a thread"):
            return number

    @app.get("/broken")
    async def broken():
        raise RuntimeError("no stock")

    @app.get("/refused")
    async def refused():
        raise HTTPException(409)

    @app.get("/slow")
    async def slow():
        async def parts():
            with lymer.get_tracer().span("part"):
                yield b"a"

        return StreamingResponse(parts())

    @app.websocket("/talk")
    async def talk(websocket):
        await websocket.accept()

    return ASGIMiddleware(app, exclude=["/health"])


def test_a_request_is_a_server_span_with_the_names_of_the_conventions(app, spans, traceparent):
    answer = ask(app, "/items/pen?full=1&sig=secret", headers={"traceparent": traceparent, "user-agent": "test"})
    inner, span = spans
    assert answer.json()["name"] == "pen"
    assert (span.name, span.kind) == ("GET /items/{name}", SpanKind.SERVER)
    assert span.attributes == {
        "http.request.method": "GET",
        "url.path": "/items/pen",
        "url.scheme": "http",
        "url.query": "full=1&sig=REDACTED",
        "server.address": "shop.example",
        "server.port": 81,
        "client.address": "127.0.0.1",
        "user_agent.original": "test",
        "network.protocol.version": "1.1",
        "http.route": "/items/{name}",
        "http.response.status_code": 200,
    }
    assert (f"{span.trace_id:032x}", f"{span.parent_span_id:016x}") == tuple(traceparent.split("-")[1:3])
    assert inner.parent_span_id == span.span_id
    assert span.status_code == StatusCode.UNSET.value


def test_work_in_the_thread_pool_is_below_the_request(app, spans):
    ask(app, "/plain/7")
    inner, span = spans
    assert inner.parent_span_id == span.span_id


def test_baggage_reaches_the_handler(app, spans):
    assert ask(app, "/items/pen", headers={"baggage": "tenant_id=blue"}).json()["tenant"] == "blue"


def test_an_exception_is_recorded_and_an_error(app, spans):
    assert ask(app, "/broken").status_code == 500
    (span,) = spans
    assert span.attributes["http.response.status_code"] == 500
    assert (span.attributes["error.type"], span.status_code) == ("500", StatusCode.ERROR.value)
    assert [event.name for event in span.events] == ["exception"]
    assert span.events[0].attributes["exception.message"] == "no stock"


def test_a_refused_request_is_no_error_of_the_server(app, spans):
    assert ask(app, "/refused").status_code == 409
    assert (spans[0].status_code, spans[0].attributes["http.response.status_code"]) == (0, 409)


def test_the_span_lasts_until_the_last_part_of_a_stream(app, spans):
    assert ask(app, "/slow").content == b"a"
    part, span = spans
    assert (part.name, part.parent_span_id) == ("part", span.span_id)
    assert span.end_time >= part.end_time


def test_an_unknown_path_or_method_makes_no_name(app, spans):
    ask(app, "/secret/4711")
    ask(app, "/items/pen", method="BREW")
    assert [span.name for span in spans] == ["GET", "HTTP /items/{name}"]
    assert spans[1].attributes["http.request.method_original"] == "BREW"


def test_a_route_is_named_with_what_it_is_mounted_in(spans):
    outer, inner = FastAPI(), FastAPI()

    @inner.get("/users/{name}")
    async def user(name: str):
        return name

    outer.mount("/api/{version}", inner)
    ask(ASGIMiddleware(outer), "/api/v1/users/x")
    assert spans[0].name == "GET /api/{version}/users/{name}"


def test_as_a_middleware_of_starlette_it_knows_routes_and_errors(spans):
    async def broken(request):
        raise RuntimeError("no stock")

    app = Starlette(routes=[Route("/broken/{name}", broken)])
    app.add_middleware(ASGIMiddleware)
    ask(app, "/broken/x")
    assert (spans[0].name, spans[0].attributes["http.response.status_code"]) == ("GET /broken/{name}", 500)


def test_fastapis_own_spans_are_not_made_twice():
    """In a process of its own: only a global provider wakes FastAPI's own."""
    program = """if True:
        import asyncio, lymer_sdk as lymer
        from fastapi import FastAPI
        from lymer_sdk.middleware import ASGIMiddleware
        memory = lymer.MemoryReporter()
        lymer.init("shop", reporter=lymer.Reporter.memory(memory), environment={})
        app = FastAPI()
        app.get("/")(lambda: {})
        async def receive(): return {"type": "http.request", "body": b""}
        async def send(message): pass
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "root_path": ""}
        asyncio.run(ASGIMiddleware(app)(scope, receive, send))
        print([span.name for span in memory.spans])
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['GET /']"


@pytest.mark.parametrize("given", ["order/77", "0af7651916cd43dd8448eb211c80319c"])
def test_an_x_trace_id_is_taken_and_answered(app, spans, given):
    answer = ask(app, "/items/pen", headers={"X-Trace-ID": given})
    assert answer.headers["x-trace-id"] == given
    assert answer.headers["x-span-id"] == f"{spans[-1].span_id:016x}"


def test_an_x_trace_id_is_made_where_there_is_none(app, spans):
    assert ask(app, "/items/pen").headers["x-trace-id"] == f"{spans[-1].trace_id:032x}"


def test_excluded_paths_have_no_spans(app, spans):
    ask(app, "/health/live")
    ask(app, "/healthy")
    assert [span.attributes["url.path"] for span in spans] == ["/healthy"]


def test_what_is_not_sampled_is_not_recorded_and_goes_on(app, spans, traceparent):
    answer = ask(app, "/items/pen", headers={"traceparent": traceparent[:-1] + "0"})
    assert (spans, answer.headers["x-trace-id"]) == ([], traceparent.split("-")[1])


def test_each_request_is_a_line_of_the_access_log(spans, caplog):
    async def handle(request):
        return PlainTextResponse("yes")

    app = Starlette(routes=[Mount("/api", routes=[Route("/users/{id}", handle)])])
    with caplog.at_level(logging.INFO, "access"):
        ask(ASGIMiddleware(app, access_log="access"), "/api/users/7", headers={"X-Trace-ID": "order/77"})
    assert spans[0].name == "GET /api/users/{id}"
    assert caplog.messages[0].startswith("GET /api/users/7 200 ")
    assert caplog.messages[0].endswith(f"trace_id=order/77 span_id={spans[0].span_id:016x}")


def test_twice_around_an_application_is_once(app, spans):
    ask(ASGIMiddleware(app), "/items/pen")
    assert [span.name for span in spans] == ["look", "GET /items/{name}"]


def test_a_websocket_is_one_span(spans):
    async def application(scope, receive, send):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})

    sent = []

    async def run():
        async def send(message):
            sent.append(message)

        scope = {"type": "websocket", "path": "/talk", "headers": [], "scheme": "ws"}
        await ASGIMiddleware(application)(scope, None, send)

    asyncio.run(run())
    assert (spans[0].name, spans[0].attributes["http.response.status_code"]) == ("GET", 101)
    assert dict(sent[0]["headers"])[b"x-trace-id"] == f"{spans[0].trace_id:032x}".encode()


def test_without_a_client_requests_go_through(app):
    assert ask(app, "/items/pen").status_code == 200


def test_other_scopes_go_through():
    seen = []

    async def application(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(ASGIMiddleware(application)({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]


@pytest.mark.parametrize(
    "headers",
    [
        [("traceparent", "00-{trace}-{caller}-01")],
        [("traceparent", "00-{trace}-{caller}-03")],
        [("traceparent", "00-{trace}-{caller}-00")],
        [("traceparent", "00-{trace}-{caller}-fd")],
        [("traceparent", " 00-{trace}-{caller}-01 ")],
        [("traceparent", "00-{trace}-{caller}-01-more")],
        [("traceparent", "01-{trace}-{caller}-01-more")],
        [("traceparent", "ff-{trace}-{caller}-01")],
        [("traceparent", "00-{upper}-{caller}-01")],
        [("traceparent", "00_{trace}_{caller}_01")],
        [("traceparent", "00-{zero}{zero}-{caller}-01")],
        [("traceparent", "00-{trace}-{zero}-01")],
        [("traceparent", "00-{trace}-{caller}-01"), ("traceparent", "00-{trace}-{caller}-00")],
        [("traceparent", "00-{trace}-{caller}-01"), ("tracestate", "a=1")],
        [("traceparent", "00-{trace}-{caller}-01"), ("baggage", "tenant_id=blue")],
        [("traceparent", "00-{trace}-{caller}-00"), ("x-trace-id", "{upper}")],
    ],
)
def test_a_request_starts_below_what_the_propagators_read(spans, headers):
    values = {"trace": "0af7651916cd43dd8448eb211c80319c", "caller": "b7ad6b7169203331", "zero": "0" * 16}
    values["upper"] = values["trace"].upper()
    sent = [(name.encode(), value.format(**values).encode()) for name, value in headers]
    read = lymer.extract([(name.decode(), value.decode()) for name, value in sent])
    begun = []

    async def application(scope, receive, send):
        begun.append(scope["lymer.span"])

    scope = {"type": "http", "method": "GET", "path": "/", "headers": sent}
    asyncio.run(ASGIMiddleware(application)(scope, None, None))
    span, expected = begun[0], lymer.get_tracer().start_span("expected", context=read)
    known = expected.parent_span_id if expected.is_recording() else 0
    assert (span.is_recording() or span in spans) == expected.is_recording()
    assert span.flags == expected.flags
    assert span.trace_state == expected.trace_state
    if known:
        assert (span.trace_id, span.parent_span_id, span.parent_remote) == (expected.trace_id, known, True)
