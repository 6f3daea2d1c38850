"""A strategy as JSON, byte for byte as Jaeger writes it, in both dialects.

They differ in the type alone: `"PROBABILISTIC"`, or 0 as Thrift 0.9.2 wrote it, which the agent's old `/` still does.
"""

from __future__ import annotations

import json

from lymer.sampling.strategy import OperationRatios, Strategy

_NUMBERS = {"probabilistic": "0", "ratelimiting": "1"}
_NAMES = {"probabilistic": '"PROBABILISTIC"', "ratelimiting": '"RATE_LIMITING"'}


def encode_json(strategy: Strategy, *, legacy: bool = False) -> bytes:
    """The SamplingStrategyResponse; with `legacy` its type is a number."""
    kind = (_NUMBERS if legacy else _NAMES)[strategy.kind]
    members = [f'"strategyType":{kind}', _rule(strategy)]
    if strategy.operations is not None:
        members.append(f'"operationSampling":{_operations(strategy.operations)}')
    return ("{" + ",".join(members) + "}").encode()


def go_number(value: float) -> str:
    """A number as Go writes it into JSON: no point where none is needed, an exponent only far away from 1."""
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        plain = f"{value:.0f}" if value == int(value) else _without_exponent(value)
        return "0" if plain == "-0" else plain
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+}"


def _without_exponent(value: float) -> str:
    """The shortest digits that read back the same; Python takes to exponents at 1e-5 already."""
    text = repr(value)
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return text
    digits = mantissa.replace(".", "").lstrip("-")
    return f"{'-' if value < 0 else ''}0.{'0' * (-int(exponent) - 1)}{digits}"


def _rule(strategy: Strategy) -> str:
    if strategy.kind == "probabilistic":
        return f'"probabilisticSampling":{{"samplingRate":{go_number(strategy.param)}}}'
    return f'"rateLimitingSampling":{{"maxTracesPerSecond":{int(strategy.param)}}}'


def _operations(operations: OperationRatios) -> str:
    listed = ",".join(
        f'{{"operation":{_text(item.operation)},"probabilisticSampling":{{"samplingRate":{go_number(item.ratio)}}}}}'
        for item in operations.ratios
    )
    return (
        f'{{"defaultSamplingProbability":{go_number(operations.default_ratio)},'
        f'"defaultLowerBoundTracesPerSecond":{go_number(operations.lower_bound_per_s)},'
        f'"perOperationStrategies":[{listed}],'
        f'"defaultUpperBoundTracesPerSecond":{go_number(operations.upper_bound_per_s)}}}'
    )


def _text(text: str) -> str:
    """Text as Go's encoder writes it, which is wary of HTML."""
    written = json.dumps(text, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written
