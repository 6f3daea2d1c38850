"""Kafka, producer and consumer: the trace in the messages' headers, in the consumer's span, and in its log lines.

python examples/kafka_events/kafka_events.py [BROKER] [confluent|kafka-python|aiokafka]
"""

import asyncio
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import lymer_sdk as lymer
from lymer_sdk.logs import LOG_FORMAT, correlate_logs
from lymer_sdk.middleware import KafkaProducer, process_batch, process_message

GROUP = "billing"
log = logging.getLogger(GROUP)


def send(broker: str, library: str, topic: str, orders: list[dict[str, int]]) -> None:
    """Sends the orders; each library as its users know it."""
    if library == "aiokafka":
        asyncio.run(send_async(broker, topic, orders))
        return
    if library == "confluent":
        from confluent_kafka import Producer

        producer = KafkaProducer(Producer({"bootstrap.servers": broker}))
        for order in orders:
            producer.produce(topic, json.dumps(order).encode(), key=str(order["user"]))
    else:
        from kafka import KafkaProducer as PlainProducer

        producer = KafkaProducer(PlainProducer(bootstrap_servers=broker))
        for order in orders:
            producer.send(topic, json.dumps(order).encode(), key=str(order["user"]).encode())
    producer.flush()


async def send_async(broker: str, topic: str, orders: list[dict[str, int]]) -> None:
    """The same with asyncio."""
    from aiokafka import AIOKafkaProducer

    async with KafkaProducer(AIOKafkaProducer(bootstrap_servers=broker)) as producer:
        for order in orders:
            await producer.send_and_wait(topic, json.dumps(order).encode(), key=str(order["user"]).encode())


def received(broker: str, library: str, topic: str, count: int) -> Iterator[Any]:
    """So many messages."""
    if library == "confluent":
        from confluent_kafka import Consumer

        consumer = Consumer({"bootstrap.servers": broker, "group.id": GROUP, "auto.offset.reset": "earliest"})
        consumer.subscribe([topic])
        while count:
            message = consumer.poll(0.2)
            if message is not None and not message.error():
                count -= 1
                yield message
        consumer.close()
    elif library == "kafka-python":
        from kafka import KafkaConsumer

        plain = KafkaConsumer(topic, bootstrap_servers=broker, group_id=GROUP, auto_offset_reset="earliest")
        for _, message in zip(range(count), plain, strict=False):
            yield message
        plain.close()
    else:
        yield from asyncio.run(received_async(broker, topic, count))


async def received_async(broker: str, topic: str, count: int) -> list[Any]:
    """The same with asyncio."""
    from aiokafka import AIOKafkaConsumer

    settings = {"bootstrap_servers": broker, "group_id": GROUP, "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer(topic, **settings) as consumer:
        return [await consumer.getone() for _ in range(count)]


def bill(broker: str, library: str, topic: str) -> None:
    """The consumer's process: each message in its sender's trace, then all of them in a trace of its own."""
    correlate_logs()
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, stream=sys.stdout)
    tracer = lymer.init("billing")
    messages = []
    for message in received(broker, library, topic, 3):
        messages.append(message)
        with process_message(message, group=GROUP), tracer.span("bill") as span:
            span.tag("tenant", lymer.baggage("tenant_id"))
            log.info("billed")
    with process_batch(messages, group=GROUP) as span:
        print(f"batch {span.trace_id:032x}", flush=True)
    lymer.close()


def main() -> None:
    """Starts the consumer, sends three orders, waits until they are billed."""
    broker, library = (*sys.argv[1:], *("localhost:9092", "confluent")[len(sys.argv) - 1 :])[:2]
    if len(sys.argv) > 3:
        bill(broker, library, sys.argv[3])
        return
    topic = f"order-events-{time.time_ns()}"
    tracer = lymer.init("orders")
    with tracer.span("buy") as span:
        span.baggage["tenant_id"] = "blue"
        send(broker, library, topic, [{"user": user, "amount": 100} for user in (1, 2, 3)])
        print(f"trace {span.trace_id:032x}", flush=True)
    lymer.flush()
    subprocess.run([sys.executable, __file__, broker, library, topic], check=True, timeout=90)
    lymer.close()


if __name__ == "__main__":
    main()
