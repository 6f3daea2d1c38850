"""The protobuf of Jaeger's SamplingManager, against protobuf's own library."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lymer.component.errors import DecodeError
from lymer.sampling.jaeger_proto import decode_parameters, decode_strategy, encode_parameters, encode_strategy
from lymer.sampling.strategy import OperationRatio, OperationRatios, Strategy
from tests.sampling.strategies_of import names, strategies
from tests.wire.descriptors import SAMPLING


def oracle(strategy: Strategy) -> bytes:
    rate = strategy.kind == "ratelimiting"
    message = SAMPLING["SamplingStrategyResponse"](strategyType=int(rate))
    if rate:
        message.rateLimitingSampling.SetInParent()
        message.rateLimitingSampling.maxTracesPerSecond = int(strategy.param)
    else:
        message.probabilisticSampling.SetInParent()
        message.probabilisticSampling.samplingRate = strategy.param
    if strategy.operations is not None:
        message.operationSampling.SetInParent()
        message.operationSampling.defaultSamplingProbability = strategy.operations.default_ratio
        message.operationSampling.defaultLowerBoundTracesPerSecond = strategy.operations.lower_bound_per_s
        message.operationSampling.defaultUpperBoundTracesPerSecond = strategy.operations.upper_bound_per_s
        for item in strategy.operations.ratios:
            added = message.operationSampling.perOperationStrategies.add(operation=item.operation.encode())
            added.probabilisticSampling.SetInParent()
            added.probabilisticSampling.samplingRate = item.ratio
    return message.SerializeToString()


@given(strategies)
def test_protobufs_own_library_reads_the_same_strategy(strategy: Strategy) -> None:
    kind = SAMPLING["SamplingStrategyResponse"]
    assert kind.FromString(encode_strategy(strategy)) == kind.FromString(oracle(strategy))


@given(strategies)
def test_an_agent_reads_what_a_collector_has_said(strategy: Strategy) -> None:
    assert decode_strategy(oracle(strategy)) == strategy
    assert decode_strategy(encode_strategy(strategy)) == strategy


@given(names)
def test_the_question_names_its_service(service: str) -> None:
    question = SAMPLING["SamplingStrategyParameters"](serviceName=service.encode()).SerializeToString()
    assert encode_parameters(service) == question
    assert decode_parameters(question) == service


@given(st.binary(max_size=60))
def test_damaged_messages_are_refused_or_read_but_break_nothing(message: bytes) -> None:
    for decode in (decode_parameters, decode_strategy):
        with contextlib.suppress(DecodeError):
            decode(message)


@pytest.mark.parametrize("message", [b"\x0a\x05ab", b"\x0a\x01\xff", b"\x08\x01\x08", b"\x0a" + b"\xff" * 11, b"\x02a"])
def test_what_is_not_a_question_is_said_so(message: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_parameters(message + b"\x0b")


def test_a_truncated_strategy_is_refused_at_every_byte_inside_a_field() -> None:
    whole = encode_strategy(Strategy("ratelimiting", 5, OperationRatios(0.5, (OperationRatio("a", 0.25),))))
    refused = 0
    for end in range(len(whole)):
        try:
            decode_strategy(whole[:end])
        except DecodeError:
            refused += 1
    assert refused == len(whole) - 3  # Between its three fields it is a whole message of fewer fields.
