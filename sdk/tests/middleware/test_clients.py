"""httpx, requests, urllib3 and aiohttp against a server that says which headers it got."""

from __future__ import annotations

import http.server
import json
import threading

import httpx
import lymer_sdk as lymer
import pytest
import requests
from lymer_sdk.middleware import AsyncHttpxTransport, HttpxTransport, RequestsAdapter
from opentelemetry.trace import SpanKind, StatusCode


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow-body":
            self._answer_slowly()
            return
        status = int(self.path.strip("/").partition("?")[0] or 200)
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer_slowly(self):
        """The headers, and the body when somebody allows it."""
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        BODY_MAY_COME.wait(20)
        self.wfile.write(b"body")

    def log_message(self, *arguments):
        pass


BODY_MAY_COME = threading.Event()


@pytest.fixture(scope="module")
def url():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def by_httpx(url):
    with httpx.Client(transport=HttpxTransport(), follow_redirects=True) as client:
        answer = client.get(url)
        return answer.status_code, answer.json()


def by_httpx_async(url):
    import asyncio

    async def run():
        async with httpx.AsyncClient(transport=AsyncHttpxTransport(), follow_redirects=True) as client:
            answer = await client.get(url)
            return answer.status_code, answer.json()

    return asyncio.run(run())


def by_httpx_installed(url):
    from lymer_sdk.middleware import httpx as module

    module.install()
    module.install()
    try:
        answer = httpx.get(url, follow_redirects=True)
        return answer.status_code, answer.json()
    finally:
        module.uninstall()


def by_requests(url):
    with requests.Session() as session:
        session.mount("http://", RequestsAdapter())
        answer = session.get(url)
        return answer.status_code, answer.json()


def by_requests_over_urllib3_installed(url):
    from lymer_sdk.middleware import requests as module
    from lymer_sdk.middleware import urllib3 as below

    module.install()
    below.install()
    try:
        with requests.Session() as session:
            answer = session.get(url)
            return answer.status_code, answer.json()
    finally:
        module.uninstall()
        below.uninstall()


def by_urllib3(url):
    import urllib3
    from lymer_sdk.middleware import urllib3 as module

    module.install()
    try:
        with urllib3.PoolManager() as pool:
            answer = pool.request("GET", url, headers={"accept": "x"})
            return answer.status, answer.json()
    finally:
        module.uninstall()


def by_aiohttp(url):
    import asyncio

    import aiohttp
    from lymer_sdk.middleware import aiohttp as module

    async def run():
        async with aiohttp.ClientSession(trace_configs=[module.trace_config()]) as session, session.get(url) as answer:
            return answer.status, await answer.json(content_type=None)

    return asyncio.run(run())


def by_aiohttp_installed(url):
    import asyncio

    import aiohttp
    from lymer_sdk.middleware import aiohttp as module

    async def run():
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status, await answer.json(content_type=None)

    module.install()
    try:
        return asyncio.run(run())
    finally:
        module.uninstall()


ASK = [
    by_httpx,
    by_httpx_async,
    by_httpx_installed,
    by_requests,
    by_requests_over_urllib3_installed,
    by_urllib3,
    by_aiohttp,
    by_aiohttp_installed,
]


@pytest.fixture(params=ASK, ids=[ask.__name__ for ask in ASK])
def ask(request):
    return request.param


def test_a_request_is_a_client_span_and_carries_it(ask, url, spans):
    with lymer.get_tracer().span("page") as page:
        page.baggage["tenant_id"] = "blue"
        status, headers = ask(f"{url}/200?x=1&sig=secret")
    span = spans[0]
    assert (status, span.name, span.kind, span.parent_span_id) == (200, "GET", SpanKind.CLIENT, page.span_id)
    assert span.attributes == {
        "http.request.method": "GET",
        "url.full": f"{url}/200?x=1&sig=REDACTED",
        "server.address": "127.0.0.1",
        "server.port": int(url.rpartition(":")[2]),
        "http.response.status_code": 200,
    }
    assert headers["traceparent"] == f"00-{span.trace_id:032x}-{span.span_id:016x}-03"
    assert headers["baggage"] == "tenant_id=blue"
    assert (headers["x-trace-id"], headers["x-span-id"]) == (f"{span.trace_id:032x}", f"{span.span_id:016x}")
    assert len(spans) == 2


@pytest.mark.parametrize("status", [404, 503])
def test_an_answer_of_400_and_more_is_an_error_to_the_client(ask, url, spans, status):
    assert ask(f"{url}/{status}")[0] == status
    assert (spans[0].status_code, spans[0].attributes["error.type"]) == (StatusCode.ERROR.value, str(status))


def test_a_server_that_is_not_there_is_recorded(ask, spans):
    with pytest.raises(Exception):  # noqa: B017 (each library has its own)
        ask("http://127.0.0.1:1/")
    assert spans[0].status_code == StatusCode.ERROR.value
    assert spans[0].events[0].name == "exception"
    assert spans[0].attributes["error.type"]


def test_each_request_of_a_redirect_has_a_span_or_the_first_has_the_last_status(ask, url, spans):
    assert ask(f"{url}/302")[0] == 200
    codes = [span.attributes["http.response.status_code"] for span in spans]
    assert codes in ([302, 200], [200])
    assert len({span.trace_id for span in spans}) == len(spans)


def streamed_by_httpx(url, spans):
    with httpx.Client(transport=HttpxTransport()) as client, client.stream("GET", url) as answer:
        seen = ended(spans)
        return seen, answer.read()


def streamed_by_httpx_async(url, spans):
    import asyncio

    async def run():
        async with httpx.AsyncClient(transport=AsyncHttpxTransport()) as client, client.stream("GET", url) as answer:
            seen = ended(spans)
            return seen, await answer.aread()

    return asyncio.run(run())


def streamed_by_requests(url, spans):
    with requests.Session() as session:
        session.mount("http://", RequestsAdapter())
        with session.get(url, stream=True) as answer:
            seen = ended(spans)
            return seen, answer.content


def streamed_by_urllib3(url, spans):
    import urllib3
    from lymer_sdk.middleware import urllib3 as module

    module.install()
    try:
        with urllib3.PoolManager() as pool, pool.request("GET", url, preload_content=False) as answer:
            seen = ended(spans)
            return seen, answer.read()
    finally:
        module.uninstall()


def streamed_by_aiohttp(url, spans):
    import asyncio

    import aiohttp
    from lymer_sdk.middleware import aiohttp as module

    async def run():
        async with aiohttp.ClientSession(trace_configs=[module.trace_config()]) as session, session.get(url) as answer:
            seen = ended(spans)
            return seen, await answer.read()

    return asyncio.run(run())


def ended(spans):
    """What has ended while the body is still to come; then it may."""
    seen = [(span.name, span.attributes["http.response.status_code"]) for span in spans]
    BODY_MAY_COME.set()
    return seen


@pytest.mark.parametrize(
    "stream",
    [streamed_by_httpx, streamed_by_httpx_async, streamed_by_requests, streamed_by_urllib3, streamed_by_aiohttp],
)
def test_a_clients_span_ends_with_the_headers(stream, url, spans):
    """OpenTelemetry's conventions, "HTTP client span duration": never in the cleanup of a body nobody reads."""
    BODY_MAY_COME.clear()
    assert stream(f"{url}/slow-body", spans) == ([("GET", 200)], b"body")
    assert len(spans) == 1


def test_an_x_trace_id_that_came_goes_on(url, spans):
    with lymer.consume({"x-trace-id": "order/77"}, "page"):
        pass
    from lymer_sdk.middleware import ASGIMiddleware  # the whole way: in by ASGI, out by httpx

    seen = []

    async def application(scope, receive, send):
        seen.append(by_httpx(url))
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def nowhere(message):
        pass

    import asyncio

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"x-trace-id", b"order/77")]}
    asyncio.run(ASGIMiddleware(application)(scope, None, nowhere))
    assert seen[0][1]["x-trace-id"] == "order/77"


def test_passwords_in_an_address_stay_here(spans):
    from lymer_sdk.middleware.http_semantics import client_attributes

    _, attributes = client_attributes("get", "https://me:secret@shop.example/x")
    assert attributes["url.full"] == "https://REDACTED:REDACTED@shop.example/x"
    assert (attributes["server.address"], attributes["server.port"]) == ("shop.example", 443)
