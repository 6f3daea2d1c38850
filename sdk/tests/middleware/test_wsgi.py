"""WSGIMiddleware around Flask, Django and a bare application."""

from __future__ import annotations

import io

import lymer_sdk as lymer
import pytest
from flask import Flask, Response
from lymer_sdk.middleware import WSGIMiddleware
from opentelemetry.trace import SpanKind, StatusCode
from werkzeug.test import Client as WerkzeugClient


class Client(WerkzeugClient):
    """Closes each answer, as servers do."""

    def open(self, *given, **named):
        return super().open(*given, buffered=True, **named)


@pytest.fixture
def client():
    app = Flask("shop")

    @app.get("/items/<name>")
    def item(name):
        with lymer.get_tracer().span("look"):
            return name

    @app.get("/broken")
    def broken():
        raise RuntimeError("no stock")

    @app.get("/slow")
    def slow():
        def parts():
            with lymer.get_tracer().span("part"):
                yield "a"

        return Response(parts())

    app.wsgi_app = WSGIMiddleware(app.wsgi_app, exclude=["/health"])
    return Client(app)


def test_a_request_is_a_server_span_with_the_names_of_the_conventions(client, spans, traceparent):
    headers = {"traceparent": traceparent, "User-Agent": "test"}
    answer = client.get("/items/pen?full=1", base_url="http://shop.example:81", headers=headers)
    inner, span = spans
    assert answer.text == "pen"
    assert (span.name, span.kind) == ("GET /items/<name>", SpanKind.SERVER)
    assert span.attributes == {
        "http.request.method": "GET",
        "url.path": "/items/pen",
        "url.scheme": "http",
        "url.query": "full=1",
        "server.address": "shop.example",
        "server.port": 81,
        "user_agent.original": "test",
        "network.protocol.version": "1.1",
        "http.route": "/items/<name>",
        "http.response.status_code": 200,
    }
    assert f"{span.parent_span_id:016x}" == traceparent.split("-")[2]
    assert inner.parent_span_id == span.span_id


def test_the_span_lasts_until_the_last_part_of_a_stream(client, spans):
    assert client.get("/slow").text == "a"
    part, span = spans
    assert part.parent_span_id == span.span_id
    assert span.end_time >= part.end_time


def test_an_error_that_flask_answers_is_an_error(client, spans):
    assert client.get("/broken").status_code == 500
    assert (spans[0].attributes["error.type"], spans[0].status_code) == ("500", StatusCode.ERROR.value)


def test_x_trace_id_is_taken_and_answered(client, spans):
    assert client.get("/items/pen", headers={"X-Trace-ID": "order/77"}).headers["X-Trace-ID"] == "order/77"
    assert client.get("/items/pen").headers["X-Trace-ID"] == f"{spans[-1].trace_id:032x}"


def test_excluded_paths_have_no_spans(client, spans):
    client.get("/health")
    assert spans == []


def environ(**more):
    return {"REQUEST_METHOD": "GET", "PATH_INFO": "/x", "SERVER_NAME": "s", "SERVER_PORT": "80", **more}


def test_an_exception_before_and_in_the_body_is_recorded(spans):
    def broken(environ, start_response):
        raise RuntimeError("at once")

    def broken_later(environ, start_response):
        start_response("200 OK", [])
        yield b"a"
        raise RuntimeError("later")

    with pytest.raises(RuntimeError):
        WSGIMiddleware(broken)(environ(), lambda *given: None)
    with pytest.raises(RuntimeError):
        list(WSGIMiddleware(broken_later)(environ(), lambda *given: None))
    assert [span.events[0].attributes["exception.message"] for span in spans] == ["at once", "later"]
    assert all(span.status_code == StatusCode.ERROR.value for span in spans)


def test_a_body_that_is_not_read_to_its_end_is_closed_once(spans):
    class Body:
        closed = 0

        def __iter__(self):
            return iter([b"a", b"b"])

        def close(self):
            self.closed += 1

    body = Body()
    given = WSGIMiddleware(lambda environ, start: body)(environ(), lambda *given: None)
    assert next(given) == b"a"
    assert spans == []
    given.close()
    assert (body.closed, len(spans)) == (1, 1)


def test_a_file_of_the_server_stays_one(spans):
    class Wrapper(io.BytesIO):
        pass

    body = Wrapper(b"a")
    given = WSGIMiddleware(lambda environ, start: body)(environ(**{"wsgi.file_wrapper": Wrapper}), lambda *given: None)
    assert given is body
    assert len(spans) == 1
