"""What came from another process: a parent span, or hints for a trace that begins here.

They travel in an OpenTelemetry context: the parent as its current span, the hints under a key of our own.
"""

from __future__ import annotations

from typing import NamedTuple

from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState
from opentelemetry.trace.propagation import _SPAN_KEY

NO_STATE = TraceState()
"""The one that is known to be empty."""
ROOT_HINTS_KEY = "lymer-root-hints"


class RemoteParent(NonRecordingSpan):
    """The caller's span. `debug`: keep this trace whatever happens; `undecided`: the caller left sampling to us.

    Its context is made when somebody asks: our own spans start below it without.
    """

    def __init__(
        self, trace_id: int, span_id: int, flags: int, trace_state: TraceState, *, debug: bool, undecided: bool
    ) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.flags = flags
        """W3C's: 1 sampled, 2 random trace id."""
        self.trace_state = trace_state
        self.debug = debug
        self.undecided = undecided

    @property
    def _context(self) -> SpanContext:  # type: ignore[override]
        """Where the API's class looks for it."""
        return SpanContext(self.trace_id, self.span_id, True, TraceFlags(self.flags), self.trace_state)


class RootHints(NamedTuple):
    """What the caller asks of a trace although it has no span."""

    trace_id: int = 0
    """0: any."""
    sampled: bool | None = None
    debug: bool = False
    debug_id: str = ""
    """`jaeger-debug-id`: becomes an attribute of the root, by which the trace is found."""
    request_id: str = ""
    """An X-Trace-ID that is no trace id; becomes an attribute and is handed on as it is."""


def with_parent(
    context: Context,
    trace_id: int,
    span_id: int,
    *,
    sampled: bool | None,
    debug: bool = False,
    random: bool = False,
    trace_state: TraceState = NO_STATE,
) -> Context:
    """The context below this remote span; `sampled` of None leaves the decision to this process."""
    flags = (1 if sampled or debug else 0) | (2 if random else 0)
    undecided = sampled is None and not debug
    parent = RemoteParent(trace_id, span_id, flags, trace_state, debug=debug, undecided=undecided)
    return Context({**context, _SPAN_KEY: parent})


def with_root_hints(context: Context, hints: RootHints) -> Context:
    """The context in which the next root follows the hints; what they leave open stays as it was hinted before."""
    known = context.get(ROOT_HINTS_KEY)
    if isinstance(known, RootHints):
        given = {name: value for name, value in hints._asdict().items() if value not in (0, None, False, "")}
        if hints.sampled is not None:
            given["sampled"] = hints.sampled
        hints = known._replace(**given)
    return Context({**context, ROOT_HINTS_KEY: hints})
