"""Tracer of OpenTracing: parents and references, formats and carriers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import opentracing
from opentelemetry import context as api_context
from opentelemetry.baggage import _BAGGAGE_KEY
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation import _SPAN_KEY
from opentracing import Format, InvalidCarrierException, Reference, ReferenceType, UnsupportedFormatException
from opentracing.ext import tags as ext_tags

from lymer_sdk.opentracing_compat.scope_manager import Scope, ScopeManager
from lymer_sdk.opentracing_compat.span import KINDS, Span, SpanContext
from lymer_sdk.propagation import Composite, Jaeger, propagators_named
from lymer_sdk.propagation.base import baggage_of, outgoing, with_baggage
from lymer_sdk.propagation.binary import read_binary, write_binary
from lymer_sdk.propagation.jaeger import DEBUG, SAMPLED
from lymer_sdk.remote_parent import with_parent
from lymer_sdk.span import Span as RecordingSpan
from lymer_sdk.tracer import Tracer as Recorder

REFERENCE_TYPE = "opentracing.ref_type"
_TYPES = {ReferenceType.CHILD_OF: "child_of", ReferenceType.FOLLOWS_FROM: "follows_from"}


class Tracer(opentracing.Tracer):  # type: ignore[misc]
    """OpenTracing's face of a tracer of ours. Formats: TEXT_MAP, HTTP_HEADERS, BINARY."""

    def __init__(
        self,
        recorder: Recorder,
        propagator: Composite | None = None,
        scope_manager: opentracing.ScopeManager | None = None,
    ) -> None:
        super().__init__(scope_manager or ScopeManager(self))
        self.recorder = recorder
        headers = propagator or propagators_named(["jaeger", "tracecontext"])
        texts = Composite(one.in_plain_text() if isinstance(one, Jaeger) else one for one in headers.propagators)
        self._propagators = {Format.HTTP_HEADERS: headers, Format.TEXT_MAP: texts}

    def start_active_span(
        self,
        operation_name: str | None = None,
        child_of: Any = None,
        references: Any = None,
        tags: Mapping[str, Any] | None = None,
        start_time: float | None = None,
        ignore_active_span: bool = False,
        finish_on_close: bool = True,
    ) -> Scope:
        span = self.start_span(operation_name, child_of, references, tags, start_time, ignore_active_span)
        scope: Scope = self.scope_manager.activate(span, finish_on_close)
        return scope

    def start_span(
        self,
        operation_name: str | None = None,
        child_of: Any = None,
        references: Any = None,
        tags: Mapping[str, Any] | None = None,
        start_time: float | None = None,
        ignore_active_span: bool = False,
    ) -> Span:
        name = operation_name or ""
        context, others = self._parent(child_of, references, ignore_active_span)
        at = time.time_ns() if start_time is None else int(start_time * 1e9)
        kind = KINDS.get(str((tags or {}).get(ext_tags.SPAN_KIND)), SpanKind.INTERNAL)
        inner = self.recorder.start_in(context, name, context, kind, None, None, at, True, True)
        if items := context.get(_BAGGAGE_KEY):
            inner._baggage = {**items, **(inner._baggage or {})}  # type: ignore[dict-item]  # noqa: SLF001
        parent = outgoing(context)
        span = Span(self, inner, name, parent.span_id if parent else 0, at)
        _add_links(inner, others)
        for key, value in (tags or {}).items():
            span.set_tag(key, value)
        return span

    def inject(self, span_context: Any, format: str, carrier: Any) -> None:  # noqa: A002 (OpenTracing's name)
        context = _context_of(span_context) or Context()
        if format == Format.BINARY:
            if not isinstance(carrier, bytearray):
                raise InvalidCarrierException(f"a binary carrier is a bytearray, not {type(carrier).__name__}")
            if (span := outgoing(context)) is not None:
                carrier.extend(write_binary(span, baggage_of(context)))
            return
        propagator = self._propagator(format)
        if isinstance(carrier, str | bytes | int | float | None):
            raise InvalidCarrierException(f"{type(carrier).__name__} cannot carry headers")
        propagator.inject(carrier, context)

    def extract(self, format: str, carrier: Any) -> SpanContext | None:  # noqa: A002
        if format == Format.BINARY:
            if not isinstance(carrier, bytearray | bytes):
                raise InvalidCarrierException(f"a binary carrier is a bytearray, not {type(carrier).__name__}")
            return _of_binary(carrier)
        propagator = self._propagator(format)
        if isinstance(carrier, str | bytes | int | float | None):
            raise InvalidCarrierException(f"{type(carrier).__name__} cannot carry headers")
        context = propagator.extract(carrier, Context())
        return SpanContext(context) if context else None

    def _propagator(self, format: str) -> Composite:  # noqa: A002
        propagator = self._propagators.get(format)
        if propagator is None:
            raise UnsupportedFormatException(format)
        return propagator

    def _parent(self, child_of: Any, references: Any, ignore_active: bool) -> tuple[Context, list[tuple[str, Context]]]:
        """The context to start in, and the references that become links.

        The first reference is the parent, as Jaeger's clients have it; that it is FollowsFrom is kept in a link.
        """
        found: list[tuple[str, Context]] = []
        if (context := _context_of(child_of)) is not None:
            found.append(("child_of", context))
        one = references is None or isinstance(references, Reference)
        for reference in [references] if one else references:
            if reference is not None and (context := _context_of(reference.referenced_context)) is not None:
                found.append((_TYPES.get(reference.type, "child_of"), context))  # noqa: PERF401 (a loop reads better)
        found.sort(key=lambda reference: reference[0] != "child_of")
        if found:
            kind, parent = found[0]
            return parent, found if kind == "follows_from" else found[1:]
        if ignore_active:
            return Context(), []
        active = self.scope_manager.active
        current = api_context.get_current()
        if active is None or not isinstance(active.span, Span):
            return current, []
        return Context({**current, _SPAN_KEY: active.span.inner}), []


def _context_of(given: Any) -> Context | None:
    """The context of a span or span context of ours; None of anybody else's."""
    if isinstance(given, opentracing.Span):
        given = given.context
    return given.carried if isinstance(given, SpanContext) else None


def _add_links(inner: Any, others: list[tuple[str, Context]]) -> None:
    if not isinstance(inner, RecordingSpan):
        return
    for kind, context in others:
        span = context.get(_SPAN_KEY)
        if span is not None:
            inner.add_link(span.get_span_context(), {REFERENCE_TYPE: kind})  # type: ignore[attr-defined]


def _of_binary(carrier: bytes | bytearray) -> SpanContext | None:
    found = read_binary(carrier)
    if found is None:
        return None
    trace_id, span_id, flags, items = found
    context = with_baggage(Context(), items)
    debug = bool(flags & DEBUG)
    return SpanContext(with_parent(context, trace_id, span_id, sampled=bool(flags & SAMPLED), debug=debug))
