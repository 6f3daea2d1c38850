"""Kafka's middleware over producers that keep what they are given; `examples/` has it against a real Kafka."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import lymer_sdk as lymer
import pytest
from lymer_sdk.middleware import KafkaProducer, process_batch, process_message
from opentelemetry.trace import SpanKind, StatusCode


class Confluent:
    """As confluent-kafka's: `produce`; messages have methods."""

    def __init__(self):
        self.sent = []

    def produce(self, topic, value=None, key=None, headers=None):
        self.sent.append(
            SimpleNamespace(
                topic=lambda: topic,
                key=lambda: key,
                headers=lambda: headers,
                partition=lambda: 0,
                offset=lambda: len(self.sent),
            )
        )

    def flush(self):
        return 0

    def __len__(self):
        return len(self.sent)


class Python:
    """As kafka-python's: `send`; messages have attributes."""

    def __init__(self):
        self.sent = []

    def send(self, topic, value=None, key=None, headers=None):
        self.sent.append(SimpleNamespace(topic=topic, key=key, headers=headers, partition=0, offset=1))


class Async(Python):
    """As aiokafka's."""

    async def send_and_wait(self, topic, value=None, key=None, headers=None):
        super().send(topic, value, key, headers)


def sent_by(kind, **more):
    own = kind()
    producer = KafkaProducer(own)
    if kind is Confluent:
        producer.produce("orders", b"1", key=b"k", **more)
        assert (producer.flush(), len(producer)) == (0, 1)
    elif kind is Python:
        producer.send("orders", b"1", key="k", **more)
    else:
        asyncio.run(producer.send_and_wait("orders", b"1", key=b"k", **more))
    return own.sent[0]


@pytest.mark.parametrize("kind", [Confluent, Python, Async])
def test_a_message_carries_the_span_that_sent_it_to_its_handler(spans, kind):
    with lymer.get_tracer().span("page") as page:
        page.baggage["tenant_id"] = "blue"
        message = sent_by(kind, headers=[("own", b"x"), ("traceparent", b"old")])
    with process_message(message, group="billing") as handling:
        assert lymer.current_span() is handling
        assert lymer.baggage("tenant_id") == "blue"
    sent, _, handled = spans
    assert (sent.name, sent.kind, sent.parent_span_id) == ("send orders", SpanKind.PRODUCER, page.span_id)
    assert (handled.name, handled.kind, handled.parent_span_id) == ("process orders", SpanKind.CONSUMER, sent.span_id)
    headers = message.headers() if callable(message.headers) else message.headers
    assert [name for name, _ in headers].count("traceparent") == 1
    assert dict(headers)["own"] == b"x"
    assert all(isinstance(value, bytes) for _, value in headers)
    assert handled.attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "orders",
        "messaging.consumer.group.name": "billing",
        "messaging.kafka.message.key": "k",
        "messaging.destination.partition.id": "0",
        "messaging.kafka.offset": 1,
    }


def test_a_batch_is_a_trace_of_its_own_with_links(spans):
    messages = [sent_by(Python), sent_by(Confluent), SimpleNamespace(topic="orders", headers=None)]
    with process_batch(messages):
        pass
    first, second, batch = spans
    assert batch.parent_span_id == 0
    assert [link.context.span_id for link in batch.links] == [first.span_id, second.span_id]
    assert batch.attributes["messaging.batch.message_count"] == 3


def test_a_handler_that_fails_is_recorded(spans):
    with pytest.raises(RuntimeError), process_message(sent_by(Python)):
        raise RuntimeError("broken")
    assert spans[1].status_code == StatusCode.ERROR.value


def test_a_producer_that_refuses_is_recorded(spans):
    class Full:
        def produce(self, topic, **kwargs):
            raise BufferError("queue full")

    with pytest.raises(BufferError):
        KafkaProducer(Full()).produce("orders")
    assert spans[0].attributes["error.type"] == "BufferError"
