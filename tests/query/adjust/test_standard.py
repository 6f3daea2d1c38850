"""What each of Jaeger's adjusters does, seen on whole traces; and what none of them touches."""

import json

import pytest

from lymer.conformance.spans import batch, event, link, span, span_id, to_rows
from lymer.model.attributes import AttributeType, read_bag
from lymer.model.batch import SpanBatch
from lymer.model.search import Scope
from lymer.query.adjust import WARNINGS_KEY, adjust
from lymer.storage.memory.rows import attributes
from lymer.wire.jaeger_json import encode_jaeger_json


def adjusted(*spans, **options):
    return to_rows(adjust(batch(spans), **options))


def of_span(row):
    return [(key, value) for key, _, value in attributes(row, Scope.SPAN) if key != WARNINGS_KEY]


def warnings(row):
    return [text for key, _, value in attributes(row, Scope.SPAN) if key == WARNINGS_KEY for text in value]


def test_a_trace_without_anything_to_adjust_is_the_same_batch():
    plain = batch(
        [
            span(1, 1, duration=100, attributes=[("a", 1), ("b", 2)], events=[event(attributes={"x": 1})]),
            span(1, 2, 1, start=10, duration=50, resource={"t": 1}),
        ]
    )
    assert adjust(plain) is plain
    empty = SpanBatch.empty()
    assert adjust(empty) is empty


class TestSharedIds:
    def test_the_server_gets_an_id_of_its_own(self):
        rows = adjusted(
            span(1, 7, kind="client", duration=100),
            span(1, 7, kind="server", start=1, duration=50, service="b"),
            span(1, 9, 7, start=2, duration=10, service="b"),
            span(1, 1, 9, start=3, duration=1),
            span(2, 7, kind="server", start=1),
        )
        assert [(row["span_id"], row["parent_span_id"]) for row in rows] == [
            (span_id(7), None),
            (span_id(2), span_id(7)),
            (span_id(9), span_id(2)),
            (span_id(1), span_id(9)),
            (span_id(7), None),
        ]
        assert [warnings(row) for row in rows] == [[]] * 5

    def test_servers_without_a_client_keep_their_ids(self):
        shared = batch([span(1, 7, kind="server"), span(1, 7, kind="internal", name="x"), span(2, 7, kind="client")])
        assert [row["span_id"] for row in to_rows(adjust(shared))] == [span_id(7)] * 3

    def test_ids_are_counted_in_each_trace(self):
        spans = [span(trace, 5, kind=kind, duration=9) for trace in (1, 2) for kind in ("client", "server")]
        assert [row["span_id"][-1] for row in adjusted(*spans)] == [5, 1, 5, 1]


class TestSorting:
    def test_attributes_are_sorted_by_key_everywhere_and_repeats_keep_their_order(self):
        bag = [("b", 1), ("a", "x"), ("b", 0), ("A", True)]
        expected = [("A", True), ("a", "x"), ("b", 1), ("b", 0)]
        (row,) = adjusted(
            span(attributes=bag, resource=bag, scope=bag, events=[event("e", 1, bag, 7)], links=[link(3, 4, bag)])
        )
        assert of_span(row) == expected
        assert list(read_bag(row["resource_attributes"])) == [*expected, ("service.name", "shop")]
        assert list(read_bag(row["scope_attributes"])) == expected
        assert row["events"] == [event("e", 1, expected, 7)]
        assert row["links"] == [link(3, 4, expected)]

    def test_events_and_links_stay_in_the_senders_order(self):
        events = [event("z", 5), event("a", 1)]
        links = [link(9, 9), link(1, 1)]
        (row,) = adjusted(span(events=events, links=links, attributes=[("b", 1), ("a", 1)]))
        assert (row["events"], row["links"]) == (events, links)


class TestIps:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (1 << 24 | 2 << 16 | 3 << 8 | 4, "1.2.3.4"),
            (16909060.0, "1.2.3.4"),
            (-1, "255.255.255.255"),
            (0, "0.0.0.0"),
            ("1.2.3.4", "1.2.3.4"),
            (True, True),
            (b"\x01", b"\x01"),
        ],
    )
    def test_numbers_are_addresses(self, value, shown):
        rows = adjusted(
            span(attributes=[("ip", value), ("other", 5), ("peer.ipv4", value)], resource={"ip": value, "x": 5}),
            span(1, 2, 1, attributes={"other": 5}),
        )
        assert of_span(rows[0]) == [("ip", shown), ("other", 5), ("peer.ipv4", shown)]
        assert of_span(rows[1]) == [("other", 5)]
        assert dict(read_bag(rows[0]["resource_attributes"]))["ip"] == shown


class TestLibraryAttributes:
    def test_they_move_to_the_resource(self):
        rows = adjusted(
            span(1, 1, attributes=[("a", 1), ("telemetry.sdk.name", "x"), ("telemetry.sdk.version", 2)]),
            span(1, 2, 1, attributes={"telemetry.sdk.name": "x"}),
            span(1, 3, 1, service="other"),
        )
        assert [of_span(row) for row in rows] == [[("a", 1)], [], []]
        said = [("service.name", "shop"), ("telemetry.sdk.name", "x"), ("telemetry.sdk.version", 2)]
        assert [list(read_bag(row["resource_attributes"])) for row in rows] == [said, said, [("service.name", "other")]]

    def test_what_the_resource_says_otherwise_stays_with_a_warning(self):
        first, second = adjusted(
            span(1, 1, attributes={"telemetry.sdk.name": "x"}, resource={"telemetry.sdk.name": "y"}, duration=2_000),
            span(1, 2, 1, attributes={"telemetry.sdk.name": "y"}, resource={"telemetry.sdk.name": "y"}),
        )
        assert of_span(first) == [("telemetry.sdk.name", "x")]
        assert warnings(first) == ["conflicting values between Span and Resource for attribute telemetry.sdk.name"]
        assert (of_span(second), warnings(second)) == ([], [])


def test_links_that_lead_nowhere_are_dropped():
    kept = link(3, 4, {"a": 1})
    first, second, third = adjusted(
        span(1, 1, links=[link(0, 4), kept, link(3, 0)]), span(1, 2, 1, links=[link(0, 0)]), span(1, 3, 1, links=[kept])
    )
    assert [row["links"] for row in (first, second, third)] == [[kept], [], [kept]]


def test_warnings_stand_behind_the_attributes_as_one_array_of_strings():
    first, second, third = adjusted(
        span(1, 1, 77, attributes={"z": 1}, service="a"), span(1, 1, 88, attributes={"z": 2}, name='"'), span(1, 2, 1)
    )
    item = first["attributes"][-1]
    assert (item["key"], item["type"]) == ("@jaeger@warnings", AttributeType.ARRAY)
    assert json.loads(item["text"]) == [
        "parent span ID=000000000000004d is not in the trace; skipping clock skew adjustment"
    ]
    assert warnings(second) == ["duplicate span IDs; skipping clock skew adjustment"]
    assert (warnings(third), of_span(first)) == ([], [("z", 1)])


def test_a_slice_of_a_larger_batch_is_adjusted_alike():
    spans = [
        span(1, one, attributes=[("b", one), ("a", one)], events=[event(attributes=[("d", 1), ("c", 2)])])
        for one in range(1, 9)
    ]
    whole = adjusted(*spans)
    part = SpanBatch(batch(spans).record_batch.slice(3, 4))
    assert to_rows(adjust(part)) == whole[3:7]


def test_jaegers_v1_json_shows_warnings_and_no_tag():
    (text,) = encode_jaeger_json(adjust(batch([span(1, 1, 9, attributes={"z": 1}), span(1, 2, 1, duration=10)])))
    first, second = json.loads(text)["spans"]
    assert first["warnings"] == ["parent span ID=0000000000000009 is not in the trace; skipping clock skew adjustment"]
    assert second["warnings"] is None
    assert {tag["key"] for tag in first["tags"]} == {"z", "span.kind"}


def test_what_a_client_calls_warnings_is_a_tag_unless_it_is_a_list_of_texts():
    spans = [span(1, 1, attributes={WARNINGS_KEY: "x"}), span(1, 2, 1, duration=10, attributes={WARNINGS_KEY: [1]})]
    (text,) = encode_jaeger_json(adjust(batch(spans)))
    for shown in json.loads(text)["spans"]:
        assert shown["warnings"] is None
        assert WARNINGS_KEY in {tag["key"] for tag in shown["tags"]}
