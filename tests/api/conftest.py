"""The whole query port over the memory store, with the corpus' spans in it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from lymer.api.config import ApiConfig
from lymer.api.server import build_api
from lymer.component.clock import ManualClock
from lymer.model.batch import SpanBatch
from lymer.query.service import QueryService
from lymer.storage.memory import MemoryStore
from lymer.wire.codecs import decode

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "jaeger_api"
NOW = 1_795_251_660_000_000_000
"""2026-11-21T09:01:00Z."""


def otlp_batch(request: dict[str, Any]) -> SpanBatch:
    """The spans of OTLP JSON, by way of the official messages."""
    message = json_format.ParseDict(_with_base64_ids(request), ExportTraceServiceRequest())
    decoded = decode("otlp_proto", message.SerializeToString())
    assert not decoded.refused
    return decoded.batch


def _with_base64_ids(value: Any) -> Any:
    if isinstance(value, dict):
        ids = {"traceId", "spanId", "parentSpanId"}
        return {
            key: base64.b64encode(bytes.fromhex(item)).decode() if key in ids else _with_base64_ids(item)
            for key, item in value.items()
        }
    return [_with_base64_ids(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.start()
    await store.write(otlp_batch(json.loads((CORPUS / "spans.json").read_text())))
    yield store
    await store.close()


@pytest.fixture
async def http(store: MemoryStore, clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    app = build_api(QueryService(store, clock=clock), config=ApiConfig(), clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lymer") as client:
        yield client
