"""The examples of one file each."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from e2e.server import eventually
from examples.tests.conftest import EXAMPLES, PYTHON


def test_hello_goes_by_udp_to_the_agents_port(run, trace, lymer):
    done = run("hello/hello.py", JAEGER_AGENT_PORT=str(lymer.port("jaeger_udp_compact")), JAEGER_AGENT_HOST="127.0.0.1")
    assert done.lines[0] == "Hello, Jaeger!"
    found = trace(done.trace_ids[0], 4)
    assert found.services == {"hello"}
    assert found.way(found.one("print-line")) == ["hello:http_request", "hello:say-hello", "hello:print-line"]
    assert found.one("say-hello").tags["hello-to"] == "Jaeger"
    assert found.one("format-string").logs == [{"event": "string-format", "value": "Hello, Jaeger!"}]
    assert found.one("print-line").logs[0]["event"] == "printed"
    assert found.spans[0].resource["env"] == "production"


@pytest.fixture
def web(environment):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [PYTHON, str(EXAMPLES / "web/web.py")]
    process = subprocess.Popen(command, env={**environment, "PORT": str(port)}, stderr=subprocess.PIPE, text=True)
    try:
        eventually(lambda: process.poll() is not None or listens(port), patience_s=60)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ask(url, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers


def test_the_web_service_takes_or_makes_the_trace_id_and_logs_it(web, trace):
    url, process = web
    taken = "0af7651916cd43dd8448eb211c80319c"
    status, headers = ask(f"{url}/orders/77", **{"X-Trace-ID": taken, "baggage": "tenant_id=blue"})
    assert (status, headers["X-Trace-ID"]) == (200, taken)
    assert ask(f"{url}/orders/78", **{"X-Trace-ID": "order/78"})[1]["X-Trace-ID"] == "order/78"
    made = ask(f"{url}/orders/4711")[1]["X-Trace-ID"]
    broken = ask(f"{url}/orders/0")[1]["X-Trace-ID"]
    found = trace(taken, 2)
    assert found.way(found.one("load-order")) == ["web:GET /orders/{number}", "web:load-order"]
    assert found.one("load-order").logs == [{"event": "cache_miss", "key": "order_77"}]
    assert found.one("GET /orders/{number}").tags["http.response.status_code"] == 200
    assert trace(made, 2).one("GET /orders/{number}").tags["http.response.status_code"] == 404
    failed = trace(broken, 2).one("GET /orders/{number}")
    assert (failed.tags["error"], failed.logs[0]["exception.message"]) == (True, "no order has this number")
    process.terminate()
    process.wait(timeout=20)
    log = process.stderr.read()
    assert re.search(r"orders.*loads order 77", log) and log.count(taken) >= 2
    assert re.search(r"GET /orders/78 200 .*trace_id=order/78", log)


def test_client_and_server_are_one_trace_with_its_error(run, trace):
    found = trace(run("client_server/client_server.py").trace_ids[0], 7)
    assert found.services == {"time-client", "time-server"}
    clocks = found.all("read-clock")
    ways = [found.way(clock) for clock in clocks]
    assert ["time-client:ask", "time-client:GET", "time-server:GET /time", "time-server:read-clock"] in ways
    asked = found.one("ask")
    assert asked.tags["error"] is True
    assert asked.logs[0]["event"] == "error"
    broken = found.one("GET /broken")
    assert (broken.tags["http.response.status_code"], broken.tags["error"]) == (500, True)
    assert found.parent(broken).tags["http.response.status_code"] == 500
    failed = next(clock for clock in clocks if clock.tags.get("error"))
    assert failed.logs[0]["exception.message"] == "the clock is broken"


def test_grpc_has_a_span_at_both_ends_with_its_code(run, trace):
    done = run("grpc_calls/grpc_calls.py")
    assert done.lines[:2] == ["hello world", "3"]
    found = trace(done.trace_ids[0], 9)
    assert found.services == {"greeter", "greeter-client"}
    stream = found.one("greeter.Greeter/HelloOften", "greeter")
    assert found.way(stream)[:2] == ["greeter-client:ask", "greeter-client:greeter.Greeter/HelloOften"]
    codes = [span.tags["rpc.response.status_code"] for span in found.all("greeter.Greeter/Hello", "greeter-client")]
    assert sorted(codes) == ["INVALID_ARGUMENT", "OK"]
    assert {span.tags["tenant"] for span in found.all("compose")} == {"blue"}
    assert found.one("ask").logs[0]["code"] == "INVALID_ARGUMENT"


def test_the_rpc_wrapper_follows_the_config_centre(run, trace, lymer):
    done = run("rpc_config/rpc_config.py")
    found = trace(done.trace_ids[0], 3)
    good, bad = sorted(found.all("orders.Orders/Create"), key=lambda span: "error" in span.tags)
    assert (good.tags["rpc.system.name"], bad.tags["error.type"]) == ("go-micro", "ValueError")
    assert found.parent(good) is found.one("call")
    assert lymer.get_or_none(f"/api/traces/{done.after('unsampled ')[0]}") is None


def test_the_config_centre_may_be_an_http_address_and_change(run, trace, lymer):
    shares = [1.0, 0.0]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"service": "orders-by-http", "sample": shares.pop(0)}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = run("rpc_config/rpc_config.py", f"http://127.0.0.1:{server.server_port}/v1/kv/orders?raw")
        server.shutdown()
    assert trace(done.trace_ids[0], 3).services == {"orders-by-http"}
    assert lymer.get_or_none(f"/api/traces/{done.after('unsampled ')[0]}") is None


def test_tasks_threads_and_contexts_stay_in_the_trace(run, trace):
    found = trace(run("asyncio_tasks/asyncio_tasks.py").trace_ids[0], 6)
    request = found.one("request")
    assert {found.parent(span) for span in found.spans} == {None, request}
    assert (len(found.all("fetch")), len(found.all("compute"))) == (2, 2)
    assert found.one("async-child").logs == [{"event": "caught up"}]


@pytest.mark.parametrize(("kind", "port"), [("http", "otlp_http"), ("grpc", "otlp_grpc"), ("thrift", "jaeger_http")])
def test_opentelemetrys_own_sdk_sends_by_any_door(run, trace, lymer, kind, port):
    done = run("plain_opentelemetry/plain_opentelemetry.py", kind, lymer.url(port))
    found = trace(done.trace_ids[0], 2)
    query = found.one("query")
    assert found.way(query) == ["project-api:process-request", "project-api:query"]
    assert [log["event"] for log in query.logs] == ["cache_miss", "exception"]
    assert (query.tags["error"], query.tags["otel.status_description"]) == (True, "too slow")
    assert found.one("process-request").tags["span.kind"] == "server"
    assert found.one("process-request").resource["deployment.environment"] == "production"


def test_baggage_decides_the_route_three_services_on(run, trace):
    done = run("grey_release/grey_release.py")
    assert done.lines[0::2] == ["gateway orders prices-blue", "gateway orders prices"]
    blue, green = (trace(trace_id, 7) for trace_id in done.trace_ids)
    assert blue.services == {"browser", "gateway", "orders", "prices-blue"}
    assert green.services == {"browser", "gateway", "orders", "prices"}
    assert [span.tags["tenant_id"] for span in blue.spans if "tenant_id" in span.tags] == ["blue"] * 3
    last = next(span for span in blue.spans if span.service == "prices-blue")
    assert [name.partition(":")[0] for name in blue.way(last)] == [
        *("browser", "browser", "gateway", "gateway", "orders", "orders", "prices-blue")
    ]


def test_the_edge_converges_at_its_limit(run, trace):
    done = run("edge/edge.py", "3000", EDGE_TRACES_PER_SECOND="20")
    kept = len(done.trace_ids)
    assert 20 <= kept <= 20 + 20 * 30, done.errors  # a bucket of one second, and what trickles in while it runs
    found = trace(done.trace_ids[0], 2)
    assert found.way(found.one("behind the edge"))[0].startswith("edge:GET /")
