"""The demo's traffic: seeded, labelled, whole trees, and every trouble is there to be found."""

from collections import Counter

import pytest

from lymer.demo.operation import Journey
from lymer.demo.stories import traffic
from lymer.demo.troubles import CYCLE_S

BEGIN = 1_790_000_000 // CYCLE_S * CYCLE_S
MINUTE = 60
SERVICES = {"frontend", "catalog", "recommendation", "cart", "checkout", "payment", "inventory", "shipping"}


def minutes(first: int, last: int) -> list[Journey]:
    seconds = range(BEGIN + first * MINUTE, BEGIN + last * MINUTE)
    return [journey for second in seconds for journey in traffic(1, second, 1.0)]


@pytest.fixture(scope="module")
def cycle() -> list[Journey]:
    return minutes(0, 20)


def test_a_second_is_the_same_whenever_it_is_made() -> None:
    again = [journey.rows for journey in traffic(7, BEGIN, 20.0)]
    assert [journey.rows for journey in traffic(7, BEGIN, 20.0)] == again


def test_there_are_eight_services_all_labelled_as_demo(cycle: list[Journey]) -> None:
    rows = [row for journey in cycle for row in journey.rows]
    assert {row["service_name"] for row in rows} == SERVICES
    assert all('"lymer.demo":true' in row["resource_attributes"] for row in rows)


def test_every_trace_is_one_tree(cycle: list[Journey]) -> None:
    for journey in cycle:
        ids = [row["span_id"] for row in journey.rows]
        assert len(set(ids)) == len(ids)
        assert sum(row["parent_span_id"] is None for row in journey.rows) == 1
        assert all(row["parent_span_id"] in ids for row in journey.rows if row["parent_span_id"])


def test_no_child_begins_before_its_parent_or_ends_after_it(cycle: list[Journey]) -> None:
    for journey in cycle:
        spans = {
            row["span_id"]: (row["start_time_unix_nano"], row["start_time_unix_nano"] + row["duration_nano"])
            for row in journey.rows
        }
        for row in journey.rows:
            if row["parent_span_id"]:
                (begin, end), (parent_begin, parent_end) = spans[row["span_id"]], spans[row["parent_span_id"]]
                assert parent_begin <= begin <= end <= parent_end


def test_the_bad_deploy_raises_errors_and_is_rolled_back() -> None:
    def null_pointers(journeys: list[Journey]) -> int:
        return sum("NullPointer" in str(row["events"]) for journey in journeys for row in journey.rows)

    assert null_pointers(minutes(2, 5)) > 3
    assert null_pointers(minutes(5, 7)) == 0


def test_the_provider_that_is_down_causes_retries() -> None:
    charges = [
        sum(row["name"] == "shop.Payment/Charge" and row["service_name"] == "payment" for row in journey.rows)
        for journey in minutes(7, 9)
    ]
    assert max(charges) == 4


def test_the_cold_cache_sends_catalog_to_its_database() -> None:
    def queries(journeys: list[Journey]) -> float:
        names = Counter(row["name"] for journey in journeys for row in journey.rows if row["service_name"] == "catalog")
        return names["SELECT products"] / names["GET"]

    assert queries(minutes(11, 12)) > 3 * queries(minutes(0, 2))


def test_some_customers_cause_a_query_for_each_purchase(cycle: list[Journey]) -> None:
    queries = [sum(row["name"] == "SELECT affinities" for row in journey.rows) for journey in cycle]
    assert max(queries) == 34
    assert Counter(queries)[1] > Counter(queries)[34] > 0


def test_parcels_are_linked_to_the_orders_that_caused_them(cycle: list[Journey]) -> None:
    sent = {
        (journey.trace_id, row["span_id"]) for journey in cycle for row in journey.rows if row["name"] == "send orders"
    }
    links = {(link["trace_id"], link["span_id"]) for journey in cycle for row in journey.rows for link in row["links"]}
    assert links == sent != set()
