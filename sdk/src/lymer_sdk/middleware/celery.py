"""Celery: a span where a task is sent, and one below it where it runs, retried or failed.

install()  # in the process that sends and in the worker; by signals, so it holds for every application
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from celery import Celery, signals  # type: ignore[import-untyped]
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from lymer_sdk.middleware.patches import Patches
from lymer_sdk.middleware.tracing import LocalSpan, Tracing, attach, begin, current, detach, fail

_tracing = Tracing("celery")
_patches = Patches()
_EMPTY = Context()
_sending: ContextVar[list[LocalSpan] | None] = ContextVar("lymer-sdk-celery-sending", default=None)
_sent: dict[str, LocalSpan] = {}
"""Spans of messages that are published by hand: no `send_task` ends them."""
_running: dict[str, tuple[LocalSpan, Any]] = {}
_KEPT_MAX = 10_000


def install() -> None:
    """Trace the tasks that are sent and run from now on."""
    _patches.put(Celery, "send_task", _traced)
    for signal, receiver in _receivers():
        signal.connect(receiver, weak=False, dispatch_uid=receiver.__name__)


def uninstall() -> None:
    """As it was before."""
    _patches.remove()
    for signal, receiver in _receivers():
        signal.disconnect(receiver, dispatch_uid=receiver.__name__)


def _receivers() -> tuple[tuple[Any, Any], ...]:
    return (
        (signals.before_task_publish, _before_publish),
        (signals.after_task_publish, _after_publish),
        (signals.task_prerun, _before_run),
        (signals.task_failure, _failed),
        (signals.task_retry, _retried),
        (signals.task_postrun, _after_run),
    )


def _traced(original: Any) -> Any:
    """No signal tells that a message could not be sent; and the broker's own spans are below the sender's."""

    def send_task(self: Any, *args: Any, **kwargs: Any) -> Any:
        spans: list[LocalSpan] = []
        mark, token = _sending.set(spans), attach(current())
        try:
            return original(self, *args, **kwargs)
        except Exception as error:
            for span in spans:
                fail(span, error)
            raise
        finally:
            detach(token)
            _sending.reset(mark)
            for span in spans:
                span.end()

    return send_task


def _before_publish(headers: dict[str, Any], body: Any, routing_key: str = "", **_: Any) -> None:
    task_id, name = headers.get("id", ""), headers.get("task", "")
    attributes = _attributes("send", name, task_id, routing_key)
    span, inside = begin(_tracing.refresh(), current(), f"send {name}", SpanKind.PRODUCER, attributes)
    _tracing.propagator.inject(headers, inside)
    spans = _sending.get()
    if spans is not None:
        spans.append(span)
        attach(inside)  # until send_task ends
    elif len(_sent) < _KEPT_MAX:
        _sent[task_id] = span


def _after_publish(headers: dict[str, Any], **_: Any) -> None:
    span = _sent.pop(headers.get("id", ""), None)
    if span is not None:
        span.end()


def _before_run(task_id: str, task: Any, **_: Any) -> None:
    tracer = _tracing.refresh()
    request = task.request
    carrier = {name: value for name, value in _headers(request).items() if isinstance(value, str | bytes)}
    context = current() if request.is_eager else _tracing.propagator.extract(carrier, _EMPTY)
    queue = (request.delivery_info or {}).get("routing_key") or ""
    attributes = _attributes("process", task.name, task_id, queue)
    attributes["celery.task.retries"] = request.retries or 0
    span, inside = begin(tracer, context, f"process {task.name}", SpanKind.CONSUMER, attributes)
    _running[task_id] = span, attach(inside)


def _failed(task_id: str, exception: BaseException, **_: Any) -> None:
    if task_id in _running:
        fail(_running[task_id][0], exception)


def _retried(request: Any, reason: Any, **_: Any) -> None:
    if request.id in _running:
        _running[request.id][0].add_event("retry", {"reason": str(reason)})


def _after_run(task_id: str, state: str = "", **_: Any) -> None:
    span, token = _running.pop(task_id, (None, None))
    if span is not None:
        detach(token)
        span.set_attribute("celery.task.state", state or "")
        span.end()


def _headers(request: Any) -> dict[str, Any]:
    """The message's headers: celery puts them on the request itself, or below `headers`."""
    names = _tracing.propagator.fields
    own = {name: getattr(request, name, None) for name in names}
    return {**{name: value for name, value in own.items() if value}, **(request.headers or {})}


def _attributes(operation: str, name: str, task_id: str, queue: str) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "messaging.system": "celery",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.message.id": task_id,
        "celery.task.name": name,
    }
    if queue:
        attributes["messaging.destination.name"] = queue
    return attributes
