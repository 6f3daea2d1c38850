"""Jaeger's question as a TraceSearch: what its v1, v3 and gRPC APIs share.

All conditions hold of one span: its service, its name, its duration, and every tag somewhere among the attributes of
the span, its resource, scope, events and links, compared as text. Some tags are no attributes in OpenTelemetry but
fields (`_FIELDS`, `error`, `span.kind`, ...): a client may have sent either, so either satisfies the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lymer.model.search import (
    And,
    AnySpan,
    Attribute,
    Compare,
    Not,
    Op,
    Or,
    Predicate,
    Scope,
    SpanField,
    TimeRange,
    TraceSearch,
)
from lymer.storage.base import ALWAYS

_FIELDS: Final = {
    "otel.status_description": SpanField.STATUS_MESSAGE,
    "w3c.tracestate": SpanField.TRACE_STATE,
    "otel.scope.name": SpanField.SCOPE_NAME,
    "otel.scope.version": SpanField.SCOPE_VERSION,
    "otel.library.name": SpanField.SCOPE_NAME,
    "otel.library.version": SpanField.SCOPE_VERSION,
    "scope.name": SpanField.SCOPE_NAME,
    "scope.version": SpanField.SCOPE_VERSION,
    "event": SpanField.EVENT_NAME,
}
"""Tags that Jaeger shows for a field of the span."""

_NAMED: Final = {
    "span.kind": SpanField.KIND,
    "otel.status_code": SpanField.STATUS,
    "span.status": SpanField.STATUS,
}
"""Tags that Jaeger shows for a code of the span, by its name; `ERROR` is `error`."""

_RESOURCE_PREFIX: Final = "resource."


@dataclass(frozen=True, slots=True, kw_only=True)
class JaegerQuestion:
    """What Jaeger's APIs ask for; empty texts and None ask for nothing."""

    service: str = ""
    operation: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    time: TimeRange = ALWAYS
    duration_min_nano: int | None = None
    duration_max_nano: int | None = None
    limit: int = 100


def trace_search(question: JaegerQuestion) -> TraceSearch:
    """The newest traces that answer the question."""
    return TraceSearch(where=AnySpan(And(_terms(question))), time=question.time, limit=question.limit)


def _terms(question: JaegerQuestion) -> tuple[Predicate, ...]:
    terms: list[Predicate] = []
    if question.service:
        terms.append(Compare(SpanField.SERVICE, Op.EQ, question.service))
    if question.operation:
        terms.append(Compare(SpanField.NAME, Op.EQ, question.operation))
    if question.duration_min_nano is not None:
        terms.append(Compare(SpanField.DURATION, Op.GE, question.duration_min_nano))
    if question.duration_max_nano is not None:
        terms.append(Compare(SpanField.DURATION, Op.LE, question.duration_max_nano))
    terms.extend(_tag(key, value) for key, value in question.tags.items())
    return tuple(terms)


def _tag(key: str, value: str) -> Predicate:
    sent = Compare(Attribute(key), Op.EQ, value)
    if key == "error":
        return _error(value, sent)
    if key in _NAMED:
        return Or((Compare(_NAMED[key], Op.EQ, value.lower()), sent))
    if key in _FIELDS:
        return Or((Compare(_FIELDS[key], Op.EQ, value), sent))
    if key.startswith(_RESOURCE_PREFIX):
        inner = Attribute(key.removeprefix(_RESOURCE_PREFIX), Scope.RESOURCE)
        return Or((Compare(inner, Op.EQ, value), sent))
    return sent


def _error(value: str, sent: Predicate) -> Predicate:
    failed = Compare(SpanField.STATUS, Op.EQ, "error")
    if value == "true":
        return Or((failed, sent))
    if value == "false":
        return Not(Or((failed, Compare(Attribute("error"), Op.EQ, "true"))))
    return sent
