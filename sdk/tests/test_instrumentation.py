"""OpenTelemetry's instrumentations on top of this client, and the choice between theirs and ours."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import lymer_sdk as lymer
import pytest
from lymer_sdk import instrumentation, threads


@pytest.mark.slow
def test_the_most_used_instrumentations_run_on_top():
    program = Path(__file__).parent / "programs" / "instrumented.py"
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", str(program)], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout.splitlines()[-1])
    missing = {
        name: scopes
        for name, scopes in found.items()
        if not any(scope.startswith(f"opentelemetry.instrumentation.{name}") for scope in scopes)
    }
    assert missing == {}
    assert len(found) >= 26


@pytest.fixture
def threads_installed():
    threads.install()
    yield
    threads.uninstall()


def test_pools_threads_timers_and_loops_keep_the_parent(lymer_spans, threads_installed):
    found = []

    async def in_loop():
        return await asyncio.get_running_loop().run_in_executor(None, lymer.current_span)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        with lymer.get_tracer().span("parent") as parent:
            assert pool.submit(lymer.current_span).result() is parent
            assert list(pool.map(lambda _: lymer.current_span(), range(2))) == [parent, parent]
            for kind in (threading.Thread, lambda target: threading.Timer(0, target)):
                thread = kind(target=lambda: found.append(lymer.current_span()))
                thread.start()
                thread.join()
            assert asyncio.run(in_loop()) is parent
    assert found == [parent, parent]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_process_pools_hand_the_parent_on(lymer_spans, threads_installed, method):
    import multiprocessing

    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method))
    with lymer.get_tracer().span("parent") as parent, pool:
        headers = pool.submit(lymer.inject, {}).result(30)
    assert headers["traceparent"].split("-")[2] == f"{parent.span_id:016x}"


def test_what_is_uninstalled_is_as_it_was(threads_installed):
    threads.uninstall()
    assert ThreadPoolExecutor.submit.__qualname__ == "ThreadPoolExecutor.submit"


def test_ours_goes_before_theirs_and_that_is_said(caplog):
    caplog.set_level(logging.INFO)
    found = {one.name: one for one in instrumentation.instrument(["threads", "threading", "no-such", "sqlite3"])}
    threads.uninstall()
    assert found["threads"].done
    assert found["sqlite3"].done
    assert found["threading"].said.endswith("is left out, lymer_sdk traces it")
    assert not found["no-such"].done
    assert "no-such: not traced: neither" in caplog.text
    again = instrumentation.instrument(["sqlite3"])
    from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor

    SQLite3Instrumentor().uninstrument()
    assert again == [instrumentation.Instrumented("sqlite3", False, "somebody traced it before")]


def test_another_tracer_in_the_process_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "ddtrace", sys)
    assert [one.name for one in instrumentation.instrument(["no-such"])] == ["ddtrace", "no-such"]


def test_nothing_is_asked_for():
    assert instrumentation.instrument([]) == []


def test_a_variable_leaves_theirs_out(monkeypatch):
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "sqlite3")
    assert "names it" in instrumentation.instrument(["sqlite3"])[0].said
