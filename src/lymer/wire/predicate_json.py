"""Predicates from and to JSON, in the form of docs/specs/predicate-json.md. What they mean is in `model.search`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from lymer.component.errors import BadQueryError
from lymer.model.search import (
    DEPTH_MAX,
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
    Scope,
    SpanField,
    TraceField,
)

E = TypeVar("E", bound=StrEnum)


def read_predicate(value: Any) -> Predicate:
    """The predicate that decoded JSON says. Raises BadQueryError that names what is wrong."""
    return _predicate(value, depth=1)


def encode_predicate(where: Predicate) -> dict[str, Any]:
    """The predicate as a JSON value."""
    match where:
        case And(terms):
            return {"op": "and", "terms": [encode_predicate(term) for term in terms]}
        case Or(terms):
            return {"op": "or", "terms": [encode_predicate(term) for term in terms]}
        case Not(term):
            return {"op": "not", "term": encode_predicate(term)}
        case AnySpan(inner):
            return {"op": "any_span", "where": encode_predicate(inner)}
        case CompareTrace(field, op, operand):
            return {"op": "compare_trace", "field": field.value, "cmp": op.value, "value": operand}
        case Compare(Attribute(key, scope), op, operand):
            return {"op": "compare", "attribute": key, "scope": scope.value, "cmp": op.value, "value": operand}
        case Compare(subject, op, operand):
            return {"op": "compare", "field": str(subject), "cmp": op.value, "value": operand}


def _predicate(value: Any, depth: int) -> Predicate:
    if depth > DEPTH_MAX:
        raise BadQueryError(f"the predicate is deeper than {DEPTH_MAX}")
    if not isinstance(value, dict):
        raise BadQueryError(f"a predicate must be an object, not {value!r:.80}")
    match value.get("op"):
        case "and":
            return And(tuple(_predicate(term, depth + 1) for term in _terms(value)))
        case "or":
            return Or(tuple(_predicate(term, depth + 1) for term in _terms(value)))
        case "not":
            return Not(_predicate(value.get("term"), depth + 1))
        case "any_span":
            return AnySpan(_predicate(value.get("where"), depth + 1))
        case "compare":
            return Compare(_subject(value), _member(Op, value, "cmp"), _operand(value))
        case "compare_trace":
            return CompareTrace(_member(TraceField, value, "field"), _member(Op, value, "cmp"), _operand(value))
        case op:
            raise BadQueryError(f"`op` must be and, or, not, any_span, compare or compare_trace, not {op!r:.80}")


def _terms(value: Mapping[str, Any]) -> list[Any]:
    terms = value.get("terms")
    if not isinstance(terms, list):
        raise BadQueryError(f"`{value['op']}` needs a list of `terms`")
    return terms


def _subject(value: Mapping[str, Any]) -> SpanField | Attribute:
    if "attribute" not in value:
        return _member(SpanField, value, "field")
    key = value["attribute"]
    if not isinstance(key, str):
        raise BadQueryError(f"`attribute` must be text, not {key!r:.80}")
    return Attribute(key, _member(Scope, {"scope": Scope.ANY, **value}, "scope"))


def _member(kind: type[E], value: Mapping[str, Any], name: str) -> E:
    try:
        return kind(str(value.get(name)))
    except ValueError:
        known = ", ".join(kind)
        raise BadQueryError(f"`{name}` must be one of {known}, not {value.get(name)!r:.80}") from None


def _operand(value: Mapping[str, Any]) -> Operand | tuple[Operand, ...] | None:
    operand = value.get("value")
    if operand is None or isinstance(operand, str | int | float):
        return operand
    if isinstance(operand, list) and all(isinstance(item, str | int | float) for item in operand):
        return tuple(operand)
    raise BadQueryError(f"`value` must be text, a number, a bool or a list of these, not {operand!r:.80}")
