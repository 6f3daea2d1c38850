"""The shop: six services over HTTP, gRPC, SQL, a cache and events; each fault shows in its trace."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.error
import urllib.request

import pytest

from examples.tests.conftest import EXAMPLES, PYTHON

SERVICES = {"gateway", "user", "order", "inventory", "payment", "notification"}


@pytest.fixture(scope="module")
def url(lymer):
    """One shop, open for all tests."""
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": lymer.url("otlp_http"), "PYTHONUNBUFFERED": "1"}
    command = [PYTHON, str(EXAMPLES / "shop/run.py"), "--orders", "0", "--serve", "--quiet", "--linger", "0"]
    process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().removeprefix("the shop is open: ").strip()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        process.stdout.close()


@pytest.fixture
def buy(url, trace):
    """An order with a fault, and its trace when these services have sent their spans."""
    on = []

    def order(*faults, services=SERVICES):
        for fault in faults:
            post(f"{url}/faults/{fault}", "PUT")
            on.append(fault)
        return trace(post(f"{url}/checkout"), services=services)

    yield order
    for fault in on:
        post(f"{url}/faults/{fault}?on=false", "PUT")


def post(url, method="POST"):
    """The X-Trace-ID of the answer, whatever it is."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=30) as answer:
            return answer.headers["X-Trace-ID"]
    except urllib.error.HTTPError as error:
        with error:
            return error.headers["X-Trace-ID"]


def test_an_order_is_one_trace_over_six_services(run, trace):
    done = run("shop/run.py", "--orders", "2", "--linger", "0.5", "--quiet")
    for trace_id in done.trace_ids:
        found = trace(trace_id)
        assert found.services == SERVICES
        assert [span for span in found.spans if span.tags.get("error")] == []
        mail = found.one("send-mail")
        assert found.way(mail) == [
            "gateway:POST /checkout",
            "gateway:POST",
            "order:POST /orders",
            "order:send order-events",
            "notification:process order-events",
            "notification:send-mail",
        ]
        reserve = found.one("shop.Inventory/Reserve", "inventory")
        assert found.way(reserve)[-3:] == [
            "order:reserve",
            "order:shop.Inventory/Reserve",
            "inventory:shop.Inventory/Reserve",
        ]
        assert found.parent(found.one("charge-card")).service == "payment"
        assert found.one("PIPELINE DECRBY", "inventory").tags["db.operation.batch.size"] == 3
        assert found.one("SELECT items", "order").tags["db.response.returned_rows"] == 3
        assert found.one("GET /users/<int:number>", "user").logs[0]["event"] == "cache_miss"


def test_a_slow_query_is_the_longest_part(buy):
    slow = buy("slow-query")
    query = slow.one("SELECT users")
    assert 300_000 <= query.duration_us < 2_000_000, "once for the statement, not once for each row"
    assert slow.one("POST /checkout").duration_us >= query.duration_us


def test_an_n_plus_one_is_many_equal_queries(buy):
    assert len(buy("n-plus-one").all("SELECT items", "order")) == 3


def test_an_error_in_a_leaf_comes_up(buy):
    found = buy("leaf-error", services={"gateway", "user", "order", "payment"})
    card = found.one("charge-card")
    assert card.logs[0]["exception.message"] == "limit exceeded"
    failed = {repr(span) for span in found.spans if span.tags.get("error")}
    assert {
        "payment:charge-card",
        "payment:POST",
        "order:POST",
        "order:POST /orders",
        "gateway:POST /checkout",
    } <= failed
    assert "notification" not in found.services


def test_a_retry_storm_is_five_calls(buy):
    found = buy("retry-storm", services={"gateway", "user", "order", "inventory"})
    calls = found.all("shop.Inventory/Reserve", "order")
    assert [call.tags["rpc.response.status_code"] for call in calls] == ["UNAVAILABLE"] * 5
    assert len(found.one("reserve").logs) >= 5
    assert "payment" not in found.services


def test_a_lost_context_breaks_the_trace(buy):
    found = buy("lost-context", services=SERVICES - {"notification"})
    assert found.services == SERVICES - {"notification"}
