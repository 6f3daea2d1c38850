"""Running a role as a process: event loop, signals, exit codes. A failed start is one line with the cure."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import NoReturn

import msgspec
import uvloop
from prometheus_client import ProcessCollector

from lymer.app.allocator import keep_large_blocks
from lymer.app.composition import Composition
from lymer.app.config import AppConfig
from lymer.app.data_folder import data_folder
from lymer.app.roles import Role
from lymer.component.clock import Clock, SystemClock
from lymer.component.config import MergedSettings
from lymer.component.errors import ConfigError, StartError
from lymer.component.events import Events
from lymer.component.logs import configure_logs

EXIT_START_FAILED = 1
EXIT_BAD_CONFIG = 2
EXIT_SECOND_SIGNAL = 130

ONE_SIGNAL_S = 0.25
"""Signals closer than this are one: `timeout`, `make` and terminals signal a process and then its whole group."""

SHUTDOWN_S = 4.8
"""After so long the process ends, whatever still runs: everything acknowledged is durable already."""


Beside = Callable[[Composition], list[str]]
"""From what runs to the command line of a process that shall run beside it."""


def run(role: Role, config: AppConfig, merged: MergedSettings, *, beside: Beside | None = None) -> int:
    """Start, serve until a signal, stop. Returns the exit code; the caller shall leave with `leave`.

    `beside` runs from readiness to the end.
    """
    configure_logs(config.logs.format, config.logs.level)
    keep_large_blocks()
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # Nothing forks without exec; its handlers only make noise.
    try:
        with data_folder(config) as folder:
            return uvloop.run(_serve(role, msgspec.structs.replace(config, data_dir=folder), merged, beside))
    except ConfigError as error:
        return complain(error, EXIT_BAD_CONFIG)
    except StartError as error:
        return complain(error, EXIT_START_FAILED)


def leave(code: int) -> NoReturn:
    """End the process without waiting for threads that may still be at a question: everything is closed already."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def complain(error: Exception, code: int) -> int:
    """One line on standard error; returns the code."""
    sys.stderr.write(f"lymer: {' '.join(str(error).split())}\n")
    return code


async def _serve(role: Role, config: AppConfig, merged: MergedSettings, beside: Beside | None) -> int:
    clock = SystemClock()
    events = Events(clock=clock)
    ProcessCollector(registry=events.registry)
    for remark in merged.remarks:
        events.warned("setting without effect", what=remark)
    app = Composition(role, config, merged, events=events, clock=clock)
    stop = _stop_on_signal(clock)
    starting = asyncio.create_task(app.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done() and starting.exception() is None:
        gc.freeze()  # What is there now lives as long as the process; looking through it again and again costs time.
        async with _running(beside(app) if beside else []):
            await stopping
    return await _stop(app, starting, events, clock)


@contextlib.asynccontextmanager
async def _running(command: list[str]) -> AsyncIterator[None]:
    """A process beside this one, told to end when the context ends."""
    companion = await asyncio.create_subprocess_exec(*command) if command else None
    yield
    if companion is not None:
        with contextlib.suppress(ProcessLookupError):
            companion.terminate()


async def _stop(app: Composition, starting: asyncio.Task[None], events: Events, clock: Clock) -> int:
    begun_s = clock.monotonic_s()
    watchdog = threading.Timer(SHUTDOWN_S, os._exit, (EXIT_START_FAILED,))
    watchdog.daemon = True
    watchdog.start()
    failure = starting.exception() if starting.done() else None
    if failure is None:
        events.stopping(reason="signal")
    starting.cancel()
    await app.close()
    if failure is not None:
        raise failure
    events.stopped(seconds=clock.monotonic_s() - begun_s)
    return 0


def _stop_on_signal(clock: Clock) -> asyncio.Event:
    """An event that the first SIGTERM or SIGINT sets; the second one ends the process at once."""
    stop = asyncio.Event()
    first_s = 0.0

    def on_signal() -> None:
        nonlocal first_s
        if not stop.is_set():
            first_s = clock.monotonic_s()
            stop.set()
        elif clock.monotonic_s() - first_s > ONE_SIGNAL_S:
            os._exit(EXIT_SECOND_SIGNAL)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    return stop
