"""What can be asked: a predicate tree over spans and traces, and the search that carries it.

Frozen values; stores evaluate them (`storage.memory` in the plainest way, it is the oracle). `check` tells sense from
nonsense, for all stores alike.

Meaning, the same in every store:

* A **span predicate** holds or does not hold for one span. `AnySpan` lifts it to a trace: some span of it satisfies it.
* A field or an attribute that a span lacks satisfies no comparison, not even `!=`; `Not` is plain negation.
* An attribute can have several values on one span (duplicates; events and links; scope `ANY` looks at span, resource,
  scope, event and link attributes together). `= in < <= > >= regex contains exists` hold when some value satisfies
  them; `!=` holds when there is a value and none is equal.
* A **text** operand equals a string; the digits of an int; a double when it reads as the same number; `true`/`false`
  of a bool; the base64 of bytes; the attribute text of an array or map. `regex` (unanchored, RE2 syntax) and
  `contains` look at the same text (a double's is its shortest form). Case matters. `< <= > >=` with a text operand
  compare with strings alone, by code points.
* A **number** operand compares with ints and doubles by value, and with nothing else. A bool operand equals bools.
* A value without a type equals nothing and has no text; it only exists. NaN equals nothing.
* An empty trace state, status message, scope name or scope version is a span without one. Ids are 16 hex digits.
* Times are nanoseconds since 1970, durations nanoseconds; all bounds are inclusive.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

Operand = str | int | float | bool


class Scope(StrEnum):
    """Where an attribute is looked for."""

    ANY = "any"
    SPAN = "span"
    RESOURCE = "resource"
    SCOPE = "scope"
    EVENT = "event"
    LINK = "link"


class Op(StrEnum):
    """How a value is compared."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    IN = "in"
    REGEX = "regex"
    CONTAINS = "contains"
    EXISTS = "exists"


class SpanField(StrEnum):
    """What a span has besides attributes. `KIND` and `STATUS` compare with names: `server`; `unset`, `ok`, `error`."""

    SERVICE = "service"
    NAME = "name"
    KIND = "kind"
    STATUS = "status"
    STATUS_MESSAGE = "status_message"
    DURATION = "duration"
    START = "start"
    SPAN_ID = "span_id"
    PARENT_SPAN_ID = "parent_span_id"
    TRACE_STATE = "trace_state"
    SCOPE_NAME = "scope_name"
    SCOPE_VERSION = "scope_version"
    EVENT_NAME = "event_name"


class TraceField(StrEnum):
    """What a trace as a whole has, as its summary says it."""

    START = "start"
    DURATION = "duration"
    SPAN_COUNT = "span_count"
    ERROR_COUNT = "error_count"
    SERVICE_COUNT = "service_count"
    ROOT_SERVICE = "root_service"
    ROOT_NAME = "root_name"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute by key, looked for in one scope or in any."""

    key: str
    scope: Scope = Scope.ANY


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison of a field or an attribute. `operand` is a tuple for `in`, None for `exists`."""

    subject: SpanField | Attribute
    op: Op
    operand: Operand | tuple[Operand, ...] | None = None


@dataclass(frozen=True, slots=True)
class CompareTrace:
    """A comparison of a field of the whole trace."""

    subject: TraceField
    op: Op
    operand: Operand | tuple[Operand, ...] | None = None


@dataclass(frozen=True, slots=True)
class And:
    """All hold; true when there are none."""

    terms: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one holds; false when there are none."""

    terms: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The term does not hold."""

    term: Predicate


@dataclass(frozen=True, slots=True)
class AnySpan:
    """Some span of the trace satisfies the span predicate. Not nested in another."""

    where: Predicate


Predicate = Compare | CompareTrace | And | Or | Not | AnySpan

EVERYTHING = And(())


class Order(StrEnum):
    """The order of traces in an answer; ties are broken by trace id, ascending."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LONGEST = "longest"
    SHORTEST = "shortest"
    MOST_SPANS = "most_spans"
    MOST_ERRORS = "most_errors"


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `start` to `end`, both inclusive, in nanoseconds since 1970."""

    start: int = -(2**63)
    end: int = 2**63 - 1


@dataclass(frozen=True, slots=True)
class TraceSearch:
    """Which traces. A trace matches when `where` holds, and when one of the spans that make it hold starts in `time`.

    Exactly: the time range is a condition of every `AnySpan` in `where` (and on its own, `AnySpan(everything)`, so that
    a trace without a span in the range never matches). The start of a trace is that of its earliest span. A `Compare`
    outside `AnySpan`, an `AnySpan` inside one, and a `CompareTrace` inside one are errors (`check` raises ValueError).
    """

    where: Predicate = EVERYTHING
    time: TimeRange = TimeRange()
    order: Order = Order.NEWEST
    limit: int = 20
    cursor: str | None = None
    """What `TracePage.cursor` said; the answer goes on where that page ended."""
    with_total: bool = False
    """Whether to count all matches; it may cost much more than a page."""


DEPTH_MAX: Final = 64
"""How deep a predicate tree may be."""
TERMS_MAX: Final = 1000
"""How many nodes a predicate tree may have."""
LIMIT_MAX: Final = 10_000
"""How many traces one page may have."""

_TEXT_ONLY: Final = frozenset({Op.REGEX, Op.CONTAINS})


def check(search: TraceSearch) -> None:
    """Raises ValueError, saying why, when the search makes no sense. Stores find bad regexes and cursors."""
    if not 1 <= search.limit <= LIMIT_MAX:
        raise ValueError(f"limit must be from 1 to {LIMIT_MAX}, not {search.limit}")
    _check_tree(search.where, in_span=False)


def check_span_predicate(where: Predicate) -> None:
    """Raises ValueError, saying why, when this is no predicate over one span."""
    _check_tree(where, in_span=True)


def _check_tree(where: Predicate, *, in_span: bool) -> None:
    nodes = 0
    waiting = [(where, in_span, 1)]
    while waiting:
        node, inside, depth = waiting.pop()
        nodes += 1
        if depth > DEPTH_MAX:
            raise ValueError(f"the predicate is deeper than {DEPTH_MAX}")
        if nodes > TERMS_MAX:
            raise ValueError(f"the predicate has more than {TERMS_MAX} terms")
        _check_node(node, in_span=inside)
        waiting.extend((term, inside or isinstance(node, AnySpan), depth + 1) for term in _terms(node))


def _terms(node: Predicate) -> Iterator[Predicate]:
    match node:
        case And(terms) | Or(terms):
            yield from terms
        case Not(term) | AnySpan(term):
            yield term


def _check_node(node: Predicate, *, in_span: bool) -> None:
    match node:
        case AnySpan() if in_span:
            raise ValueError("a span predicate cannot hold `any span`")
        case CompareTrace() if in_span:
            raise ValueError(f"a span has no {node.subject} of a trace")
        case Compare() if not in_span:
            raise ValueError(f"a comparison of {_name(node.subject)} must stand inside `any span`")
        case Compare(subject, op, operand) | CompareTrace(subject, op, operand):
            _check_operand(_name(subject), op, operand)


def _name(subject: SpanField | TraceField | Attribute) -> str:
    return f"attribute {subject.key!r}" if isinstance(subject, Attribute) else str(subject)


def _check_operand(name: str, op: Op, operand: Operand | tuple[Operand, ...] | None) -> None:
    if op is Op.EXISTS and operand is not None:
        raise ValueError(f"{name}: `exists` has no operand")
    if op is Op.IN and not (isinstance(operand, tuple) and all(_is_value(one) for one in operand)):
        raise ValueError(f"{name}: `in` needs a list of values")
    if op in _TEXT_ONLY and not isinstance(operand, str):
        raise ValueError(f"{name}: `{op}` needs text")
    if op not in (Op.EXISTS, Op.IN) and not _is_value(operand):
        raise ValueError(f"{name}: `{op}` needs one value: text, a bool or a finite number")


def _is_value(operand: object) -> bool:
    return isinstance(operand, str | int) or (isinstance(operand, float) and math.isfinite(operand))
