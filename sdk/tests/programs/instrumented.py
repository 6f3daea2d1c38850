"""Uses each library once under OpenTelemetry's instrumentation of it; prints the scopes of the spans, by library."""

import asyncio
import http.server
import importlib.metadata
import io
import json
import logging
import os
import sqlite3
import sys
import threading
import urllib.request
from concurrent import futures

import lymer_sdk
from lymer_sdk import MemoryReporter, Reporter

os.environ["OTEL_PYTHON_LOG_CORRELATION"] = "true"
os.environ["OTEL_PYTHON_ASYNCIO_COROUTINE_NAMES_TO_TRACE"] = "work"
MEMORY = MemoryReporter()
lymer_sdk.init("t", reporter=Reporter.memory(MEMORY), environment={})


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *given):
        pass


SERVER = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=SERVER.serve_forever, daemon=True).start()
URL = f"http://127.0.0.1:{SERVER.server_port}/"
ENVIRON = {
    "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "h", "SERVER_PORT": "80", "wsgi.url_scheme": "http",
    "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "QUERY_STRING": "", "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "h", "SCRIPT_NAME": "",
}  # fmt: skip


def called_by_wsgi(application):
    return list(application(dict(ENVIRON), lambda *given: None))


async def asgi_answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def called_by_asgi(application):
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        pass

    scope = {
        "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": [],
        "scheme": "http", "http_version": "1.1", "client": ("c", 1), "server": ("h", 80), "asgi": {"version": "3.0"},
        "root_path": "",
    }  # fmt: skip
    asyncio.run(application(scope, receive, send))


def use_asgi():
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

    called_by_asgi(OpenTelemetryMiddleware(asgi_answer))


def use_wsgi():
    from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

    called_by_wsgi(OpenTelemetryMiddleware(lambda environ, start: start("200 OK", []) or [b""]))


def use_fastapi():
    import fastapi

    application = fastapi.FastAPI()
    application.get("/")(lambda: "")
    called_by_asgi(application)


def use_starlette():
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    called_by_asgi(Starlette(routes=[Route("/", lambda request: Response(""))]))


def use_flask():
    import flask

    application = flask.Flask("t")
    application.get("/")(lambda: "")
    called_by_wsgi(application)


def use_django():
    import django
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse
    from django.urls import path

    sys.modules["urls"] = type(sys)("urls")
    sys.modules["urls"].urlpatterns = [path("", lambda request: HttpResponse(""))]
    django.setup()
    called_by_wsgi(get_wsgi_application())


def use_falcon():
    import falcon

    application = falcon.App()
    application.add_route("/", type("R", (), {"on_get": lambda self, request, response: None})())
    called_by_wsgi(application)


def use_tornado():
    import tornado.httpclient
    import tornado.testing
    import tornado.web

    class Answer(tornado.web.RequestHandler):
        def get(self):
            self.write("")

    async def ask():
        socket, port = tornado.testing.bind_unused_port()
        tornado.httpserver.HTTPServer(tornado.web.Application([("/", Answer)])).add_sockets([socket])
        await tornado.httpclient.AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/")

    asyncio.run(ask())


def use_aiohttp_client():
    import aiohttp

    async def ask():
        async with aiohttp.ClientSession() as session, session.get(URL) as response:
            await response.read()

    asyncio.run(ask())


def use_aiohttp_server():
    from aiohttp import test_utils, web

    async def answer(request):
        return web.Response()

    async def ask():
        application = web.Application()
        application.router.add_get("/", answer)
        async with test_utils.TestServer(application) as server, test_utils.TestClient(server) as client:
            await client.get("/")

    asyncio.run(ask())


def use_requests():
    import requests

    requests.get(URL, timeout=5)


def use_httpx():
    import httpx

    httpx.get(URL)


def use_urllib():
    urllib.request.urlopen(URL, timeout=5).close()


def use_urllib3():
    import urllib3

    with urllib3.PoolManager() as pool:
        pool.request("GET", URL)


def use_grpc():
    import grpc

    def method(request, context):
        return b""

    handler = grpc.method_handlers_generic_handler("s", {"m": grpc.unary_unary_rpc_method_handler(method)})
    server = grpc.server(futures.ThreadPoolExecutor(1), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        channel.unary_unary("/s/m")(b"", timeout=5)
    server.stop(0)


def use_sqlalchemy():
    import sqlalchemy

    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("select 1"))
    engine.dispose()


def use_sqlite3():
    connection = sqlite3.connect(":memory:")
    connection.cursor().execute("select 1")
    connection.close()


def use_jinja2():
    import jinja2

    jinja2.Template("{{ x }}").render(x=1)


def use_click():
    import click
    from click.testing import CliRunner

    CliRunner().invoke(click.command()(lambda: None))


def use_redis():
    import fakeredis

    fakeredis.FakeRedis().set("a", 1)


def use_celery():
    import celery

    application = celery.Celery("t", broker="memory://", set_as_current=False)

    @application.task(name="work")
    def work():
        pass

    work.apply()


def use_dbapi():
    from opentelemetry.instrumentation import dbapi

    plain = sqlite3.Connection(":memory:")  # sqlite3.connect is traced already
    connection = dbapi.instrument_connection("opentelemetry.instrumentation.dbapi", plain, "sqlite")
    connection.cursor().execute("select 1")
    connection.close()


def use_botocore():
    """Against a server that is none: the answer is put in before a request leaves."""
    import botocore.awsrequest
    import botocore.session

    client = botocore.session.Session().create_client(
        "s3", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    answer = botocore.awsrequest.AWSResponse("https://s3", 200, {}, io.BytesIO(b"<ListAllMyBucketsResult/>"))
    answer.raw.stream = lambda: [b"<ListAllMyBucketsResult/>"]
    client.meta.events.register("before-send", lambda **given: answer)
    client.list_buckets()


def use_asyncio():
    async def work():
        await asyncio.sleep(0)

    async def run():
        await asyncio.gather(asyncio.create_task(work()))

    asyncio.run(run())


def use_logging():
    """No span of its own: the record has the ids."""
    with lymer_sdk.get_tracer("opentelemetry.instrumentation.logging").span("s") as span:
        record = logging.getLogRecordFactory()("n", 20, "p", 1, "m", (), None)
        assert record.otelTraceID == record.trace_id == f"{span.trace_id:032x}"


def use_threading():
    """No span of its own: a thread's is a child."""
    tracer = lymer_sdk.get_tracer("opentelemetry.instrumentation.threading")
    found = []
    with tracer.span("parent") as span:
        thread = threading.Thread(target=lambda: found.append(lymer_sdk.current_span()))
        thread.start()
        thread.join()
    assert found == [span]


def main():
    from django.conf import settings

    settings.configure(ROOT_URLCONF="urls", ALLOWED_HOSTS=["*"], SECRET_KEY="x", MIDDLEWARE=[])
    uses = {name.removeprefix("use_"): use for name, use in globals().items() if name.startswith("use_")}
    points = {
        point.name.replace("-", "_"): point
        for point in importlib.metadata.entry_points(group="opentelemetry_instrumentor")
    }
    points["grpc"] = [points.pop("grpc_client"), points.pop("grpc_server")]
    found = {}
    for name, use in uses.items():
        loaded = points.get(name, [])
        for point in loaded if isinstance(loaded, list) else [loaded]:
            point.load()().instrument(skip_dep_check=True)
        MEMORY.spans.clear()
        try:
            use()
            found[name] = sorted({span.instrumentation_scope.name for span in MEMORY.spans})
        except Exception as error:
            found[name] = [f"{type(error).__name__}: {error}"]
    print(json.dumps(found))


main()
