"""Samplers against the published rules, with a clock of our own, and statistically over 100,000 ids."""

from __future__ import annotations

import json
import math
import random

import pytest
from lymer_sdk import AlwaysOff, AlwaysOn, TracerProvider
from lymer_sdk.sampling import (
    ConsistentProbability,
    Decision,
    Delayed,
    LowerBound,
    PerOperation,
    Probabilistic,
    Question,
    RateLimiting,
    Remote,
    Rule,
    Rules,
    Tiers,
    TraceIdRatio,
)
from lymer_sdk.sampling.consistent import read_members
from lymer_sdk.sampling.remote import fetch_http, strategy_url
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState

SEED = 20261121


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def ask(trace_id=1, name="op", kind=SpanKind.INTERNAL, attributes=None, state=None):
    return Question(trace_id, name, kind, attributes, None, state or TraceState())


def taken(sampler, count, **question):
    return sum(sampler.decide(ask(**question)).sampled for _ in range(count))


def said(decision):
    return decision.attributes["sampler.type"], decision.attributes["sampler.param"]


@pytest.mark.parametrize("make", [Probabilistic, TraceIdRatio, ConsistentProbability])
@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9])
def test_a_share_is_kept_evenly_over_the_range_of_ids(make, share):
    """Chi-square over 16 classes of ids, by their highest bits: 16 degrees of freedom, p = 0.00001 at 54."""
    draws, sampler = random.Random(SEED), make(share)
    kept = [0] * 16
    for _ in range(100_000):
        trace_id = draws.getrandbits(128)
        kept[trace_id >> 124] += sampler.decide(ask(trace_id)).sampled
    expected = 100_000 * share / 16
    chi_square = sum((count - expected) ** 2 / (expected * (1 - share / 16)) for count in kept)
    assert chi_square < 54, f"seed {SEED}"


@pytest.mark.parametrize("make", [Probabilistic, TraceIdRatio, ConsistentProbability])
def test_a_smaller_share_is_part_of_a_larger_one(make):
    draws, small, large = random.Random(SEED), make(0.1), make(0.3)
    for _ in range(20_000):
        question = ask(draws.getrandbits(128))
        assert not small.decide(question).sampled or large.decide(question).sampled


@pytest.mark.parametrize("make", [Probabilistic, TraceIdRatio, ConsistentProbability])
def test_nothing_and_everything(make):
    ids = [1, (1 << 128) - 1, 1 << 63, 0xFF << 56, (1 << 63) - 1]
    assert not any(make(0).decide(ask(trace_id)).sampled for trace_id in ids)
    assert all(make(1).decide(ask(trace_id)).sampled for trace_id in ids)
    for share in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            make(share)


def test_jaegers_rule_reads_the_lower_63_bits():
    sampler = Probabilistic(0.5)
    assert sampler.decide(ask((1 << 62) - 1)).sampled
    assert sampler.decide(ask((1 << 127) | (1 << 63) | 5)).sampled
    assert not sampler.decide(ask((1 << 62) + 10)).sampled
    assert said(sampler.decide(ask(1))) == ("probabilistic", 0.5)


@pytest.mark.parametrize("rate", [0.5, 2.0, 10.0])
def test_no_more_than_the_rate_and_no_saving_up(rate):
    clock = Clock()
    sampler = RateLimiting(rate, clock)
    clock.now += 1000
    assert taken(sampler, 100) == max(int(rate), 1)
    for _ in range(40):
        clock.now += 0.5 / rate
        sampler.decide(ask())
    assert said(RateLimiting(rate, clock).decide(ask())) == ("ratelimiting", rate)
    total = 0
    for _ in range(1000):
        clock.now += 0.25 / rate
        total += sampler.decide(ask()).sampled
    assert 249 <= total <= 251


def test_a_rate_of_nothing_takes_nothing():
    clock = Clock()
    sampler = RateLimiting(0, clock)
    clock.now += 1e6
    assert taken(sampler, 5) == 0


def test_a_lower_bound_adds_to_a_share_that_gives_too_little():
    clock = Clock()
    sampler = LowerBound(0.0, 1.0, clock)
    assert said(sampler.decide(ask())) == ("lowerbound", 0.0)
    assert not sampler.decide(ask()).sampled
    clock.now += 1
    assert sampler.decide(ask()).sampled
    assert said(LowerBound(1.0, 1.0, clock).decide(ask())) == ("probabilistic", 1.0)


def test_each_operation_has_its_share_and_new_ones_the_default():
    clock = Clock()
    sampler = PerOperation({"a": 1.0, "b": 0.0}, default=0.0, per_second_min=1.0, operations_max=3, monotonic_s=clock)
    assert taken(sampler, 5, name="a") == 5
    assert taken(sampler, 5, name="b") == 1, "the lower bound"
    assert taken(sampler, 5, name="new") == 1, "the lower bound of a new name"
    assert taken(sampler, 5, name="one too many") == 0, "the default without a bound"
    sampler.change({"b": 1.0}, default=0.0, per_second_min=1.0)
    assert taken(sampler, 5, name="b") == 5
    assert taken(sampler, 5, name="a") == 0, "back to the default, and what it had saved up is used"


def test_the_first_rule_that_fits_decides():
    sampler = Rules(
        [
            Rule(AlwaysOff(), name="GET /health*"),
            Rule(AlwaysOn(), kind=SpanKind.SERVER, attributes={"http.route": "/pay/*", "vip": "true"}),
        ],
        AlwaysOff(),
    )
    fits = {"http.route": "/pay/now", "vip": True}
    assert not sampler.decide(ask(name="GET /healthz", kind=SpanKind.SERVER, attributes=fits)).sampled
    assert sampler.decide(ask(kind=SpanKind.SERVER, attributes=fits)).sampled
    assert not sampler.decide(ask(kind=SpanKind.CLIENT, attributes=fits)).sampled
    assert not sampler.decide(ask(kind=SpanKind.SERVER, attributes={"http.route": "/pay/now"})).sampled


def test_tiers_have_their_shares_and_the_service_its_own():
    draws = random.Random(SEED)
    sampler = Tiers(AlwaysOff(), tier="B")
    kept = dict.fromkeys(("S", "A", "B", "?"), 0)
    for _ in range(10_000):
        trace_id = draws.getrandbits(128)
        for tier in kept:
            kept[tier] += sampler.decide(ask(trace_id, attributes={"tier": tier})).sampled
    assert (kept["S"], kept["?"]) == (10_000, 0)
    assert abs(kept["A"] - 5000) < 250
    assert abs(kept["B"] - 1000) < 150
    assert said(sampler.decide(ask(0)))[1] == 0.1
    with pytest.raises(ValueError, match="no tier 'C'"):
        Tiers(AlwaysOff(), tier="C")


def test_thresholds_are_those_of_the_specification():
    for share, th in ((1.0, "0"), (0.5, "8"), (0.25, "c"), (0.1, "e6666666666666")):
        decision = ConsistentProbability(share).decide(ask((1 << 56) - 1))
        assert read_members(decision.trace_state["ot"]) == {"th": th}


def test_randomness_of_the_first_service_counts_and_members_of_others_stay():
    state = TraceState([("vendor", "abc"), ("ot", "rv:ffffffffffffff;x:1")])
    decision = ConsistentProbability(0.25).decide(ask(0, state=state))
    assert decision.sampled
    assert decision.trace_state["vendor"] == "abc"
    assert decision.trace_state["ot"] == "th:c;rv:ffffffffffffff;x:1"
    dropped = ConsistentProbability(0.25).decide(ask(0, state=TraceState([("ot", "th:8"), ("v", "1")])))
    assert not dropped.sampled
    assert dict(dropped.trace_state) == {"v": "1"}


def test_a_state_that_a_sampler_gives_is_handed_on():
    spans = []
    tracer = TracerProvider(report=spans.append, sampler=ConsistentProbability(1.0)).get_tracer("t")
    with tracer.start_as_current_span("a"), tracer.start_as_current_span("b") as b:
        assert b.get_span_context().trace_state["ot"] == "th:0"


def test_without_parents_word_the_sampler_is_asked_each_time():
    spans = []
    tracer = TracerProvider(report=spans.append, sampler=AlwaysOff(), parent_decides=False).get_tracer("t")
    remote = trace.set_span_in_context(NonRecordingSpan(SpanContext(5, 6, True, TraceFlags(1))))
    assert not tracer.start_span("a", context=remote).is_recording()
    keeping = TracerProvider(report=spans.append, parent_decides=False).get_tracer("t")
    below = trace.set_span_in_context(tracer.start_span("b"))
    assert keeping.start_span("c", context=below).is_recording()


# --- delayed ---------------------------------------------------------------------------------------------------------


def delayed(**options):
    spans = []
    provider = TracerProvider(report=spans.append, sampler=Delayed(AlwaysOff(), **options))
    return spans, provider.get_tracer("t")


def test_a_trace_with_an_error_is_kept_whole():
    spans, tracer = delayed()
    with tracer.start_as_current_span("root") as root:
        assert not root.get_span_context().trace_flags.sampled
        with tracer.start_as_current_span("fine"):
            pass
        with tracer.start_as_current_span("bad") as bad:
            bad.set_status(StatusCode.ERROR)
        assert not spans
    assert [span.name for span in spans] == ["fine", "bad", "root"]
    assert all(span.get_span_context().trace_flags.sampled for span in spans)
    assert tracer.provider.sampler._count == 0


def test_a_trace_without_one_is_forgotten():
    spans, tracer = delayed(slow_s=1.0)
    with tracer.start_as_current_span("root"), tracer.start_as_current_span("fine"):
        pass
    assert not spans
    assert not tracer.provider.sampler._held


def test_a_slow_trace_is_kept():
    spans, tracer = delayed(slow_s=1.0)
    span = tracer.start_span("slow", start_time=1_000)
    span.end(1_000_001_000)
    assert spans == [span]


def test_a_child_that_ends_after_a_kept_root_is_kept():
    spans, tracer = delayed()
    with tracer.start_as_current_span("root") as root:
        late = tracer.start_span("late")
        root.set_status(StatusCode.ERROR)
    late.end()
    assert [span.name for span in spans] == ["root", "late"]


def test_what_is_held_is_bounded():
    _, tracer = delayed(spans_max=10)
    roots = [tracer.start_span(f"r{number}") for number in range(100)]
    for root in roots:
        tracer.start_span("child", context=trace.set_span_in_context(root)).end()
    assert tracer.provider.sampler._count <= 10
    assert len(tracer.provider.sampler._held) <= 10


# --- remote ----------------------------------------------------------------------------------------------------------


def remote(*answers, **options):
    left = list(answers)
    asked = []

    def fetch(url):
        asked.append(url)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    sampler = Remote("http://host:5778/sampling", "my shop", fetch=fetch, **options)
    return sampler, asked


NAMED = {"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 0.25}}
NUMBERED = {"strategyType": 1, "rateLimitingSampling": {"maxTracesPerSecond": 5}}


def test_both_dialects_are_understood():
    sampler, asked = remote(NAMED, NUMBERED, {"probabilisticSampling": {}})
    assert sampler.current.probability == 0.001
    assert sampler.refresh()
    assert sampler.current.probability == 0.25
    assert sampler.refresh()
    assert sampler.current.per_second_max == 5
    assert sampler.refresh()
    assert sampler.current.probability == 0
    assert asked == ["http://host:5778/sampling?service=my%20shop"] * 3
    assert sampler.updates == 3


@pytest.mark.parametrize(
    "bad", [b"nonsense", b"[]", b'{"strategyType": "OTHER"}', b'{"strategyType": 1}', OSError("refused")]
)
def test_the_last_good_strategy_goes_on(bad, caplog):
    sampler, _ = remote(NAMED, bad, bad)
    sampler.refresh()
    assert not sampler.refresh()
    assert not sampler.refresh()
    assert sampler.current.probability == 0.25
    assert (sampler.updates, sampler.failures, len(caplog.records)) == (1, 2, 1), "said once"


def test_operations_go_on_with_what_they_saved_up():
    operations = {
        "strategyType": "PROBABILISTIC",
        "probabilisticSampling": {"samplingRate": 0.5},
        "operationSampling": {
            "defaultSamplingProbability": 0.0,
            "defaultLowerBoundTracesPerSecond": 0.5,
            "perOperationStrategies": [{"operation": "GET /", "probabilisticSampling": {"samplingRate": 1.0}}],
        },
    }
    sampler, _ = remote(operations, operations)
    sampler.refresh()
    first = sampler.current
    assert isinstance(first, PerOperation)
    assert taken(sampler.current, 3, name="GET /") == 3
    assert taken(sampler.current, 3, name="other") == 1
    sampler.refresh()
    assert sampler.current is first
    assert taken(sampler.current, 3, name="other") == 0


def test_a_restart_begins_with_the_strategy_on_disk(tmp_path):
    path = tmp_path / "strategy.json"
    sampler, _ = remote(NAMED, last_good_path=path)
    sampler.refresh()
    again, _ = remote(last_good_path=path)
    assert again.current.probability == 0.25


def test_the_first_span_starts_the_asking_and_close_ends_it():
    sampler, _ = remote(NAMED, interval_s=0.01)
    pauses = iter((0.0, 1000.0))
    sampler._random.uniform = lambda low, high: next(pauses)
    sampler.decide(ask())
    for _ in range(500):
        if sampler.updates:
            break
        sampler._stop.wait(0.01)
    sampler.close()
    assert sampler.updates == 1


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("agent:5778", "http://agent:5778/sampling?service=s"),
        ("http://c:14268/api/sampling", "http://c:14268/api/sampling?service=s"),
        ("https://c/x?tenant=a", "https://c/x?tenant=a&service=s"),
    ],
)
def test_endpoints(endpoint, url):
    assert strategy_url(endpoint, "s") == url


def test_an_endpoint_that_is_none_is_refused():
    with pytest.raises(ValueError, match="sampling endpoint"):
        strategy_url("ftp://x", "s")


def test_a_strategy_is_fetched_over_http(http_receiver):
    with pytest.raises(OSError, match="answered 501"):
        fetch_http(strategy_url(http_receiver.endpoint, "s"))
    http_receiver.strategy = json.dumps(NAMED).encode()
    sampler = Remote(http_receiver.endpoint, "my shop")
    assert sampler.refresh()
    assert sampler.current.probability == 0.25
    assert http_receiver.asked == ["/sampling?service=my%20shop"]
    with pytest.raises(OSError, match="refused"):
        fetch_http("http://127.0.0.1:9/sampling")


def test_a_decision_is_said_on_the_span_that_begins_the_trace_alone():
    spans = []
    tracer = TracerProvider(report=spans.append, sampler=Probabilistic(1.0)).get_tracer("t")
    with tracer.start_as_current_span("root", attributes={"a": 1}), tracer.start_as_current_span("child"):
        pass
    assert [span.attributes for span in spans] == [
        {},
        {"sampler.type": "probabilistic", "sampler.param": 1.0, "a": 1},
    ]
    assert Decision(True) == (True, None, None, False)
