"""Searches as Jaeger's storage API can ask them. Whatever it cannot say is an error, never left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lymer.component.errors import NotSupportedError
from lymer.model.search import (
    And,
    AnySpan,
    Attribute,
    Compare,
    Not,
    Op,
    Or,
    Order,
    Predicate,
    Scope,
    SpanField,
    TimeRange,
    TraceSearch,
)
from lymer.wire.jaeger_storage import StorageQuestion

_WHOLE: Final = TimeRange()
_WHY: Final = "Jaeger's storage API cannot be asked for"


@dataclass(slots=True)
class _Parts:
    service: str = ""
    operation: str = ""
    duration_min: int | None = None
    duration_max: int | None = None
    attributes: dict[str, str] = field(default_factory=dict)


def storage_question(search: TraceSearch) -> StorageQuestion:
    """The question. Raises NotSupportedError, naming what cannot be asked."""
    if search.order is not Order.NEWEST:
        raise NotSupportedError(f"{_WHY} the order {search.order}")
    if search.cursor is not None:
        raise NotSupportedError(f"{_WHY} a further page")
    if search.with_total:
        raise NotSupportedError(f"{_WHY} a total")
    parts = _Parts()
    for term in _terms(search.where):
        _add(parts, term)
    return StorageQuestion(
        service=parts.service,
        operation=parts.operation,
        attributes=parts.attributes,
        start_min_nano=None if search.time.start == _WHOLE.start else search.time.start,
        start_max_nano=None if search.time.end == _WHOLE.end else search.time.end,
        duration_min_nano=parts.duration_min,
        duration_max_nano=parts.duration_max,
        depth=search.limit,
    )


def _terms(where: Predicate) -> tuple[Predicate, ...]:
    """The conditions of one span."""
    match where:
        case And(()):
            return ()
        case AnySpan(And(terms)):
            return terms
        case AnySpan(term):
            return (term,)
    raise NotSupportedError(f"{_WHY} conditions of several spans or of a whole trace")


def _add(parts: _Parts, term: Predicate) -> None:
    match term:
        case Compare(SpanField.SERVICE, Op.EQ, str(name)) if not parts.service:
            parts.service = name
        case Compare(SpanField.NAME, Op.EQ, str(name)) if not parts.operation:
            parts.operation = name
        case Compare(SpanField.DURATION, Op.GE, int(nano)) if parts.duration_min is None:
            parts.duration_min = nano
        case Compare(SpanField.DURATION, Op.LE, int(nano)) if parts.duration_max is None:
            parts.duration_max = nano
        case Compare(Attribute(key, Scope.ANY), Op.EQ, str(value)) if key not in parts.attributes:
            parts.attributes[key] = value
        case Or((Compare(SpanField() | Attribute()), Compare(Attribute(key, Scope.ANY), Op.EQ, str(value)))):
            parts.attributes[key] = value  # A tag that Jaeger shows for a field: its stores know that themselves.
        case Not(Or((Compare(SpanField.STATUS), Compare(Attribute("error"), Op.EQ, "true")))):
            parts.attributes["error"] = "false"
        case _:
            raise NotSupportedError(f"{_WHY} this condition: {term}"[:300])
