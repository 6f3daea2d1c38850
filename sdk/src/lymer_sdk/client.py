"""The process's client: `init` makes it and makes it global for OpenTelemetry and OpenTracing; `close` ends it."""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import threading
from collections.abc import Mapping
from types import FrameType
from typing import Any

from opentelemetry import propagate
from opentelemetry import trace as api

from lymer_sdk import logs
from lymer_sdk.choices import ReporterChoice
from lymer_sdk.configuration.build import Built, MakeSampler, build
from lymer_sdk.configuration.resolve import resolve
from lymer_sdk.forked import follow_uwsgi
from lymer_sdk.propagation import Composite, propagators_named
from lymer_sdk.provider import TracerProvider
from lymer_sdk.resource import Resource
from lymer_sdk.sampling import AlwaysOff, Sampler
from lymer_sdk.tracer import Tracer

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_current: Built | None = None
_instrumented: list[str] = []
_idle_tracer = TracerProvider(sampler=AlwaysOff(), resource=Resource({"service.name": "unknown"})).get_tracer("lymer")
_idle_propagator = propagators_named(("tracecontext", "baggage"))


def init(
    service: str | None = None,
    *,
    tags: Mapping[str, Any] | None = None,
    sampler: str | MakeSampler | Sampler | None = None,
    reporter: str | ReporterChoice | None = None,
    propagators: str | tuple[str, ...] | None = None,
    config: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] = os.environ,
    make_global: bool = True,
    flush_on_sigterm: bool = False,
    **settings: Any,
) -> Tracer:
    """Start tracing; returns the tracer. What is not given comes from `config`, the environment, and defaults.

    `config` is a dict of our keys or of jaeger-client's. `settings` are our keys (`interval_s=0.5`). A second call
    changes nothing and says so, until `close`. Raises ValueError that names the setting that is wrong.
    """
    global _current
    with _lock:
        if _current is not None:
            _log.warning("lymer_sdk.init was called before; this call changes nothing")
            return _current.provider.get_tracer("lymer")
        named = {"sampler": sampler, "reporter": reporter}
        code = {"service": service, "tags": tags, "propagators": propagators, **settings}
        code.update((name, given) for name, given in named.items() if isinstance(given, str))
        built = _current = build(
            resolve(code, config, environment),
            environment=environment,
            make_sampler=_made(sampler),
            make_reporters=reporter.makers if isinstance(reporter, ReporterChoice) else (),
        )
    if make_global:
        _make_global(built)
    _follow_logs(built)
    if trouble := follow_uwsgi(flush, _close_quietly):
        _log.warning("%s", trouble)
    _instrument(built, make_global=make_global)
    if flush_on_sigterm:
        _flush_on_sigterm()
    return built.provider.get_tracer("lymer")


def current() -> Built | None:
    """The client, if there is one."""
    return _current


def get_tracer(name: str = "lymer") -> Tracer:
    """A tracer of the client; without one, a tracer that records nothing."""
    return _current.provider.get_tracer(name) if _current else _idle_tracer


def propagator() -> Composite:
    """The client's propagators; without a client, W3C's."""
    return _current.propagator if _current else _idle_propagator


def stats() -> dict[str, Any]:
    """What was started, reported and lost, what waits, and how sampling goes."""
    if _current is None:
        return {}
    spans, size = _current.reporter.fill()
    sampler = _current.provider.sampler
    return {
        **_current.provider.stats.snapshot(),
        "queue_spans": spans,
        "queue_bytes": size,
        "sampler": type(sampler).__name__,
        **({"sampler_error": error} if (error := getattr(sampler, "last_error", "")) else {}),
    }


def settings() -> list[str]:
    """Every setting with its value and source, a line each."""
    return list(_current.settings.described()) if _current else []


def instrumented() -> list[str]:
    """What `instrument` traces, what it left out and why, a line each."""
    return list(_instrumented)


def flush(timeout_s: float | None = None) -> bool:
    """Wait until what has ended is sent; False when the time was too short."""
    return _current.reporter.flush(timeout_s) if _current else True


def close(timeout_s: float | None = None) -> bool:
    """Send what there is within the time and end the client; at the end of the process this happens by itself."""
    global _current
    with _lock:
        built, _current = _current, None
    if built is None:
        return True
    for part in (built.provider.sampler, built.provider.open_spans):
        end = getattr(part, "close", None)
        if end is not None:
            end()
    return built.reporter.close(timeout_s)


def _close_quietly() -> None:
    close()


def _made(sampler: str | MakeSampler | Sampler | None) -> MakeSampler | None:
    if sampler is None or isinstance(sampler, str):
        return None
    if isinstance(sampler, Sampler):
        return lambda service: sampler
    return sampler


def _make_global(built: Built) -> None:
    known = api.get_tracer_provider()
    if isinstance(known, TracerProvider):
        known.hand_over(built.provider)
    else:
        api.set_tracer_provider(built.provider)
    propagate.set_global_textmap(built.propagator)
    if importlib.util.find_spec("opentracing") is not None:
        import opentracing

        from lymer_sdk.opentracing_compat import Tracer as OpenTracingTracer

        opentracing.set_global_tracer(OpenTracingTracer(built.provider.get_tracer("opentracing"), built.propagator))


def _instrument(built: Built, *, make_global: bool) -> None:
    global _instrumented
    _instrumented = []
    if built.settings["instrument"]:
        from lymer_sdk.instrumentation import instrument  # who asks for nothing does not wait for its import

        _instrumented = [str(one) for one in instrument(built.settings["instrument"])]
        known = api.get_tracer_provider()
        if make_global and not isinstance(known, TracerProvider):
            _instrumented.append(f"OpenTelemetry: {type(known).__module__} was global before; its spans go its way")


def _follow_logs(built: Built) -> None:
    logs.correlate_logs()
    if built.settings["log_records"]:
        logs.attach_logs()


def _flush_on_sigterm() -> None:
    """Before the process's own way to end: its handler, or the end by the signal."""
    if threading.current_thread() is not threading.main_thread():
        _log.warning("SIGTERM can be handled by the main thread alone; spans that wait are lost with it")
        return
    before = signal.getsignal(signal.SIGTERM)

    def ended(number: int, frame: FrameType | None) -> None:
        flush()
        if callable(before):
            before(number, frame)
        elif before is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, ended)
