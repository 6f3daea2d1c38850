"""The shop: six services over HTTP, gRPC, SQL, a cache and events; each fault shows in its trace."""

from __future__ import annotations

SERVICES = {"gateway", "user", "order", "inventory", "payment", "notification"}


def shop(run, *faults, orders="1"):
    chosen = [word for fault in faults for word in ("--fault", fault)]
    return run("shop/run.py", "--orders", orders, "--linger", "0.5", "--quiet", *chosen).trace_ids


def test_an_order_is_one_trace_over_six_services(run, trace):
    first, second = (trace(trace_id) for trace_id in shop(run, orders="2"))
    for found in (first, second):
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


def test_a_slow_query_is_the_longest_part(run, trace):
    slow = trace(shop(run, "slow-query")[0])
    query = slow.one("SELECT users")
    assert query.duration_us >= 300_000
    assert slow.one("POST /checkout").duration_us >= query.duration_us


def test_an_n_plus_one_is_many_equal_queries(run, trace):
    assert len(trace(shop(run, "n-plus-one")[0]).all("SELECT items", "order")) == 3


def test_an_error_in_a_leaf_comes_up(run, trace):
    found = trace(shop(run, "leaf-error")[0])
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


def test_a_retry_storm_is_five_calls(run, trace):
    found = trace(shop(run, "retry-storm")[0])
    calls = found.all("shop.Inventory/Reserve", "order")
    assert [call.tags["rpc.response.status_code"] for call in calls] == ["UNAVAILABLE"] * 5
    assert len(found.one("reserve").logs) >= 5
    assert "payment" not in found.services


def test_a_lost_context_breaks_the_trace(run, trace, lymer):
    found = trace(shop(run, "lost-context")[0])
    assert found.services == SERVICES - {"notification"}
