"""Jaeger's headers: `uber-trace-id`, `uberctx-*`, and by hand `jaeger-debug-id` and `jaeger-baggage`.

`{trace-id}:{span-id}:{parent-span-id}:{flags}` in hexadecimal; flags: 1 sampled, 2 debug. The debug flag is set for
debug traces alone: it forces everything below to be kept. https://www.jaegertracing.io/sdk-migration/#propagation-format
"""

from __future__ import annotations

import copy
from urllib.parse import quote, unquote

from opentelemetry.context import Context

from lymer_sdk.propagation.base import Outgoing, Propagator, baggage_of, hex_id, outgoing, with_baggage
from lymer_sdk.propagation.carriers import Headers, Put
from lymer_sdk.remote_parent import RootHints, with_parent, with_root_hints
from lymer_sdk.sampling.rate import Bucket

SAMPLED, DEBUG = 1, 2


class Jaeger(Propagator):
    """Headers' names are Jaeger's unless given. `encoded`: values are percent-encoded (HTTP), or not (text maps).

    With `debug_per_second_max` only so many requests force their trace by a debug id: anybody can send one. The others'
    ids are recorded as well, where the sampler keeps them.
    """

    def __init__(
        self,
        *,
        trace_id_header: str = "uber-trace-id",
        baggage_prefix: str = "uberctx-",
        debug_id_header: str = "jaeger-debug-id",
        baggage_header: str = "jaeger-baggage",
        encoded: bool = True,
        debug_per_second_max: float | None = None,
    ) -> None:
        self._trace_id = trace_id_header.lower()
        self._prefix = baggage_prefix.lower()
        self._debug_id = debug_id_header.lower()
        self._baggage = baggage_header.lower()
        self._encoded = encoded
        self._debug_credits = None if debug_per_second_max is None else Bucket(debug_per_second_max)

    def in_plain_text(self) -> Jaeger:
        """The same for text maps: values as they are."""
        made = copy.copy(self)
        made._encoded = False  # noqa: SLF001 (its own class)
        return made

    def read(self, headers: Headers, context: Context) -> Context:
        items = {key: self._decode(value) for key, value in headers.with_prefix(self._prefix).items() if key}
        if by_hand := headers.first(self._baggage):
            items.update(_pairs(by_hand))
        context = with_baggage(context, items)
        found = read_span(unquote(headers.first(self._trace_id)))
        if found is not None:
            trace_id, span_id, flags = found
            debug = bool(flags & DEBUG)
            return with_parent(context, trace_id, span_id, sampled=bool(flags & SAMPLED), debug=debug)
        if debug_id := headers.first(self._debug_id):
            debug = self._debug_credits is None or self._debug_credits.take()
            return with_root_hints(context, RootHints(debug=debug, debug_id=debug_id))
        return context

    def write(self, put: Put, context: Context) -> None:
        span = outgoing(context)
        if span is not None:
            put(self._trace_id, span_text(span))
        for key, value in baggage_of(context).items():
            put(self._prefix + key, self._encode(value))

    @property
    def fields(self) -> set[str]:
        return {self._trace_id}

    def _decode(self, value: str) -> str:
        return unquote(value) if self._encoded else value

    def _encode(self, value: str) -> str:
        return quote(str(value), safe="", errors="replace") if self._encoded else str(value)


def read_span(text: str) -> tuple[int, int, int] | None:
    """Trace id, span id and flags of an `uber-trace-id`; None when it is none. The parent's id means nothing."""
    parts = text.split(":")
    if len(parts) != 4:
        return None
    trace_id, span_id = hex_id(parts[0], 32), hex_id(parts[1], 16)
    if not trace_id or not span_id:
        return None
    try:
        return trace_id, span_id, int(parts[3], 16)
    except ValueError:
        return None


def span_text(span: Outgoing) -> str:
    """A span as `uber-trace-id`; a 64-bit trace id keeps its 16 digits."""
    trace = f"{span.trace_id:032x}" if span.trace_id >> 64 else f"{span.trace_id:016x}"
    return f"{trace}:{span.span_id:016x}:{span.parent_span_id:x}:{jaeger_flags(span):x}"


def jaeger_flags(span: Outgoing) -> int:
    """The flags as Jaeger has them."""
    return (SAMPLED if span.sampled else 0) | (DEBUG if span.debug else 0)


def _pairs(text: str) -> dict[str, str]:
    pairs = (item.partition("=") for item in text.split(","))
    return {key.strip(): value.strip() for key, equals, value in pairs if equals and key.strip()}
