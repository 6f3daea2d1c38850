"""Samplers against the published rules over 100,000 ids; the seed is printed."""

from __future__ import annotations

import math
import random

import pytest
from lymer_sdk.sampling import ConsistentProbability, PerOperation, Probabilistic, Question, Tiers, TraceIdRatio
from opentelemetry.trace import SpanKind, TraceState

COUNT = 100_000
SHARES = [0.001, 0.01, 0.1, 1 / 3, 0.5, 0.9, 0.999]
SAMPLERS = {
    "probabilistic": Probabilistic,
    "ratio": TraceIdRatio,
    "consistent": ConsistentProbability,
    "operation": lambda share: PerOperation({"s": share}),
    "tier": lambda share: Tiers(Probabilistic(0), {"S": share}, tier="S"),
}


@pytest.fixture(scope="module")
def ids():
    seed = random.SystemRandom().getrandbits(64)
    print("seed", seed)
    source = random.Random(seed)
    return [source.getrandbits(128) or 1 for _ in range(COUNT)]


def asked(sampler, trace_id):
    return sampler.decide(Question(trace_id, "s", SpanKind.SERVER, {}, None, TraceState())).sampled


def chi_square(kept, share, count=COUNT):
    """One degree of freedom: 28.4 is exceeded once in ten million times."""
    expected = count * share
    return (kept - expected) ** 2 / expected + (kept - expected) ** 2 / (count - expected)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", SAMPLERS)
def test_the_share_is_kept(ids, name, share):
    sampler = SAMPLERS[name](share)
    assert chi_square(sum(asked(sampler, trace_id) for trace_id in ids), share) < 28.4


@pytest.mark.parametrize("name", ["probabilistic", "ratio", "consistent"])
def test_what_is_kept_is_kept_by_every_larger_share(ids, name):
    """Services with other shares of the same rule keep whole traces."""
    make = SAMPLERS[name]
    small, large = make(0.1), make(0.3)
    assert all(asked(large, trace_id) for trace_id in ids if asked(small, trace_id))


@pytest.mark.parametrize("name", ["probabilistic", "ratio", "consistent"])
def test_the_choice_is_even_over_the_other_bits(ids, name):
    """Kept ids by their highest three bits: eight cells, seven degrees of freedom (46.0: once in ten million)."""
    sampler = SAMPLERS[name](0.25)
    cells = [0] * 8
    for trace_id in ids:
        cells[trace_id >> 125] += asked(sampler, trace_id)
    expected = sum(cells) / 8
    assert sum((cell - expected) ** 2 / expected for cell in cells) < 46.0


@pytest.mark.parametrize("share", SHARES)
def test_jaegers_rule_to_the_bit(ids, share):
    """jaeger-client: the lower 63 bits are at most the share of 2^63 - 1."""
    sampler = Probabilistic(share)
    bound = math.floor(share * ((1 << 63) - 1))
    for trace_id in ids[:10_000]:
        low = trace_id & (1 << 63) - 1
        if abs(low - bound) > 2**12:  # the product is a float
            assert asked(sampler, trace_id) == (low <= bound)


@pytest.mark.parametrize("share", SHARES)
def test_opentelemetrys_rule_to_the_bit(ids, share):
    """opentelemetry-sdk decides the same for each id."""
    from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased

    theirs, ours = TraceIdRatioBased(share), TraceIdRatio(share)
    for trace_id in ids[:20_000]:
        assert asked(ours, trace_id) == (
            theirs.should_sample(None, trace_id, "s").decision is Decision.RECORD_AND_SAMPLE
        )
