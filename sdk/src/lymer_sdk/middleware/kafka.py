"""Kafka: the trace in the headers of messages, and the handler inside the consumer's span.

For confluent-kafka, kafka-python and aiokafka alike; none of them is imported.

producer = KafkaProducer(confluent_kafka.Producer(...))     # or kafka.KafkaProducer, aiokafka.AIOKafkaProducer
producer.produce("orders", b"...")                          # or send, send_and_wait
with process_message(message): handle(message)
with process_batch(messages): handle_all(messages)          # a trace of its own, with a link to each message's
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Any, Self

from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace.propagation import _SPAN_KEY

from lymer_sdk.middleware.tracing import LocalSpan, Tracing, attach, begin, current, detach, fail

_tracing = Tracing("kafka")
_EMPTY = Context()
_SENDING = frozenset(("produce", "send", "send_and_wait"))


class KafkaProducer:
    """A producer whose messages carry the trace; all else is the producer's own."""

    def __init__(self, producer: Any) -> None:
        self._producer = producer

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._producer, name)
        return self._traced(found) if name in _SENDING else found

    def __len__(self) -> int:
        return len(self._producer)

    async def __aenter__(self) -> Self:
        await self._producer.__aenter__()
        return self

    async def __aexit__(self, *given: object) -> None:
        await self._producer.__aexit__(*given)

    def _traced(self, method: Any) -> Any:
        def send(topic: str, *args: Any, **kwargs: Any) -> Any:
            return _send(method, topic, args, kwargs)

        async def send_async(topic: str, *args: Any, **kwargs: Any) -> Any:
            with _Sending(topic, args, kwargs):
                return await method(topic, *args, **kwargs)

        return send_async if inspect.iscoroutinefunction(method) else send


def _send(method: Any, topic: str, args: Any, kwargs: dict[str, Any]) -> Any:
    with _Sending(topic, args, kwargs):
        return method(topic, *args, **kwargs)


class _Sending:
    """One message on its way: the span, current meanwhile, and its headers among the message's."""

    __slots__ = ("_span", "_token")

    def __init__(self, topic: str, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        tracer = _tracing.refresh()
        key = kwargs.get("key", args[1] if len(args) > 1 else None)
        attributes = _attributes("send", topic)
        _put_key(attributes, key)
        if isinstance(kwargs.get("partition"), int):
            attributes["messaging.destination.partition.id"] = str(kwargs["partition"])
        self._span: LocalSpan
        self._span, inside = begin(tracer, current(), f"send {topic}", SpanKind.PRODUCER, attributes)
        headers = kwargs.get("headers")
        pairs = list(headers.items() if isinstance(headers, dict) else headers or ())
        ours: dict[str, str] = {}
        _tracing.propagator.inject(ours, inside)
        kept = [pair for pair in pairs if pair[0] not in ours]
        kwargs["headers"] = [*kept, *((name, value.encode()) for name, value in ours.items())]
        self._token = attach(inside)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, exception: BaseException | None, trace: object) -> None:
        detach(self._token)
        if exception is not None:
            fail(self._span, exception)
        self._span.end()


class Processing:
    """The handling of messages: `with` makes its span the current one, and ends it."""

    __slots__ = ("_begun", "_context", "_token")

    def __init__(self, name: str, context: Context, attributes: dict[str, Any], links: list[Link] | None) -> None:
        self._begun = name, context, attributes, links

    def __enter__(self) -> LocalSpan:
        name, context, attributes, links = self._begun
        span, self._context = begin(_tracing.refresh(), context, name, SpanKind.CONSUMER, attributes, links)
        self._token = attach(self._context)
        return span

    def __exit__(self, kind: object, exception: BaseException | None, trace: object) -> None:
        detach(self._token)
        span: Any = self._context[_SPAN_KEY]
        if exception is not None:
            fail(span, exception)
        span.end()


def process_message(message: Any, *, group: str | None = None) -> Processing:
    """The handling of one message, below the span that sent it. `group` is the consumer's group."""
    _tracing.refresh()
    topic = _said(message, "topic")
    attributes = _attributes("process", topic, group)
    _put_key(attributes, _said(message, "key"))
    attributes["messaging.destination.partition.id"] = str(_said(message, "partition"))
    offset = _said(message, "offset")
    if isinstance(offset, int):
        attributes["messaging.kafka.offset"] = offset
    return Processing(f"process {topic}", _sent(message), attributes, None)


def process_batch(messages: Iterable[Any], *, group: str | None = None) -> Processing:
    """The handling of several messages at once: a trace of its own, linked to the span of each that was sent."""
    _tracing.refresh()
    batch = list(messages)
    topics = sorted({str(_said(message, "topic")) for message in batch})
    attributes = _attributes("process", ",".join(topics), group)
    attributes["messaging.batch.message_count"] = len(batch)
    spans = [_sent(message).get(_SPAN_KEY) for message in batch]
    links = [Link(span.get_span_context()) for span in spans if isinstance(span, ApiSpan)]
    return Processing(f"process {','.join(topics)}", _EMPTY, attributes, links)


def _attributes(operation: str, topic: Any, group: str | None = None) -> dict[str, Any]:
    attributes = {
        "messaging.system": "kafka",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": topic,
    }
    if group:
        attributes["messaging.consumer.group.name"] = group
    return attributes


def _put_key(attributes: dict[str, Any], key: Any) -> None:
    if key is not None:
        attributes["messaging.kafka.message.key"] = (
            key.decode("utf-8", "replace") if isinstance(key, bytes | bytearray) else str(key)
        )


def _said(message: Any, name: str) -> Any:
    """confluent-kafka's messages have methods, the others' attributes."""
    found = getattr(message, name)
    return found() if callable(found) else found


def _sent(message: Any) -> Context:
    """The context of whoever sent the message."""
    headers = [(name, value) for name, value in _said(message, "headers") or () if value is not None]
    return _tracing.propagator.extract(headers, _EMPTY)
