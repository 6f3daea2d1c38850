"""For users of OpenTelemetry's own SDK: an exporter of Jaeger's Thrift over HTTP, which OpenTelemetry no longer has.

BatchSpanProcessor(JaegerThriftExporter("http://collector:14268"))
OTEL_TRACES_EXPORTER=jaeger-thrift     # with OTEL_EXPORTER_JAEGER_ENDPOINT, _USER and _PASSWORD
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from lymer_sdk.http_sender import HttpSender, thrift_sender
from lymer_sdk.reporter import SendError
from lymer_sdk.resource import Resource
from lymer_sdk.span import Event, RecordedLink

_log = logging.getLogger(__name__)
_TIMEOUT_S = 10.0


class JaegerThriftExporter(SpanExporter):
    """Sends to a collector's port 14268. A failure is told to the SDK and said in the log; nothing is tried again."""

    def __init__(self, endpoint: str | None = None, *, user: str | None = None, password: str | None = None) -> None:
        variables = os.environ.get
        self._endpoint = endpoint or variables("OTEL_EXPORTER_JAEGER_ENDPOINT") or "http://localhost:14268"
        self._user = variables("OTEL_EXPORTER_JAEGER_USER", "") if user is None else user
        self._password = variables("OTEL_EXPORTER_JAEGER_PASSWORD", "") if password is None else password
        self._senders: dict[Any, HttpSender] = {}

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        by_resource: dict[Any, list[Any]] = {}
        for span in spans:
            by_resource.setdefault(span.resource, []).append(_as_ours(span))
        try:
            for resource, group in by_resource.items():
                self._sender_of(resource)(group, _TIMEOUT_S)
        except SendError as error:
            _log.warning("%d spans are lost: %s", len(spans), error)
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        for sender in self._senders.values():
            sender.close()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return True

    def _sender_of(self, resource: Any) -> HttpSender:
        sender = self._senders.get(resource)
        if sender is None:
            ours = Resource(dict(resource.attributes))
            sender = thrift_sender(self._endpoint, ours, user=self._user, password=self._password)
            self._senders[resource] = sender
        return sender


def _as_ours(span: ReadableSpan) -> Any:
    """What the encoder reads of a span."""
    context = span.get_span_context()
    assert context is not None
    scope: Any = span.instrumentation_scope
    return SimpleNamespace(
        trace_id=context.trace_id,
        span_id=context.span_id,
        parent_span_id=span.parent.span_id if span.parent else 0,
        flags=int(context.trace_flags),
        trace_state=context.trace_state,
        name=span.name,
        kind=span.kind,
        start_time=span.start_time or 0,
        end_time=span.end_time or 0,
        attributes=dict(span.attributes or {}),
        events=[Event(event.name, event.timestamp, dict(event.attributes or {}), 0) for event in span.events],
        links=[RecordedLink(link.context, dict(link.attributes or {}), 0) for link in span.links],
        status_code=span.status.status_code.value,
        status_message=span.status.description or "",
        tracer=SimpleNamespace(name=scope.name if scope else "", version=(scope.version or "") if scope else ""),
        dropped_attributes=span.dropped_attributes,
        dropped_events=span.dropped_events,
        dropped_links=span.dropped_links,
    )
