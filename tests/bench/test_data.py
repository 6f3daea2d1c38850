"""The benchmark's data is what it says: real OTLP, seeded, whole traces, ids that never repeat."""

from collections import Counter, defaultdict

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from bench.data import EPOCH_NANO, Requests, Shape

SMALL = Shape(pool_requests=20)
SPANS_PER_PASS = SMALL.pool_requests * SMALL.spans_per_request


def spans(payloads: list[bytes]) -> list[Span]:
    return [
        span
        for payload in payloads
        for resource in ExportTraceServiceRequest.FromString(payload).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


@pytest.fixture(scope="module")
def two_passes() -> list[Span]:
    return spans(list(Requests(SMALL).take(40)))


def test_same_seed_gives_same_bytes() -> None:
    assert list(Requests(SMALL).take(3)) == list(Requests(SMALL).take(3))


def test_other_seed_gives_other_ids(two_passes: list[Span]) -> None:
    others = spans(list(Requests(Shape(seed=2, pool_requests=20)).take(20)))
    assert not {span.trace_id for span in others} & {span.trace_id for span in two_passes}


def test_ids_never_repeat_from_pass_to_pass(two_passes: list[Span]) -> None:
    first, second = two_passes[:SPANS_PER_PASS], two_passes[SPANS_PER_PASS:]
    assert len({span.span_id for span in two_passes}) == len(two_passes) == 2 * SPANS_PER_PASS
    assert not {span.trace_id for span in first} & {span.trace_id for span in second}


def test_every_trace_is_one_tree_in_time(two_passes: list[Span]) -> None:
    traces: dict[bytes, dict[bytes, Span]] = defaultdict(dict)
    for span in two_passes:
        traces[span.trace_id][span.span_id] = span
    for trace in traces.values():
        assert sum(not span.parent_span_id for span in trace.values()) == 1
        for span in trace.values():
            assert span.start_time_unix_nano <= span.end_time_unix_nano
            if span.parent_span_id:
                parent = trace[span.parent_span_id]
                assert parent.start_time_unix_nano <= span.start_time_unix_nano
                assert span.end_time_unix_nano <= parent.end_time_unix_nano


def test_values_change_from_pass_to_pass(two_passes: list[Span]) -> None:
    for key in ("request.id", "url.full"):
        values = Counter(
            attribute.value.string_value for span in two_passes for attribute in span.attributes if attribute.key == key
        )
        assert values.most_common(1)[0][1] == 1, key


def test_time_goes_on_from_pass_to_pass(two_passes: list[Span]) -> None:
    first, second = two_passes[:SPANS_PER_PASS], two_passes[SPANS_PER_PASS:]
    roots = [min(s.start_time_unix_nano for s in half if not s.parent_span_id) for half in (first, second)]
    assert EPOCH_NANO <= roots[0] < roots[1]


def test_looks_like_production(two_passes: list[Span]) -> None:
    count = len(two_passes)
    assert 8 <= sum(len(span.attributes) for span in two_passes) / count <= 9
    assert 0.08 <= sum(bool(span.events) for span in two_passes) / count <= 0.14
    assert 0.008 <= sum(span.status.code == 2 for span in two_passes) / count <= 0.025
    assert 10 <= count / len({span.trace_id for span in two_passes}) <= 30
