"""The whole query port over the memory store, with the corpus' spans in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from lymer.api.config import ApiConfig
from lymer.api.server import build_api
from lymer.component.clock import ManualClock
from lymer.query.service import QueryService
from lymer.storage.memory import MemoryStore
from lymer.wire.codecs import decode

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "jaeger_api"
NOW = 1_795_251_660_000_000_000
"""2026-11-21T09:01:00Z."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.start()
    await store.write(decode("otlp_json", (CORPUS / "spans.json").read_bytes()).batch)
    yield store
    await store.close()


@pytest.fixture
async def http(store: MemoryStore, clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    app = build_api(QueryService(store, clock=clock), config=ApiConfig(), clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lymer") as client:
        yield client
