"""The sanitizer: odd spans are repaired, marked and counted; clean batches pass as they are."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lymer.component.clock import ManualClock
from lymer.component.errors import ConfigError, UnavailableError
from lymer.component.events import Events
from lymer.conformance.spans import NOON, Row, batch, event, link, span, to_rows
from lymer.model.batch import Payload, SpanBatch
from lymer.model.schema import SPAN_SCHEMA
from lymer.processors.config import SanitizerConfig
from lymer.processors.sanitize import Sanitizer
from lymer.wire.codecs import decode
from lymer.wire.oddities import SpanLimits
from tests.processors.oracle import sanitized
from tests.wire.thrift_oracles import jaeger, write

DAY_NANO = 86_400 * 10**9
TIGHT = {
    "name_bytes_max": 5,
    "attribute_count_max": 2,
    "attribute_key_bytes_max": 4,
    "attribute_value_bytes_max": 6,
    "event_count_max": 1,
    "link_count_max": 1,
    "future_max": 86_400,
    "past_max": 10 * 86_400,
}


class Shelf:
    """A sink that keeps what comes, or refuses."""

    def __init__(self, error: Exception | None = None) -> None:
        self.batches: list[SpanBatch] = []
        self.error = error

    async def write(self, batch: SpanBatch, /) -> None:
        if self.error:
            raise self.error
        self.batches.append(batch)


def sanitizer(sink: Any = None, *, events: Events | None = None, **config: Any) -> Sanitizer:
    clock = ManualClock(NOON)
    return Sanitizer(SanitizerConfig(**config), sink, events=events or Events(clock=clock), clock=clock)


def of(row: Row, **config: Any) -> Row:
    """What becomes of one span."""
    found, _ = sanitizer(**config).sanitize(batch([row]))
    return to_rows(found)[0]


def marks(row: Row) -> dict[str, Any]:
    return {
        item["key"]: item["number"] if item["type"] == 3 else item["text"].decode()
        for item in row["attributes"]
        if item["key"].startswith("lymer.sanitized")
    }


def test_a_clean_batch_is_handed_on_itself_with_its_payload() -> None:
    clean = SpanBatch(batch([span(), span(id=2)]).columns, Payload("otlp_proto", b"bytes"))
    assert sanitizer().sanitize(clean) == (clean, {})
    assert sanitizer().sanitize(clean)[0].payload is clean.payload


def test_an_empty_batch_is_clean() -> None:
    empty = SpanBatch.empty()
    assert sanitizer().sanitize(empty)[0] is empty


@pytest.mark.parametrize(
    ("row", "column", "value", "cause"),
    [
        (span(service=""), "service_name", "empty-service-name", "empty_service_name"),
        (span(name=""), "name", "empty-span-name", "empty_name"),
        (span(name="x" * 5_000), "name", "x" * 4096, "long_name"),
        (span(duration=-1), "duration_nano", 1, "negative_duration"),
    ],
)
def test_jaegers_repairs_are_made_and_marked(row: Row, column: str, value: Any, cause: str) -> None:
    found = of(row)
    assert found[column] == value
    assert marks(found)["lymer.sanitized"] == cause


def test_no_duration_is_a_duration() -> None:
    assert of(span(duration=0)) == span(duration=0)


def test_original_times_are_kept_in_marks() -> None:
    found = of(span(start=2 * DAY_NANO, duration=-7))
    assert (found["start_time_unix_nano"], found["duration_nano"]) == (NOON, 1)
    assert marks(found) == {
        "lymer.sanitized": "far_start,negative_duration",
        "lymer.sanitized.start_time_unix_nano": NOON + 2 * DAY_NANO,
        "lymer.sanitized.duration_nano": -7,
    }


def test_a_start_at_1970_with_an_end_of_today_is_taken_from_the_end() -> None:
    found = of(span(start=-NOON, duration=NOON - 5))
    assert (found["start_time_unix_nano"], found["duration_nano"]) == (NOON - 5, 0)
    assert marks(found)["lymer.sanitized.start_time_unix_nano"] == 0
    assert marks(found)["lymer.sanitized.duration_nano"] == NOON - 5


@pytest.mark.parametrize("start", [-DAY_NANO * 40 * 365, DAY_NANO])
def test_at_the_bounds_a_span_stays_where_it_is(start: int) -> None:
    assert of(span(start=start)) == span(start=start)
    off = span(start=start + (1 if start > 0 else -1), duration=0)
    assert of(off)["start_time_unix_nano"] == NOON
    assert of(off, future_max=0, past_max=0) == off


def test_texts_are_cut_between_characters_and_cut_json_becomes_text() -> None:
    row = span(attributes={"aéb": "éééé", "b": [1, 2, 3, 4], "c": b"\xff" * 9, "d": 2**62})
    found = of(row, attribute_key_bytes_max=2, attribute_value_bytes_max=5)
    assert [(item["key"], item["type"], item["text"]) for item in found["attributes"][:4]] == [
        ("a", 1, "éé".encode()),
        ("b", 1, b"[1,2,"),
        ("c", 5, b"\xff" * 5),
        ("d", 3, b""),
    ]
    assert marks(found) == {"lymer.sanitized": "long_key,long_value"}


def test_what_is_too_many_is_counted_as_dropped() -> None:
    row = span(
        attributes={"a": 1, "b": 2, "c": 3}, events=[event("1"), event("2"), event("3")], links=[link(id=1), link(id=2)]
    )
    found = of(row | {"dropped_events_count": 4, "resource_attributes": ""}, **TIGHT)
    assert [item["key"] for item in found["attributes"]] == ["a", "b", "lymer.sanitized"]
    assert [item["name"] for item in found["events"]] == ["1"]
    assert [found[f"dropped_{name}_count"] for name in ("attributes", "events", "links")] == [1, 6, 1]
    assert marks(found) == {"lymer.sanitized": "many_attributes,many_events,many_links"}


def test_a_count_of_dropped_items_stays_at_its_top() -> None:
    found = of(span(events=[event(), event()]) | {"dropped_events_count": 2**32 - 1}, event_count_max=1)
    assert found["dropped_events_count"] == 2**32 - 1


def test_a_text_that_no_span_uses_changes_nothing() -> None:
    names = pa.DictionaryArray.from_arrays(pa.array([1], pa.int32()), pa.array(["", "work"]))
    position = SPAN_SCHEMA.get_field_index("name")
    columns = batch([span()]).record_batch.set_column(position, SPAN_SCHEMA.field("name"), names)
    unused = SpanBatch.from_record_batch(columns)
    assert sanitizer().sanitize(unused) == (unused, {})


def test_slices_of_batches_are_repaired_in_their_own_rows() -> None:
    rows = [
        span(id=number, duration=-number, name="n" * number, attributes={"k" * number: "v" * number}, events=[event()])
        for number in range(1, 9)
    ]
    part = SpanBatch.from_record_batch(batch(rows).record_batch.slice(3, 3))
    found, _ = sanitizer(**TIGHT).sanitize(part)
    assert to_rows(found) == [expected(row)[0] for row in rows[3:6]]


def test_spans_without_marks_are_as_they_came() -> None:
    rows = [span(id=1), span(id=2, duration=-1, attributes={"a": 1}), span(id=3, attributes={"b": "x"})]
    found, counts = sanitizer().sanitize(batch(rows))
    first, second, third = to_rows(found)
    assert (first, third) == (rows[0], rows[2])
    assert [item["key"] for item in second["attributes"]] == ["a", "lymer.sanitized", "lymer.sanitized.duration_nano"]
    assert counts == {"negative_duration": 1}


def expected(row: Row) -> tuple[Row, set[str]]:
    config = SanitizerConfig(**TIGHT)
    limits = SpanLimits(**{item.name: getattr(config, _setting(item.name)) for item in dataclasses.fields(SpanLimits)})
    return sanitized(row, limits, earliest=NOON - 10 * DAY_NANO, latest=NOON + DAY_NANO, now=NOON)


def _setting(name: str) -> str:
    return {"attributes": "attribute_count_max", "events": "event_count_max", "links": "link_count_max"}.get(
        name, f"{name}_max"
    )


texts = st.text(st.sampled_from("aé✓😀"), max_size=4)
values = st.one_of(texts, st.binary(max_size=9), st.integers(-9, 9), st.lists(st.integers(0, 9), max_size=5))
bags = st.lists(st.tuples(texts, values), max_size=4)
odd_spans = st.builds(
    span,
    start=st.sampled_from([0, -NOON, -NOON + 5, 2 * DAY_NANO, DAY_NANO, -11 * DAY_NANO, 2**63 - 1 - NOON]),
    duration=st.sampled_from([-(2**62), -1, 0, 1, DAY_NANO, 2 * DAY_NANO, NOON, 2**62]),
    service=st.sampled_from(["", "shop"]),
    name=texts,
    attributes=bags,
    resource=bags,
    scope=bags,
    events=st.lists(st.builds(event, attributes=bags), max_size=3),
    links=st.lists(st.builds(link, attributes=bags), max_size=3),
)


@given(st.lists(odd_spans, max_size=6))
@settings(max_examples=60, deadline=None)
def test_it_does_what_plain_python_does(rows: list[Row]) -> None:
    found, counts = sanitizer(**TIGHT).sanitize(batch(rows))
    wanted = [expected(row) for row in rows]
    assert to_rows(found) == [row for row, _ in wanted]
    names = sorted(name for _, causes in wanted for name in causes)
    assert counts == {name: names.count(name) for name in names}
    again, _ = sanitizer(**TIGHT | {"attribute_count_max": 99, "attribute_key_bytes_max": 99}).sanitize(found)
    if not any(len(item["text"]) > 6 for row in to_rows(found) for item in row["attributes"]):
        assert again is found


def thrift(*names: bytes, service: bytes = b"s") -> bytes:
    """Spans 1, 2, ... with these names, as a client sends them."""
    spans = [
        jaeger.Span(
            traceIdLow=1, traceIdHigh=0, spanId=place, parentSpanId=0, operationName=name, flags=0,
            startTime=NOON // 1000, duration=1,
        )
        for place, name in enumerate(names, 1)
    ]  # fmt: skip
    return write("apache binary", jaeger.Batch(process=jaeger.Process(serviceName=service), spans=spans))


def repaired(format_name: str, payload: bytes) -> tuple[list[dict[str, Any]], dict[str, int]]:
    found, counts = sanitizer().sanitize(decode(format_name, payload).batch)
    return [marks(row) for row in to_rows(found)], dict(counts)


NOT_UTF8 = {"lymer.sanitized": "not_utf8"}


def test_text_that_is_not_utf8_is_marked_on_its_span_alone() -> None:
    found = repaired("jaegerthrift", thrift(b"a", b"\xff", b"\xef\xbf\xbd"))
    assert found == ([{}, NOT_UTF8, {}], {"not_utf8": 1})


def test_a_process_that_is_not_utf8_is_marked_on_its_spans() -> None:
    first, second = thrift(b"a", b"b", service=b"\xff"), thrift(b"c")
    joined = b"".join(len(one).to_bytes(4, "little") + one for one in (first, second))
    assert repaired("jaeger_udp", joined) == ([NOT_UTF8, NOT_UTF8, {}], {"not_utf8": 2})


def test_json_that_is_not_utf8_is_marked_on_all_its_spans() -> None:
    spans = [{"traceId": "1" * 16, "id": f"{place}" * 16, "name": "a", "timestamp": NOON // 1000} for place in (1, 2)]
    payload = json.dumps(spans).encode().replace(b'"a"', b'"\xff"', 1)
    assert repaired("zipkin_json", payload) == ([NOT_UTF8, NOT_UTF8], {"not_utf8": 2})
    request = {"resourceSpans": [{"scopeSpans": [{"spans": [
        {"traceId": "1" * 32, "spanId": "1" * 16, "name": "a", "startTimeUnixNano": NOON, "endTimeUnixNano": NOON}
    ]}]}]}  # fmt: skip
    payload = json.dumps(request).encode()
    assert repaired("otlp_json", payload) == ([{}], {})
    assert repaired("otlp_json", payload.replace(b'"a"', b'"\xff"')) == ([NOT_UTF8], {"not_utf8": 1})


def test_a_service_name_that_is_said_to_be_empty_is_marked_and_one_that_nobody_said_is_not() -> None:
    payload = thrift(b"a", service=b"")
    found, counts = sanitizer().sanitize(decode("jaegerthrift", payload).batch)
    assert to_rows(found)[0]["service_name"] == "empty-service-name"
    assert counts == {"empty_service_name": 1}


async def test_what_was_changed_is_counted_once_it_is_stored() -> None:
    events = Events(clock=ManualClock())
    shelf = Shelf()
    await sanitizer(shelf, events=events).write(batch([span(duration=-1), span(id=2, duration=-1, name="")]))
    assert [len(item) for item in shelf.batches] == [2]
    assert events.registry.get_sample_value("lymer_spans_sanitized_total", {"cause": "negative_duration"}) == 2
    assert events.registry.get_sample_value("lymer_spans_sanitized_total", {"cause": "empty_name"}) == 1
    shelf.error = UnavailableError("full")
    with pytest.raises(UnavailableError):
        await sanitizer(shelf, events=events).write(batch([span(duration=-1)]))
    assert events.registry.get_sample_value("lymer_spans_sanitized_total", {"cause": "negative_duration"}) == 2


def test_columns_of_the_native_core_are_looked_at_where_they_are() -> None:
    decoded = decode("otlp_json", b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"%s"}]}]}]}' % (
        b"1" * 32, b"2" * 16
    )).batch  # fmt: skip
    found, counts = sanitizer().sanitize(decoded)
    assert counts == {"empty_name": 1, "far_start": 1}
    assert found.payload is None


@pytest.mark.parametrize("name", ["name_bytes_max", "attribute_count_max", "link_count_max"])
@pytest.mark.parametrize("value", [0, -1, 2**31])
def test_a_limit_that_makes_no_sense_is_refused(name: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"sanitizer.{name}: must be from 1 to"):
        SanitizerConfig(**{name: value})
