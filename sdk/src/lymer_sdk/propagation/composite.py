"""Several formats at once, by OpenTelemetry's names: all are written; the first that finds a parent is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opentelemetry.context import Context
from opentelemetry.trace.propagation import _SPAN_KEY

from lymer_sdk.propagation.b3 import B3Multi, B3Single
from lymer_sdk.propagation.baggage import W3CBaggage
from lymer_sdk.propagation.base import Propagator
from lymer_sdk.propagation.carriers import Headers, Put
from lymer_sdk.propagation.jaeger import Jaeger
from lymer_sdk.propagation.ot_trace import OtTrace
from lymer_sdk.propagation.request_id import RequestId
from lymer_sdk.propagation.w3c import TraceContext

DEFAULT = ("tracecontext", "baggage")
NAMES: dict[str, Callable[[], Propagator]] = {
    "tracecontext": TraceContext,
    "w3c": TraceContext,
    "baggage": W3CBaggage,
    "jaeger": Jaeger,
    "b3": B3Single,
    "b3multi": B3Multi,
    "ottrace": OtTrace,
    "x-trace-id": RequestId,
}


class Composite(Propagator):
    """The formats in order of trust."""

    def __init__(self, propagators: Iterable[Propagator]) -> None:
        self.propagators: tuple[Propagator, ...] = tuple(propagators)

    def read(self, headers: Headers, context: Context) -> Context:
        before = context.get(_SPAN_KEY)
        found = False
        names = headers.names
        for propagator in self.propagators:
            if names is not None and propagator.reads is not None and propagator.reads.isdisjoint(names):
                continue
            if found and propagator.carries_span:
                context = propagator.read_beside(headers, context)
            else:
                context = propagator.read(headers, context)
                found = found or context.get(_SPAN_KEY) is not before
        return context

    def write(self, put: Put, context: Context) -> None:
        for propagator in self.propagators:
            propagator.write(put, context)

    @property
    def fields(self) -> set[str]:
        return {field for propagator in self.propagators for field in propagator.fields}


def propagators_named(names: Iterable[str]) -> Composite:
    """The composite of these names, each once; `none` is nothing. Raises ValueError for one that is not known."""
    chosen: dict[str, Propagator] = {}
    for given in names:
        name = given.strip().lower()
        if name == "none" or not name:
            continue
        if name not in NAMES:
            raise ValueError(f"no propagator {given!r}: there are {', '.join(NAMES)}, none")
        made = NAMES[name]()
        chosen.setdefault(type(made).__name__, made)
    return Composite(chosen.values())
