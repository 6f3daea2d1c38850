"""Zipkin's reporters, unmodified, at a door whose store cannot take spans now: they know what is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lymer.component.clock import SystemClock
from lymer.component.errors import OverloadedError, PermanentError, UnavailableError
from lymer.component.events import Events
from lymer.conformance.receiver.sink import ObedientSink
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.zipkin import ZipkinConfig, ZipkinReceiver

CLIENTS = Path(__file__).parent / "clients"
TROUBLE = [OverloadedError("full", retry_after_s=2.0), UnavailableError("disk full", retry_after_s=0.5)]


@pytest.fixture
def sink() -> ObedientSink:
    return ObedientSink()


@pytest.fixture
async def url(sink: ObedientSink) -> AsyncIterator[str]:
    clock = SystemClock()
    receiver = ZipkinReceiver(
        ZipkinConfig(), sink, in_flight=InFlight(64 << 20), events=Events(clock=clock), clock=clock,
        host="127.0.0.1", port=0,
    )  # fmt: skip
    await receiver.start()
    yield receiver.endpoint.address
    await receiver.close()


@pytest.mark.parametrize("error", [*TROUBLE, PermanentError("never")], ids=["overloaded", "unavailable", "refused"])
async def test_brave_knows_that_what_was_refused_is_lost(
    sink: ObedientSink, url: str, cache: Path, error: Exception
) -> None:
    sink.fail_with(error)
    assert await _brave(cache, url) == "2 2"
    assert not sink.taken
    sink.fail_with(None)
    assert await _brave(cache, url) == "2 0"
    assert len(sink.taken) == 2


@pytest.mark.parametrize("error", TROUBLE, ids=["overloaded", "unavailable"])
async def test_zipkin_js_is_told_503(sink: ObedientSink, url: str, cache: Path, error: Exception) -> None:
    sink.fail_with(error)
    code, said = await _zipkin_js(cache, url)
    assert code != 0
    assert "status:503" in said.replace(" ", "")
    sink.fail_with(None)
    assert (await _zipkin_js(cache, url))[0] == 0
    assert len(sink.taken) == 2


async def _brave(cache: Path, url: str) -> str:
    classes = f"{cache / 'java-otel' / 'classes'}:{cache / 'java-otel' / 'jars'}/*"
    code, said = await _run("java", "-XX:TieredStopAtLevel=1", "-cp", classes, "OtelClient", "brave-counts", url)
    assert code == 0, said
    return said.strip().splitlines()[-1]


async def _zipkin_js(cache: Path, url: str) -> tuple[int, str]:
    script = cache / "node" / "node_trace.mjs"  # Node looks for packages beside the script.
    script.write_bytes((CLIENTS / script.name).read_bytes())
    return await _run("node", str(script), "zipkin-js", url)


async def _run(*command: str) -> tuple[int, str]:
    """Its exit code and everything that it said."""
    pipe, together = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=together)
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode()
