"""Against a real Kafka: three client libraries, and the shop with its events there."""

from __future__ import annotations

import pytest

from examples.tests.kafka import JARS, Kafka


@pytest.fixture(scope="module")
def kafka(tmp_path_factory):
    if not JARS.is_dir():
        pytest.fail(f"{JARS} is not there: run `bash examples/setup.sh` first")
    kafka = Kafka(tmp_path_factory.mktemp("kafka"))
    yield kafka
    kafka.close()


@pytest.mark.parametrize("library", ["confluent", "kafka-python", "aiokafka"])
def test_the_consumers_handler_is_in_the_producers_trace_and_log(kafka, run, trace, library):
    done = run("kafka_events/kafka_events.py", kafka.broker, library)
    trace_id = done.trace_ids[0]
    found = trace(trace_id, 10)
    assert found.services == {"orders", "billing"}
    bills = found.all("bill")
    assert len(bills) == 3
    assert {span.tags["tenant"] for span in bills} == {"blue"}
    for billed in bills:
        names = [name.partition("-")[0] for name in found.way(billed)]
        assert names == ["orders:buy", "orders:send order", "billing:process order", "billing:bill"]
        assert found.parent(billed).tags["messaging.kafka.message.key"] in ("1", "2", "3")
    assert done.output.count(f"[{trace_id} ") == 3
    (batch,) = trace(done.after("batch ")[0], 1).spans
    sent = {span.id for span in found.spans if span.name.startswith("send ")}
    assert (set(batch.links), batch.tags["messaging.batch.message_count"]) == (sent, 3)


def test_the_shops_events_go_by_kafka(kafka, run, trace):
    done = run("shop/run.py", "--orders", "1", "--linger", "6", "--quiet", "--kafka", kafka.broker)
    found = trace(done.trace_ids[0])
    mail = found.one("send-mail")
    assert found.way(mail)[-3:] == [
        "order:send order-events",
        "notification:process order-events",
        "notification:send-mail",
    ]
