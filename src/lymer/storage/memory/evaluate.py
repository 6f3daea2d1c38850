"""Whether a predicate holds: model/search.py, sentence by sentence, on rows."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from lymer.component.errors import BadQueryError
from lymer.model.attributes import Value, as_text
from lymer.model.search import (
    And,
    AnySpan,
    Attribute,
    Compare,
    CompareTrace,
    Not,
    Op,
    Operand,
    Or,
    Predicate,
    SpanField,
    TimeRange,
)
from lymer.model.trace import kind_name, status_name
from lymer.storage.memory.rows import Row, attributes

Summary = dict[str, Any]

_NUMBER: Final = re.compile(r"[+-]?((\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|inf(inity)?)", re.IGNORECASE | re.ASCII)
_ORDER: Final[dict[Op, Callable[[Any, Any], bool]]] = {
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
}


def trace_holds(where: Predicate, rows: list[Row], summary: Summary, time: TimeRange) -> bool:
    """Whether a trace matches a trace predicate, looking only at spans that start in the range."""
    match where:
        case And(terms):
            return all(trace_holds(term, rows, summary, time) for term in terms)
        case Or(terms):
            return any(trace_holds(term, rows, summary, time) for term in terms)
        case Not(term):
            return not trace_holds(term, rows, summary, time)
        case AnySpan(term):
            return any(starts_in(row, time) and span_holds(term, row) for row in rows)
        case CompareTrace(subject, op, operand):
            return _holds([summary[subject]], op, operand)
    raise BadQueryError("a comparison of a span must stand inside `any span`")


def span_holds(where: Predicate, row: Row) -> bool:
    """Whether a span satisfies a span predicate."""
    match where:
        case And(terms):
            return all(span_holds(term, row) for term in terms)
        case Or(terms):
            return any(span_holds(term, row) for term in terms)
        case Not(term):
            return not span_holds(term, row)
        case Compare(subject, op, operand):
            return _holds(_values(subject, row), op, operand)
    raise BadQueryError("a span has no field of a trace")


def starts_in(row: Row, time: TimeRange) -> bool:
    """Whether the span starts in the range."""
    return bool(time.start <= row["start_time_unix_nano"] <= time.end)


def check_regexes(where: Predicate) -> None:
    """Raises BadQueryError when a regex of the predicate is none."""
    match where:
        case And(terms) | Or(terms):
            for term in terms:
                check_regexes(term)
        case Not(term) | AnySpan(term):
            check_regexes(term)
        case Compare(_, Op.REGEX, str(pattern)) | CompareTrace(_, Op.REGEX, str(pattern)):
            _matches(pattern, "")


def _values(subject: SpanField | Attribute, row: Row) -> list[Value]:
    if isinstance(subject, Attribute):
        return [value for key, _, value in attributes(row, subject.scope) if key == subject.key]
    match subject:
        case SpanField.SERVICE:
            return [row["service_name"]]
        case SpanField.NAME:
            return [row["name"]]
        case SpanField.KIND:
            return [kind_name(row["kind"])]
        case SpanField.STATUS:
            return [status_name(row["status_code"])]
        case SpanField.DURATION:
            return [row["duration_nano"]]
        case SpanField.START:
            return [row["start_time_unix_nano"]]
        case SpanField.SPAN_ID:
            return [row["span_id"].hex()]
        case SpanField.PARENT_SPAN_ID:
            return [] if row["parent_span_id"] is None else [row["parent_span_id"].hex()]
        case SpanField.EVENT_NAME:
            return [event["name"] for event in row["events"]]
    text = row[subject.value]  # status_message, trace_state, scope_name, scope_version
    return [text] if text else []


def _holds(values: list[Value], op: Op, operand: Operand | tuple[Operand, ...] | None) -> bool:
    match op:
        case Op.EXISTS:
            return bool(values)
        case Op.NE:
            return bool(values) and not any(_equal(value, operand) for value in values)
        case Op.EQ:
            return any(_equal(value, operand) for value in values)
        case Op.IN:
            assert isinstance(operand, tuple)
            return any(_equal(value, one) for value in values for one in operand)
        case Op.REGEX:
            return any(value is not None and _matches(str(operand), as_text(value)) for value in values)
        case Op.CONTAINS:
            return any(value is not None and str(operand) in as_text(value) for value in values)
    return any(_ordered(value, op, operand) for value in values)


def _equal(value: Value, operand: Any) -> bool:
    if value is None:
        return False
    if isinstance(operand, bool) or isinstance(value, bool):
        return value is operand or (isinstance(operand, str) and as_text(value) == operand)
    if not isinstance(operand, str):
        return isinstance(value, int | float) and value == operand
    if isinstance(value, float):
        return bool(_NUMBER.fullmatch(operand)) and float(operand) == value
    return as_text(value) == operand


def _ordered(value: Value, op: Op, operand: Any) -> bool:
    if isinstance(value, bool) or isinstance(operand, bool):
        return False
    if isinstance(operand, str):
        return isinstance(value, str) and _ORDER[op](value, operand)
    return isinstance(value, int | float) and _ORDER[op](value, operand)


@functools.lru_cache(maxsize=65_536)
def _matches(pattern: str, text: str) -> bool:
    try:
        return bool(pc.match_substring_regex(pa.array([text]), pattern)[0].as_py())
    except pa.ArrowInvalid as error:
        raise BadQueryError(f"not a regex: {pattern!r}: {error}") from error
