"""`SamplingManager` of Jaeger's `api_v2/sampling.proto`: its question and its answer, written and read by hand."""

from __future__ import annotations

from typing import Final

from lymer.component.errors import DecodeError
from lymer.sampling.strategy import OperationRatio, OperationRatios, Strategy
from lymer.wire.protobuf import Value, bytes_field, double_field, integer_field, read_fields, text_field

SERVICE: Final = "jaeger.api_v2.SamplingManager"
METHOD: Final = "GetSamplingStrategy"

_RATE_LIMITING: Final = 1


def encode_strategy(strategy: Strategy) -> bytes:
    """A SamplingStrategyResponse."""
    if strategy.kind == "probabilistic":
        rule = bytes_field(2, double_field(1, strategy.param))
    else:
        rule = integer_field(1, _RATE_LIMITING) + bytes_field(3, integer_field(1, int(strategy.param)))
    return rule if strategy.operations is None else rule + bytes_field(4, _operations(strategy.operations))


def decode_strategy(message: bytes) -> Strategy:
    """The strategy of a SamplingStrategyResponse: what a collector tells an agent. Raises DecodeError."""
    fields = dict(read_fields(message))
    operations = _read_operations(_message(fields[4])) if 4 in fields else None
    if fields.get(1, 0) == _RATE_LIMITING:
        return Strategy("ratelimiting", float(_number(_submessage(fields, 3).get(1, 0))), operations)
    return Strategy("probabilistic", _number(_submessage(fields, 2).get(1, 0.0)), operations)


def encode_parameters(service: str) -> bytes:
    """A SamplingStrategyParameters."""
    return text_field(1, service)


def decode_parameters(message: bytes) -> str:
    """The service of a SamplingStrategyParameters, empty where none is named. Raises DecodeError."""
    return _text(dict(read_fields(message)).get(1, b""))


def _operations(operations: OperationRatios) -> bytes:
    listed = (
        bytes_field(3, text_field(1, item.operation) + bytes_field(2, double_field(1, item.ratio)))
        for item in operations.ratios
    )
    return b"".join(
        (
            double_field(1, operations.default_ratio),
            double_field(2, operations.lower_bound_per_s),
            *listed,
            double_field(4, operations.upper_bound_per_s),
        )
    )


def _read_operations(message: bytes) -> OperationRatios:
    numbers = {1: 0.0, 2: 0.0, 4: 0.0}
    ratios = []
    for number, value in read_fields(message):
        if number == 3:
            ratios.append(_read_operation(_message(value)))
        elif number in numbers:
            numbers[number] = _number(value)
    return OperationRatios(numbers[1], tuple(ratios), numbers[2], numbers[4])


def _read_operation(message: bytes) -> OperationRatio:
    fields = dict(read_fields(message))
    return OperationRatio(_text(fields.get(1, b"")), _number(_submessage(fields, 2).get(1, 0.0)))


def _submessage(fields: dict[int, Value], number: int) -> dict[int, Value]:
    return dict(read_fields(_message(fields.get(number, b""))))


def _message(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise DecodeError("a message was expected where a number is")
    return value


def _number(value: Value) -> float:
    if isinstance(value, bytes):
        raise DecodeError("a number was expected where bytes are")
    return value


def _text(value: Value) -> str:
    try:
        return _message(value).decode()
    except UnicodeDecodeError as error:
        raise DecodeError("text is not UTF-8") from error
