"""Data that an older Lymer has written opens for ever: corpus/store has a folder of each format.

`first.tar.gz` was written at commit d46caceb, before indexes listed the rows of operations. It has three segments,
split traces among them, a log that was not sealed, an archive, and a trace was deleted; `spans.otlp` is what was sent.
"""

from __future__ import annotations

import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lymer.component.clock import SystemClock
from lymer.conformance.spans import trace_id
from lymer.model.search import And, AnySpan, Attribute, Compare, Op, Order, Predicate, SpanField, TraceSearch
from lymer.storage.base import Budget
from lymer.storage.embedded.store import EmbeddedStore
from lymer.storage.memory import MemoryStore
from lymer.storage.memory.rows import to_rows
from lymer.wire.codecs import decode

CORPUS = Path(__file__).parents[3] / "corpus" / "store"
SETTINGS = {"background": False, "retention": {"age": 0}, "disk_free_bytes_min": 0, "reserve_bytes": 0}


def equals(field: SpanField | Attribute, value: str | int) -> Predicate:
    return Compare(field, Op.EQ, value)


QUESTIONS = [
    TraceSearch(limit=1000, with_total=True),
    *(TraceSearch(order=order, limit=7, with_total=True) for order in Order),
    *(
        TraceSearch(AnySpan(where), limit=9, with_total=True)
        for where in (
            equals(SpanField.SERVICE, "cart"),
            And((equals(SpanField.SERVICE, "shop"), equals(SpanField.NAME, "SELECT"))),
            And((equals(SpanField.NAME, "GET /"), Compare(SpanField.DURATION, Op.GE, 5_000))),
            equals(SpanField.STATUS, "error"),
            equals(Attribute("text"), "b"),
            equals(Attribute("unique"), "25/4"),
            equals(Attribute("unique"), "nobody"),
            equals(Attribute("int"), 61),
            equals(Attribute("host.name"), "host-2"),
        )
    ),
]


@pytest.fixture(params=sorted(path.name for path in CORPUS.glob("*.tar.gz")))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with tarfile.open(CORPUS / request.param) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[EmbeddedStore]:
    store = EmbeddedStore.from_config(SETTINGS, data_dir=folder, clock=SystemClock())
    await store.start()
    yield store
    await store.close()


@pytest.fixture
async def oracle(folder: Path) -> MemoryStore:
    oracle = MemoryStore()
    await oracle.start()
    await oracle.write(decode("otlp_proto", (folder / "spans.otlp").read_bytes()).batch)
    return oracle


async def same_answers(store: EmbeddedStore, oracle: MemoryStore) -> None:
    for search in QUESTIONS:
        found, expected = [await one.find_traces(search, Budget()) for one in (store, oracle)]
        assert found.summaries.to_pylist() == expected.summaries.to_pylist(), search
        assert found.total == expected.total
    ids = [trace_id(number) for number in range(1, 70)]
    spans = [to_rows(await one.get_traces(ids, Budget())) for one in (store, oracle)]
    assert spans[0] == spans[1]
    for answers in zip(*[await _counts(one) for one in (store, oracle)], strict=True):
        assert answers[0] == answers[1]


async def _counts(store: EmbeddedStore | MemoryStore) -> list[object]:
    graph = await store.service_graph(Budget())
    values = await store.attribute_values("text", Budget())
    keys = await store.attribute_keys(Budget())
    operations = [await store.operations(service, Budget()) for service in await store.services(Budget())]
    return [graph.to_pylist(), values.to_pylist(), keys.to_pylist(), operations]


async def test_it_answers_as_if_it_were_new(store: EmbeddedStore, oracle: MemoryStore) -> None:
    assert store.damages == []
    await same_answers(store, oracle)
    archive = store.archive()
    assert archive is not None
    assert len(await archive.get_traces([trace_id(3)], Budget())) == 9


async def test_it_goes_on_in_it(store: EmbeddedStore, oracle: MemoryStore) -> None:
    assert await store.seal()
    await same_answers(store, oracle)
    assert await store.compact() > 1
    await same_answers(store, oracle)
