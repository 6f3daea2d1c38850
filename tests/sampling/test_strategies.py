"""What a file of strategies means: Jaeger's rules, tiers, and complaints with a place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lymer.component.errors import ConfigError
from lymer.sampling.strategies import Strategies, read_strategies
from lymer.sampling.strategy import OperationRatio, OperationRatios, Strategy


def read(document: Any, *, default_ratio: float = 0.001) -> Strategies:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_strategies(data, source="s.json", default_ratio=default_ratio)


def probabilistic(ratio: float, **more: Any) -> dict[str, Any]:
    return {"type": "probabilistic", "param": ratio, **more}


def rate(traces: float, **more: Any) -> dict[str, Any]:
    return {"type": "ratelimiting", "param": traces, **more}


def operations(default: float, **ratios: float) -> OperationRatios:
    return OperationRatios(default, tuple(OperationRatio(name, ratio) for name, ratio in ratios.items()))


def test_services_have_their_own_rule_and_others_the_default() -> None:
    strategies = read(
        {
            "default_strategy": probabilistic(0.5),
            "service_strategies": [probabilistic(0.8, service="foo"), rate(5, service="bar")],
        }
    )
    assert strategies.of("foo") == Strategy("probabilistic", 0.8)
    assert strategies.of("bar") == Strategy("ratelimiting", 5)
    assert strategies.of("nobody") == Strategy("probabilistic", 0.5)
    assert strategies.warnings == ()


@pytest.mark.parametrize("document", [None, {}, {"service_strategies": None, "default_strategy": None}])
def test_without_a_default_strategy_the_settings_say(document: Any) -> None:
    assert read(document, default_ratio=0.25).of("any") == Strategy("probabilistic", 0.25)


def test_operations_of_the_default_are_merged_and_a_services_own_win() -> None:
    strategies = read(
        {
            "default_strategy": probabilistic(
                0.5,
                operation_strategies=[
                    probabilistic(0.2, operation="op0"),
                    probabilistic(0, operation="op6"),
                    rate(1, operation="spam"),
                    probabilistic(1, operation="op7"),
                ],
            ),
            "service_strategies": [
                probabilistic(
                    0.8,
                    service="foo",
                    operation_strategies=[
                        probabilistic(0.5, operation="op6"),
                        probabilistic(0.2, operation="op1"),
                        rate(10, operation="op2"),
                    ],
                ),
                rate(5, service="bar", operation_strategies=[probabilistic(0.3, operation="op3")]),
            ],
        }
    )
    assert strategies.of("foo") == Strategy("probabilistic", 0.8, operations(0.8, op6=0.5, op1=0.2, op0=0.2, op7=1))
    assert strategies.of("bar") == Strategy("ratelimiting", 5, operations(0.001, op3=0.3, op0=0.2, op6=0, op7=1))
    assert strategies.of("nobody") == Strategy("probabilistic", 0.5, operations(0.5, op0=0.2, op6=0, op7=1))
    assert [warning.partition(": ")[2] for warning in strategies.warnings] == [
        "default_strategy.operation_strategies[2]: 'spam' cannot have a rate, only a ratio: left out",
        "service_strategies[0].operation_strategies[2]: 'op2' cannot have a rate, only a ratio: left out",
    ]


def test_a_service_without_operations_inherits_them_with_its_own_ratio() -> None:
    strategies = read(
        {
            "service_strategies": [probabilistic(1.0, service="a"), rate(3, service="b")],
            "default_strategy": probabilistic(0.2, operation_strategies=[probabilistic(0.1, operation="health")]),
        }
    )
    assert strategies.of("a").operations == operations(1.0, health=0.1)
    assert strategies.of("b") == Strategy("ratelimiting", 3, operations(0.2, health=0.1))


@pytest.mark.parametrize(
    ("rule", "warning"),
    [({}, "has no type"), ({"type": "adaptive", "param": 1}, "type 'adaptive' is not known")],
)
def test_a_type_that_nobody_knows_means_the_default_ratio_with_a_warning(rule: dict[str, Any], warning: str) -> None:
    strategies = read({"service_strategies": [{"service": "foo", **rule}]}, default_ratio=0.3)
    assert strategies.of("foo") == Strategy("probabilistic", 0.3)
    assert warning in strategies.warnings[0]


def test_a_rate_is_told_in_whole_traces() -> None:
    strategies = read({"default_strategy": rate(2.7)})
    assert strategies.default.param == 2
    assert "whole traces" in strategies.warnings[0]


def test_one_line_classifies_a_service() -> None:
    strategies = read({"service_tiers": {"checkout": "S", "search": "A", "crawler": "B"}})
    assert [strategies.of(name).param for name in ("checkout", "search", "crawler")] == [1.0, 0.5, 0.1]


def test_tiers_can_be_added_and_changed_and_stand_in_rules() -> None:
    strategies = read(
        {
            "tiers": {"B": 0.05, "C": 0.01},
            "default_strategy": {"tier": "C", "operation_strategies": [{"operation": "/pay", "tier": "S"}]},
            "service_strategies": [{"service": "foo", "tier": "B"}],
            "service_tiers": {"bar": "A"},
        }
    )
    assert strategies.of("nobody") == Strategy(
        "probabilistic", 0.01, OperationRatios(0.01, (OperationRatio("/pay", 1),))
    )
    assert strategies.of("foo") == Strategy("probabilistic", 0.05, OperationRatios(0.05, (OperationRatio("/pay", 1),)))
    assert strategies.of("bar").param == 0.5


def test_keys_that_nobody_knows_are_told_with_the_nearest() -> None:
    strategies = read({"default_strategy": {"type": "probabilistic", "parm": 1}, "services": []})
    assert strategies.warnings == (
        "s.json:1:72: services: unknown key, ignored; did you mean service_tiers?",
        "s.json:1:56: default_strategy.parm: unknown key, ignored; did you mean param?",
        "s.json:1:22: default_strategy: has no param: 0 is taken",
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"default_strategy":\n  {"type": "probabilistic",\n   "param": 1.5}}',
         "s.json:3:13: default_strategy.param: a ratio is from 0 to 1, not 1.5"),
        ('{"service_strategies": [\n {"service": "a", "type": "ratelimiting", "param": -1}]}',
         "s.json:2:52: service_strategies[0].param: a rate is from 0 to 2147483647, not -1"),
        ('{"service_strategies": [\n {"service": 7}]}',
         "s.json:2:14: service_strategies[0].service: must be text, not a number"),
        ('{"service_strategies": [null]}', "s.json:1:25: service_strategies[0]: must be an object, not null"),
        ('{"service_strategies": {"a": 1}}', "s.json:1:24: service_strategies: must be a list, not an object"),
        ('{"default_strategy": {"type": "probabilistic", "param": true}}',
         "s.json:1:57: default_strategy.param: must be a number, not true or false"),
        ('{"service_tiers": {"a": "S",\n  "b": "Z"}}',
         "s.json:2:8: service_tiers.b: there is no tier 'Z'; there are: A, B, S"),
        ('{"tiers": {"X": 2}}', "s.json:1:17: tiers.X: a ratio is from 0 to 1, not 2"),
        ('{"service_tiers": {"a": "S"}, "service_strategies": [{"service": "a", "type": "ratelimiting", "param": 1}]}',
         "s.json:1:25: service_tiers.a: 'a' has a rule among service_strategies too; say `tier` there instead"),
        ('{"default_strategy": {"tier": "S", "param": 1}}',
         "s.json:1:22: default_strategy: a rule has a tier, or type and param, not both"),
        ('{"default_strategy":\n {"type": "probabilistic" "param": 1}}',
         "s.json:2:27: is not JSON: expecting ',' delimiter"),
        ('"nonsense"', "s.json:1:1: must be an object, not text"),
        ("", "s.json:1:1: is not JSON: expecting value"),
        ('{"default_strategy": {"type": "probabilistic", "param": NaN}}',
         "s.json: is not JSON: NaN is not a number here"),
        ("[" * 100_000, "s.json: is not JSON: maximum recursion depth exceeded"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_line_and_column(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(text.encode())
    assert str(raised.value).startswith(complaint)


def test_bytes_that_are_not_text_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"s\.json: is not UTF-8: .* at byte 2"):
        read(b'{"\xff": 1}')


def test_of_keys_that_are_there_twice_the_last_one_counts_and_is_pointed_at() -> None:
    with pytest.raises(ConfigError, match=r"^s\.json:2:11: "):
        read(b'{"tiers": {"X": 1},\n "tiers": 5}')
