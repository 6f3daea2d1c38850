"""OpenTracing's old basic headers: `ot-tracer-traceid`, `ot-tracer-spanid`, `ot-tracer-sampled`, `ot-baggage-*`.

Its trace ids have 64 bits: the lower ones of ours leave, so that a trace that crosses such a service is found by them.
"""

from __future__ import annotations

from opentelemetry.context import Context

from lymer_sdk.propagation.base import Propagator, baggage_of, hex_id, outgoing, with_baggage
from lymer_sdk.propagation.carriers import Headers, Put
from lymer_sdk.remote_parent import with_parent

_STATES = {"true": True, "1": True, "false": False, "0": False}
_BAGGAGE = "ot-baggage-"


class OtTrace(Propagator):
    """Reads ids of 64 and 128 bits, writes 64."""

    def read(self, headers: Headers, context: Context) -> Context:
        trace_id = hex_id(headers.first("ot-tracer-traceid"), 32)
        span_id = hex_id(headers.first("ot-tracer-spanid"), 16)
        if not trace_id or not span_id:
            return context
        sampled = _STATES.get(headers.first("ot-tracer-sampled").lower())
        context = with_baggage(context, {key: value for key, value in headers.with_prefix(_BAGGAGE).items() if key})
        return with_parent(context, trace_id, span_id, sampled=sampled)

    def write(self, put: Put, context: Context) -> None:
        span = outgoing(context)
        if span is None:
            return
        put("ot-tracer-traceid", f"{span.trace_id & 0xFFFF_FFFF_FFFF_FFFF:016x}")
        put("ot-tracer-spanid", f"{span.span_id:016x}")
        put("ot-tracer-sampled", "true" if span.sampled else "false")
        for key, value in baggage_of(context).items():
            put(_BAGGAGE + key, str(value))

    @property
    def fields(self) -> set[str]:
        return {"ot-tracer-traceid", "ot-tracer-spanid", "ot-tracer-sampled"}
