"""The file of strategies: Jaeger's JSON, with its rules of inheritance, and tiers.

    {"default_strategy": {"type": "probabilistic", "param": 0.1,
                          "operation_strategies": [{"operation": "/health", "type": "probabilistic", "param": 0}]},
     "service_strategies": [{"service": "bar", "type": "ratelimiting", "param": 5}],
     "service_tiers": {"checkout": "S", "search": "B"}}

A tier is a ratio with a name: S, A and B are there, `tiers` adds others or changes these. A rule may say `tier` in the
place of `type` and `param`. Jaeger ignores the keys that are ours, so one file serves both. Pure: no file is read here.

What Jaeger does with odd files is done too, and said in a warning: docs/components/sampling.md has the table.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lymer.sampling.located_json import LocatedJson, Step
from lymer.sampling.strategy import DEFAULT_RATIO, OperationRatio, OperationRatios, Strategy

TIERS: Final[Mapping[str, float]] = {"S": 1.0, "A": 0.5, "B": 0.1}
"""What a tier means where the file says nothing else."""

RATE_MAX: Final = 2**31 - 1
"""Traces in a second that the answer can say."""

WARNINGS_MAX: Final = 20
"""A file may be wrong in every line; so many remarks are enough to see how."""

_TOP: Final = ("default_strategy", "service_strategies", "tiers", "service_tiers")
_RULE: Final = ("type", "param", "tier")
_SERVICE_RULE: Final = ("service", *_RULE, "operation_strategies")
_OPERATION_RULE: Final = ("operation", *_RULE)


@dataclass(frozen=True, slots=True)
class Strategies:
    """What holds for whom."""

    default: Strategy
    services: Mapping[str, Strategy] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    """What in the file is odd, each with its place; empty when all is well."""

    def of(self, service: str) -> Strategy:
        """The strategy of a service: its own, or the default."""
        return self.services.get(service, self.default)


def default_strategies(ratio: float = DEFAULT_RATIO) -> Strategies:
    """Without a file: the same ratio for everybody."""
    return Strategies(Strategy("probabilistic", ratio))


def read_strategies(data: bytes, *, source: str, default_ratio: float = DEFAULT_RATIO) -> Strategies:
    """The strategies of a file. Raises ConfigError that begins with source, line and column."""
    document = LocatedJson(data, source=source)
    if document.value is None:
        return default_strategies(default_ratio)
    return _Reader(document, default_ratio).read()


class _Reader:
    """Reads one document."""

    def __init__(self, document: LocatedJson, default_ratio: float) -> None:
        self._document = document
        self._default_ratio = default_ratio
        self._tiers = dict(TIERS)
        self._warnings: list[str] = []

    def read(self) -> Strategies:
        top = self._object(self._document.value)
        self._warn_of_unknown(top, _TOP)
        self._tiers |= {
            name: self._ratio(value, "tiers", name) for name, value in self._object(top.get("tiers"), "tiers").items()
        }
        default = Strategy("probabilistic", self._default_ratio)
        if top.get("default_strategy") is not None:
            default = self._service(self._object(top["default_strategy"], "default_strategy"), "default_strategy")
        services = self._services(top.get("service_strategies"))
        for service, strategy in self._tiered(top.get("service_tiers")).items():
            services[service] = self._with_tier(service, strategy, services)
        inherited = {service: _inherit(strategy, default.operations) for service, strategy in services.items()}
        return Strategies(default, inherited, tuple(self._warnings))

    def _services(self, rules: Any) -> dict[str, Strategy]:
        services = {}
        for position, item in enumerate(self._list(rules, "service_strategies")):
            path = ("service_strategies", position)
            rule = self._object(item, *path)
            service = self._text(rule.get("service"), *path, "service")
            if not service:
                self._warn("names no service", *path)
            if service in services:
                self._warn(f"{service!r} has a rule already; this one holds", *path)
            services[service] = self._service(rule, *path)
        return services

    def _service(self, rule: dict[str, Any], *path: Step) -> Strategy:
        self._warn_of_unknown(rule, _SERVICE_RULE, *path)
        own = self._rule(rule, *path)
        listed = self._list(rule.get("operation_strategies"), *path, "operation_strategies")
        if not listed:
            return own
        ratios = []
        for position, item in enumerate(listed):
            ratio = self._operation(item, *path, "operation_strategies", position)
            if ratio is not None:
                ratios.append(ratio)
        default_ratio = own.param if own.kind == "probabilistic" else self._default_ratio
        return Strategy(own.kind, own.param, OperationRatios(default_ratio, tuple(ratios)))

    def _operation(self, item: Any, *path: Step) -> OperationRatio | None:
        rule = self._object(item, *path)
        self._warn_of_unknown(rule, _OPERATION_RULE, *path)
        operation = self._text(rule.get("operation"), *path, "operation")
        strategy = self._rule(rule, *path)
        if strategy.kind == "ratelimiting":
            self._warn(f"{operation!r} cannot have a rate, only a ratio: left out", *path)
            return None
        return OperationRatio(operation, strategy.param)

    def _rule(self, rule: dict[str, Any], *path: Step) -> Strategy:
        if rule.get("tier") is not None:
            if rule.get("type") is not None or rule.get("param") is not None:
                self._document.refuse("a rule has a tier, or type and param, not both", *path)
            return self._tier(rule["tier"], *path, "tier")
        kind = self._text(rule.get("type"), *path, "type")
        if kind not in ("probabilistic", "ratelimiting"):
            known = "known are probabilistic and ratelimiting"
            what = f"type {kind!r} is not known" if kind else "has no type"
            self._warn(f"{what}: the ratio {self._default_ratio:g} is taken; {known}", *path)
            return Strategy("probabilistic", self._default_ratio)
        if rule.get("param") is None:
            self._warn("has no param: 0 is taken", *path)
        if kind == "probabilistic":
            return Strategy("probabilistic", self._ratio(rule.get("param"), *path, "param"))
        return Strategy("ratelimiting", self._rate(rule.get("param"), *path, "param"))

    def _tiered(self, lines: Any) -> dict[str, Strategy]:
        return {
            service: self._tier(tier, "service_tiers", service)
            for service, tier in self._object(lines, "service_tiers").items()
        }

    def _tier(self, name: Any, *path: Step) -> Strategy:
        ratio = self._tiers.get(self._text(name, *path))
        if ratio is None:
            self._document.refuse(f"there is no tier {name!r}; there are: {', '.join(sorted(self._tiers))}", *path)
        return Strategy("probabilistic", ratio)

    def _with_tier(self, service: str, tier: Strategy, services: Mapping[str, Strategy]) -> Strategy:
        if service in services:
            self._document.refuse(
                f"{service!r} has a rule among service_strategies too; say `tier` there instead",
                "service_tiers",
                service,
            )
        return tier

    def _ratio(self, value: Any, *path: Step) -> float:
        ratio = float(self._document.expect(float, 0 if value is None else value, *path))
        if not 0 <= ratio <= 1:
            self._document.refuse(f"a ratio is from 0 to 1, not {value}", *path)
        return ratio

    def _rate(self, value: Any, *path: Step) -> float:
        rate = float(self._document.expect(float, 0 if value is None else value, *path))
        if not 0 <= rate <= RATE_MAX:
            self._document.refuse(f"a rate is from 0 to {RATE_MAX}, not {value}", *path)
        if rate != int(rate):
            self._warn(f"clients are told whole traces in a second: {int(rate)}", *path)
        return float(int(rate))

    def _object(self, value: Any, *path: Step) -> dict[str, Any]:
        if value is None and path and isinstance(path[-1], str):
            return {}
        found: dict[str, Any] = self._document.expect(dict, value, *path)
        return found

    def _list(self, value: Any, *path: Step) -> list[Any]:
        found: list[Any] = self._document.expect(list, [] if value is None else value, *path)
        return found

    def _text(self, value: Any, *path: Step) -> str:
        text: str = self._document.expect(str, "" if value is None else value, *path)
        return text

    def _warn_of_unknown(self, found: Mapping[str, Any], known: tuple[str, ...], *path: Step) -> None:
        for key in sorted(found.keys() - set(known)):
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            self._warn(f"unknown key, ignored{hint}", *path, key)

    def _warn(self, remark: str, *path: Step) -> None:
        if len(self._warnings) < WARNINGS_MAX:
            self._warnings.append(self._document.at(remark, *path))


def _inherit(strategy: Strategy, default: OperationRatios | None) -> Strategy:
    """With the operations of the default strategy too; what a service says of an operation itself holds."""
    if default is None:
        return strategy
    if strategy.operations is None:
        ratio = strategy.param if strategy.kind == "probabilistic" else default.default_ratio
        return Strategy(strategy.kind, strategy.param, OperationRatios(ratio, default.ratios))
    own = {item.operation for item in strategy.operations.ratios}
    others = tuple(item for item in default.ratios if item.operation not in own)
    operations = OperationRatios(strategy.operations.default_ratio, strategy.operations.ratios + others)
    return Strategy(strategy.kind, strategy.param, operations)
