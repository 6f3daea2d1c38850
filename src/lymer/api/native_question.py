"""The question of the native API: which traces, as parameters or as a body. docs/specs/native-api.md, at its top."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request

from lymer.api.endpoint import read_body
from lymer.api.jaeger_v1 import read_question, time_range
from lymer.api.parameters import Parameters, parse_int
from lymer.component.errors import BadQueryError
from lymer.model.search import EVERYTHING, Predicate, TimeRange
from lymer.query.jaeger_search import trace_search
from lymer.wire.predicate_json import read_predicate

E = TypeVar("E", bound=StrEnum)
B = TypeVar("B", bound=msgspec.Struct)


def asked_traces(parameters: Parameters, now: int) -> tuple[Predicate, TimeRange]:
    """Jaeger's parameters, none of them required."""
    asked = trace_search(read_question(parameters, now=now, lookback_nano=now))
    return asked.where, asked.time


def read_where(where: Any) -> Predicate:
    """The predicate of a body; everything when there is none. Raises BadQueryError."""
    return EVERYTHING if where is None else read_predicate(where)


async def read_json(request: Request, kind: type[B], bytes_max: int) -> B:
    """The body as this. Raises BadQueryError, TooLargeError."""
    body = await read_body(request, bytes_max)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadQueryError(f"the body: {error}") from error


def read_time(parameters: Parameters) -> TimeRange:
    """`start` and `end` in microseconds."""
    return time_between(parameters.read("start", parse_int, None), parameters.read("end", parse_int, None))


def time_between(start_us: int | None, end_us: int | None) -> TimeRange:
    """The range, open where there is no bound."""
    widest = TimeRange()
    return time_range(
        widest.start if start_us is None else start_us * 1000, widest.end if end_us is None else end_us * 1000
    )


def read_member(kind: type[E], parameters: Parameters, name: str, default: E) -> E:
    """A parameter that is one of an enumeration's values. Raises BadQueryError."""
    return member(kind, parameters.text(name) or default, name)


def member(kind: type[E], text: str, name: str) -> E:
    """The member of that value. Raises BadQueryError."""
    try:
        return kind(text)
    except ValueError:
        raise BadQueryError(f"'{name}' must be one of {', '.join(kind)}, not {text!r:.80}") from None


def read_int(parameters: Parameters, name: str, default: int, bounds: tuple[int, int]) -> int:
    """A whole number within bounds. Raises BadQueryError."""
    return bounded(parameters.read(name, parse_int, default), name, bounds)


def bounded(number: int, name: str, bounds: tuple[int, int]) -> int:
    """The number, which lies within bounds. Raises BadQueryError."""
    if not bounds[0] <= number <= bounds[1]:
        raise BadQueryError(f"'{name}' must be from {bounds[0]} to {bounds[1]}, not {number}")
    return number
