"""Demo traffic by a click: only where spans can come in, only into an empty store, only once at a time."""

from __future__ import annotations

import asyncio
import os
import sys

import httpx
import pytest

from lymer.api.server import build_api
from lymer.conformance.spans import batch, span
from lymer.query.service import QueryService
from lymer.storage.memory import MemoryStore

DEMO = "/api/lymer/v1/demo"


@pytest.fixture
async def store():
    store = MemoryStore()
    await store.start()
    yield store
    await store.close()


def client(store, command):
    app = build_api(QueryService(store), demo=lambda: command)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lymer")


async def test_it_runs_once_at_a_time(store, tmp_path):
    pipe = tmp_path / "end"
    os.mkfifo(pipe)
    async with client(store, [sys.executable, "-c", f"open({str(pipe)!r}).read()"]) as http:
        assert (await http.get(DEMO)).json() == {"isAvailable": True, "isRunning": False}
        assert (await http.post(DEMO)).status_code == 202
        assert (await http.get(DEMO)).json() == {"isAvailable": True, "isRunning": True}
        assert (await http.post(DEMO)).status_code == 409
        await asyncio.to_thread(pipe.write_text, "")  # Now it ends.
        while (await http.get(DEMO)).json()["isRunning"]:
            await asyncio.sleep(0)


async def test_it_ends_with_the_server(store, tmp_path):
    pipe = tmp_path / "end"
    os.mkfifo(pipe)
    script = f"import os, signal; open({str(pipe)!r}, 'w').write(str(os.getpid())); signal.pause()"
    async with client(store, [sys.executable, "-c", script]) as http:
        assert (await http.post(DEMO)).status_code == 202
        number = int(await asyncio.to_thread(pipe.read_text))
    [running] = [task for task in asyncio.all_tasks() if "_until_it_ends" in repr(task)]
    running.cancel()  # As the loop does when the server ends.
    await asyncio.gather(running, return_exceptions=True)
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


async def test_a_store_with_spans_gets_none(store):
    await store.write(batch([span(1, 1)]))
    async with client(store, [sys.executable, "-c", ""]) as http:
        assert (await http.get(DEMO)).json() == {"isAvailable": False, "isRunning": False}
        assert (await http.post(DEMO)).status_code == 400


async def test_where_nothing_comes_in_there_is_none(store):
    async with client(store, None) as http:
        assert (await http.get(DEMO)).json()["isAvailable"] is False
        assert (await http.post(DEMO)).status_code == 501
