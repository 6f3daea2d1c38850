"""What is traced without a change to the application: our middleware where there is one, else OpenTelemetry's packages.

`auto` takes all that is installed and fits. What was left out, and why, is kept: nothing is traced twice in silence.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_log = logging.getLogger(__name__)
_GROUP = "opentelemetry_instrumentor"
_OTHER_TRACERS = ("ddtrace", "elasticapm", "newrelic", "sentry_sdk.integrations.opentelemetry")
_OUR_NAME = {"aiohttp-client": "aiohttp", "aiohttp-server": "aiohttp", "threading": "threads"}
"""Names of OpenTelemetry's packages for what we call otherwise."""


class Instrumented(NamedTuple):
    """A library, whether it is traced now, and by whom or why not."""

    name: str
    done: bool
    said: str

    def __str__(self) -> str:
        return f"{self.name}: {'traced by' if self.done else 'not traced:'} {self.said}"


def instrument(names: Iterable[str]) -> list[Instrumented]:
    """Trace what is named; `auto` is everything. Nothing raises: a library that cannot be traced is said."""
    wanted = set(names)
    found = list(_other_tracers()) if wanted else []
    every = "auto" in wanted
    ours = [_ours(name) for name in _our_names() if every or name in wanted]
    found += [one for one in ours if one is not None]
    taken = {one.name for one in found if one.done}
    found += _theirs(wanted, every, taken)
    missing = wanted - {"auto"} - {one.name for one in found}
    found += [Instrumented(name, False, "neither it nor a package that traces it is installed") for name in missing]
    for one in found:
        _log.log(logging.INFO if one.done else logging.WARNING, "%s", one)
    return found


def _our_names() -> tuple[str, ...]:
    from lymer_sdk.middleware import INSTALLABLE

    return ("threads", *INSTALLABLE)


def _ours(name: str) -> Instrumented | None:
    if name == "threads":
        module = "lymer_sdk.threads"
    elif importlib.util.find_spec(name) is None:
        return None
    else:
        module = f"lymer_sdk.middleware.{name}"
    try:
        importlib.import_module(module).install()
    except Exception as error:  # a library of another version than ours knows
        return Instrumented(name, False, f"{type(error).__name__}: {error}")
    return Instrumented(name, True, module)


def _theirs(wanted: set[str], every: bool, taken: set[str]) -> Iterator[Instrumented]:
    left_out = {name.strip() for name in os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")}
    for point in sorted(importlib.metadata.entry_points(group=_GROUP), key=lambda point: point.name):
        if not (every or point.name in wanted):
            continue
        if _OUR_NAME.get(point.name, point.name) in taken:
            yield Instrumented(point.name, False, f"{_dist(point)} is left out, lymer_sdk traces it")
        elif point.name in left_out:
            yield Instrumented(point.name, False, "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS names it")
        else:
            yield from _loaded(point, named=point.name in wanted)


def _loaded(point: importlib.metadata.EntryPoint, *, named: bool) -> Iterator[Instrumented]:
    try:
        from opentelemetry.instrumentation.dependencies import get_dist_dependency_conflicts

        conflict = get_dist_dependency_conflicts(point.dist) if point.dist else None
        if conflict is not None:
            if named or getattr(conflict, "found", None):  # else the library is just not there
                yield Instrumented(point.name, False, str(conflict))
            return
        instrumentor: Any = point.load()()
        if instrumentor.is_instrumented_by_opentelemetry:
            yield Instrumented(point.name, False, "somebody traced it before")
            return
        instrumentor.instrument(skip_dep_check=True)
    except Exception as error:
        yield Instrumented(point.name, False, f"{_dist(point)}: {type(error).__name__}: {error}")
        return
    yield Instrumented(point.name, True, _dist(point))


def _dist(point: importlib.metadata.EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _other_tracers() -> Iterator[Instrumented]:
    for name in _OTHER_TRACERS:
        if name in sys.modules:
            yield Instrumented(name, False, "another tracer is loaded in this process; libraries may be traced twice")
