"""Strategies as JSON: the bytes of Jaeger's own handlers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from lymer.sampling.jaeger_json import encode_json, go_number
from lymer.sampling.strategy import OperationRatio, OperationRatios, Strategy
from tests.sampling.strategies_of import strategies

PER_OPERATION = Strategy(
    "probabilistic", 0.001, OperationRatios(0.001, (OperationRatio("GET /", 0.5), OperationRatio("<&>", 0)), 1 / 60)
)


@pytest.mark.parametrize(
    ("strategy", "body"),
    [
        (
            Strategy("probabilistic", 0.001),
            b'{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.001}}',
        ),
        (
            Strategy("ratelimiting", 5.9),
            b'{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":5}}',
        ),
        (
            PER_OPERATION,
            (
                b'{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.001},'
                b'"operationSampling":{"defaultSamplingProbability":0.001,'
                b'"defaultLowerBoundTracesPerSecond":0.016666666666666666,"perOperationStrategies":['
                b'{"operation":"GET /","probabilisticSampling":{"samplingRate":0.5}},'
                b'{"operation":"\\u003c\\u0026\\u003e","probabilisticSampling":{"samplingRate":0}}],'
                b'"defaultUpperBoundTracesPerSecond":0}}'
            ),
        ),
        (
            Strategy("ratelimiting", 3, OperationRatios(0.2, ())),
            (
                b'{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":3},'
                b'"operationSampling":{"defaultSamplingProbability":0.2,"defaultLowerBoundTracesPerSecond":0,'
                b'"perOperationStrategies":[],"defaultUpperBoundTracesPerSecond":0}}'
            ),
        ),
    ],
)
def test_bytes_are_jaegers(strategy: Strategy, body: bytes) -> None:
    assert encode_json(strategy) == body


def test_the_old_dialect_has_numbers_for_types() -> None:
    assert encode_json(Strategy("probabilistic", 1), legacy=True).startswith(b'{"strategyType":0,')
    assert encode_json(Strategy("ratelimiting", 1), legacy=True).startswith(b'{"strategyType":1,')


@given(strategies)
def test_numbers_read_back_the_same(strategy: Strategy) -> None:
    answer = json.loads(encode_json(strategy))
    if strategy.kind == "probabilistic":
        assert answer["probabilisticSampling"]["samplingRate"] == strategy.param
    if strategy.operations:
        listed = [
            (item["operation"], item["probabilisticSampling"]["samplingRate"])
            for item in answer["operationSampling"]["perOperationStrategies"]
        ]
        assert listed == [(item.operation, item.ratio) for item in strategy.operations.ratios]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1.0, "1"), (1e-5, "0.00001"), (1.5e-5, "0.000015"), (1e-6, "0.000001"), (2.5e-7, "2.5e-7")],
)
def test_numbers_look_as_in_go(value: float, text: str) -> None:
    assert go_number(value) == text
