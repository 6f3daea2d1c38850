"""Events between services: Kafka where there is one (SHOP_KAFKA=host:port), a list of the cache's server where not.

Both carry the trace in their messages' headers.
"""

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any

import redis
from lymer_sdk.middleware import KafkaProducer, process_message
from settings import port

TOPIC = os.environ.get("SHOP_TOPIC", "order-events")
_KAFKA = os.environ.get("SHOP_KAFKA", "")


class _List:
    """A producer over a list, with Kafka's way of calling it."""

    def __init__(self) -> None:
        self._client = _plain_client()

    def produce(self, topic: str, value: bytes, key: str = "", headers: Any = ()) -> None:
        """Append a message."""
        texts = [(name, text.decode()) for name, text in headers]
        self._client.execute_command("RPUSH", topic, json.dumps([key, value.decode(), texts]))

    def flush(self) -> None:
        """Nothing waits."""


def producer(*, traced: bool = True) -> Any:
    """Sends events. One that is not traced loses the context."""
    if _KAFKA:
        import confluent_kafka

        plain: Any = confluent_kafka.Producer({"bootstrap.servers": _KAFKA, "linger.ms": 1})
    else:
        plain = _List()
    return KafkaProducer(plain) if traced else plain


def messages(group: str) -> Iterator[Any]:
    """Messages for ever."""
    yield from _from_kafka(group) if _KAFKA else _from_list()


def handling(message: Any, group: str) -> AbstractContextManager[Any]:
    """The span in which a message is handled."""
    return process_message(message, group=group)


def _from_kafka(group: str) -> Iterator[Any]:
    import confluent_kafka

    settings = {"bootstrap.servers": _KAFKA, "group.id": group, "auto.offset.reset": "earliest"}
    consumer = confluent_kafka.Consumer({**settings, "allow.auto.create.topics": True})
    consumer.subscribe([TOPIC])
    while True:
        message = consumer.poll(0.5)
        if message is not None and message.error() is None:
            yield SimpleNamespace(
                topic=message.topic(),
                key=message.key(),
                value=message.value(),
                headers=message.headers(),
                partition=message.partition(),
                offset=message.offset(),
            )


def _from_list() -> Iterator[Any]:
    client = _plain_client()
    for offset in range(1 << 62):
        found = None
        while found is None:
            found = client.execute_command("BLPOP", TOPIC, 1)
        key, value, headers = json.loads(found[1])
        yield SimpleNamespace(topic=TOPIC, key=key, value=value.encode(), headers=headers, partition=0, offset=offset)


def _plain_client() -> Any:
    """A client without spans: here it is a broker, and no cache."""
    client = redis.Redis(port=port("cache"))
    original = redis.Redis.execute_command
    client.execute_command = getattr(original, "__wrapped__", original).__get__(client)  # type: ignore[method-assign]
    return client
