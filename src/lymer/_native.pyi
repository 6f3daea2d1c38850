"""What the native core offers. The contract between Rust and Python; a test checks that every name exists.

Everything that works on more than a few rows releases the GIL. Bad input raises ValueError with the reason.
`Buffer` is bytes, bytearray or a memoryview of bytes. Arrow comes and goes through the PyCapsule interface.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview

class ArrowTable:
    """A record batch of any schema, as an answer: `pyarrow.record_batch(it)` takes it without a copy."""

    num_rows: int
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

class Batch:
    """Columns of THE schema."""

    num_rows: int
    nbytes: int
    repaired_rows: list[int]
    """The rows whose text was not UTF-8 when they were decoded here, ascending."""
    @staticmethod
    def from_arrow(source: Any) -> Batch: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

# --- wire: native/python/src/wire.rs over native/decode ------------------------------------------------------------

def decode_otlp_proto(payload: Buffer, *, is_repaired: bool = False) -> tuple[Batch, list[tuple[str, int]]]:
    """Spans of an ExportTraceServiceRequest; and (reason, count) of the spans that were refused.

    `is_repaired` says that text was repaired before it became protobuf.
    """

def otlp_json_to_proto(payload: Buffer) -> tuple[bytes, bool]:
    """OTLP JSON (an ExportTraceServiceRequest or TracesData) as OTLP protobuf; whether its text had to be repaired."""

def encode_otlp_proto(batch: Batch) -> bytes:
    """The batch as TracesData / ExportTraceServiceRequest, grouped by resource and scope in row order."""

def encode_otlp_json(batch: Batch) -> bytes:
    """The same as OTLP JSON: `{"resourceSpans":[...]}`."""

def encode_jaeger_json(batch: Batch, *, pretty: bool = False) -> list[bytes]:
    """Jaeger's v1 UI JSON: one `{"traceID":...}` object for each trace of the batch (rows of a trace stand together).

    A span attribute `@jaeger@warnings` that is an array of strings becomes the span's `warnings` and is no tag
    (`query/adjust.py` writes it, as Jaeger's own adjusters do).
    """

class JaegerPieces:
    """The same of a batch whose rows stand trace by trace, with commas between the traces, piece by piece."""

    def __init__(self, batch: Batch) -> None: ...
    def next(self, span_count: int) -> bytes | None:
        """The text of so many more spans; None at the end. All pieces together are the text of all traces."""

def decode_jaeger_thrift(payload: Buffer) -> tuple[Batch, list[tuple[str, int]]]:
    """Spans of a Jaeger Batch, bare or in a message (`emitBatch`, `emitZipkinBatch`, ...), binary or compact."""

def decode_jaeger_datagrams(
    payload: Buffer,
) -> tuple[Batch, list[tuple[str, int]], list[str], list[tuple[str, int, int, int, int]]]:
    """Spans of datagrams of Jaeger's agent, each behind its length (u32, little end first); for each datagram that is
    no message of the agent, why (of such a one no span is kept); what clients say of themselves: client, number of
    the batch, spans lost by a full queue, as too large, in sending.
    """

def decode_jaeger_proto(payload: Buffer) -> tuple[Batch, list[tuple[str, int]]]:
    """Spans of an api_v2 PostSpansRequest."""

def decode_zipkin_json(payload: Buffer) -> tuple[Batch, list[tuple[str, int]]]:
    """Spans of Zipkin's JSON, version 2: a list."""

def decode_zipkin_v1_json(payload: Buffer) -> tuple[Batch, list[tuple[str, int]]]:
    """Spans of Zipkin's JSON, version 1: a list."""

def decode_zipkin_thrift(payload: Buffer) -> tuple[Batch, list[tuple[str, int]]]:
    """Spans of Zipkin's Thrift, version 1: a bare list in the binary protocol."""

def decode_zipkin_proto(payload: Buffer) -> tuple[Batch, list[tuple[str, int]]]:
    """Spans of Zipkin's protobuf, version 2: a ListOfSpans."""

def encode_jaeger_proto(batch: Batch) -> bytes:
    """The spans as Jaeger's protobuf, each with its process: a SpansResponseChunk, which is a Batch too."""

def encode_zipkin_json(batch: Batch) -> list[bytes]:
    """Zipkin's JSON, version 2: a list of spans for each trace of the batch (rows of a trace stand together)."""

def oddities(
    batch: Batch,
    *,
    name_bytes: int,
    attributes: int,
    attribute_key_bytes: int,
    attribute_value_bytes: int,
    events: int,
    links: int,
    min_start: int,
    max_start: int,
) -> int:
    """What is odd about spans of the batch, as bits (`wire.oddities`); 0 when nothing is."""

def indent_json(data: Buffer) -> bytes:
    """Compact JSON indented by four blanks a level, as Go's MarshalIndent writes it."""

def checksum(data: Buffer) -> int:
    """XXH3-64 of the bytes."""

# --- component: native/python/src/grpc.rs over native/grpc ------------------------------------------------------------

class GrpcConnection:
    """The server's side of a gRPC connection. Acts only when it is called: after every act take the output and events.

    `read` and an event of kind 1 tell what was found: 0 message, 1 compressed message, 2 end, 3 (code, reason) of what
    is no message, 4 nothing yet. Acts on calls that are over do nothing. For one thread.
    """

    def __init__(self, message_bytes_max: int) -> None: ...
    @property
    def is_greeted(self) -> bool:
        """Whether the peer speaks HTTP/2."""
    @property
    def is_closed(self) -> bool:
        """Whether nothing more will come, and nothing go but output that was not taken."""
    @property
    def is_stuck(self) -> bool:
        """Whether input waits until output is taken."""
    @property
    def unread(self) -> int:
        """Bytes of messages that came before `read`."""
    @property
    def call_count(self) -> int:
        """How many calls are not answered, or their answers not sent."""
    @property
    def read_count(self) -> int:
        """How many calls wait for a message."""
    def receive(self, data: bytes) -> None:
        """Bytes from the socket."""
    def output(self) -> bytes:
        """Bytes for the socket: 256 KiB at most, and less only when that is all."""
    def events(self) -> list[tuple[int, int, Any]]:
        """What happened: (kind, call, value). 0 called: (path, timeout in seconds or None); 1 read: what was found;
        2 there is room to send; 3 the peer is gone.
        """
    def read(self, call: int) -> tuple[int, Any]:
        """The next message; with nothing yet, the peer gets room for it, and an event will tell."""
    def metadata(self, call: int) -> list[tuple[str, bytes]]:
        """The caller's, as it stands on the wire."""
    def encoding(self, call: int) -> str | None:
        """What compressed messages of the call are compressed with."""
    def start(self, call: int, metadata: list[tuple[str, bytes]]) -> None:
        """Begin the answer. Raises ValueError for metadata that may not stand in a header, as `finish`."""
    def send(self, call: int, message: bytes) -> bool:
        """One message of the answer; False when an event will tell that there is room for more."""
    def finish(
        self, call: int, message: bytes | None, code: int, details: str, metadata: list[tuple[str, bytes]]
    ) -> None:
        """A last message, and the status."""
    def shut_down(self) -> None:
        """Take no new calls; closed when the last has ended."""
    def abort(self) -> None:
        """Closed as soon as the output is taken."""

# --- store: native/python/src/log.rs over native/store ---------------------------------------------------------------

class LogStage:
    """Memory through which one log file after another is written, in whole blocks. For one thread.

    `disk` makes the two system calls that can fail, `write` and `sync` of `storage.embedded.wal.Disk`; without one they
    are made at once.
    """

    def __init__(self, log_id: bytes, disk: object | None = None) -> None: ...
    def begin(self, head: bytes) -> None:
        """The next group follows these first bytes of another file, fewer than a block."""
    def append(
        self,
        entries: Sequence[tuple[str, Buffer]],
        *,
        written: int,
        synced: int,
        end: int,
        epoch: int,
        position: int,
        previous: int,
    ) -> None:
        """Write a group of records (format, payload) behind the file's first `end` bytes, and sync it.

        `written` and `synced` are descriptors of the file, the first at `position`, `previous` the record before it.
        Raises OSError; then the bytes before `end` are what they were, and the same place may be written again.
        """

# --- store: native/python/src/{buffer,segment}.rs over native/store ---------------------------------------------------
# `where` is a predicate tree as JSON (docs/specs/predicate-json.md). Times are nanoseconds, bounds inclusive.

class View:
    """Spans that can be asked: the open buffer or a sealed segment. All methods may be called from several threads."""

    @property
    def span_count(self) -> int: ...
    @property
    def trace_count(self) -> int: ...
    @property
    def min_start(self) -> int:
        """Start of the earliest span; 0 when empty."""
    @property
    def max_start(self) -> int: ...
    @property
    def max_trace_start(self) -> int:
        """Latest start among traces (a trace starts with its earliest span here)."""
    def trace_ids(self, first: int = 0) -> bytes:
        """The ids of all traces from this number on, 16 bytes each, by number."""
    def find(self, trace_ids: bytes) -> ArrowTable:
        """Which of these ids (16 bytes each) are here: columns `index` u32 (into the ids), `trace` u32."""
    def read(self, traces: list[int]) -> Batch:
        """All spans of these traces (by number), trace after trace, in pre-order."""
    def search(self, plan: str) -> ArrowTable:
        """Matching traces as piece summaries: SUMMARY columns plus `trace` u32.

        `plan` is JSON: docs/specs/predicate-json.md.
        """
    def summaries(self, traces: list[int]) -> ArrowTable:
        """The same columns for these traces."""
    def operations(self) -> ArrowTable:
        """Columns service, name, kind i32, span_count, min_start, max_start."""
    def attribute_keys(self) -> ArrowTable:
        """Columns key, scope, type u8, span_count."""
    def attribute_values(self, key: str, scope: str, min_start: int, max_start: int) -> ArrowTable:
        """Columns value (text), span_count."""
    def graph(self, plan: str) -> GraphPart:
        """Calls of this view: docs/specs/predicate-json.md."""

def search_views(views: list[View], plans: list[str]) -> list[ArrowTable]:
    """`View.search` of each view with its plan, on all cores."""

def graph_views(views: list[View], plans: list[str]) -> list[GraphPart]:
    """`View.graph` of each view with its plan, on all cores."""

class GraphPart:
    """Durations of calls by edge, not yet reduced to percentiles."""

    call_count: int
    nbytes: int

def merge_graph(parts: list[GraphPart]) -> ArrowTable:
    """Of GRAPH_SCHEMA: exact percentiles over all parts."""

class OpenBuffer(View):
    """Spans that are in the log but not in a segment. One writer at a time, any number of readers.

    Numbers of traces stay valid while rows are appended."""

    def __init__(self) -> None: ...
    def append(self, batch: Batch, position: int) -> None:
        """Add the rows of a batch that stands at `position` in the log. Visible to every later read."""
    def append_group(self, batches: list[Batch], position: int) -> list[str | None]:
        """`append` of each, the first at `position`; of each, why it cannot be stored, or None."""
    @property
    def memory_bytes(self) -> int: ...
    @property
    def min_position(self) -> int:
        """Smallest log position that still has a row here; what is before it may be dropped from the log."""
    def traces_idle(self, before_position: int) -> int:
        """How many spans belong to traces whose last row came before this position."""
    def split(self, before_position: int) -> tuple[OpenBuffer, OpenBuffer]:
        """(idle, rest): the traces whose last row came before this position, and the others.

        All are idle when it is 2**63 - 1. The idle ones are then sealed; appending goes on with the rest. This buffer
        stays as it is: readers that hold it lose nothing, and the caller swaps one for two at once. Not concurrently
        with `append`.
        """
    def seal(self, directory: str, segment: str, options: str) -> dict[str, Any]:
        """Write `<segment>.parquet` and `<segment>.idx` (fsynced, idx last) from everything here; returns figures."""

class Segment(View):
    """A sealed segment, mapped."""

    @staticmethod
    def open(directory: str, segment: str, *, verify: bool = False) -> Segment:
        """Map the index and check its hashes, with `verify` those of all columns too. ValueError names the damage."""
    def verify(self) -> list[str]:
        """Damage, one line each; empty when whole."""
    @property
    def bytes_on_disk(self) -> int: ...
    def drop_caches(self) -> None: ...

def merge_segments(
    sources: list[View], drop_trace_ids: bytes, directory: str, segment: str, options: str
) -> dict[str, Any]:
    """One segment of all spans of the sources: traces whole, equal spans one, without the dropped traces."""

def merge_batches(batches: list[Batch]) -> Batch:
    """Pieces as whole traces: equal spans made one, traces in order of first appearance, pre-order inside."""

def structure(batch: Batch) -> ArrowTable:
    """Of the rows that `merge_batches([batch])` gives: columns parent u32 (a row of it, null at the top),
    depth u32, subtree_size u32,
    self_time_nano i64, critical_time_nano i64."""

def summarize(batch: Batch) -> ArrowTable:
    """SUMMARY columns of the whole traces in the batch."""

def trace_skeleton(
    view: View, trace: int, *, adjusted: bool = False, as_json: bool = False, is_buffered: bool = False
) -> bytes:
    """A trace of the view (by number) as columns in pre-order: docs/specs/skeleton.md."""

def trace_rows(view: View, trace: int, rows: list[int]) -> Batch:
    """The spans at these rows (in pre-order) of a trace, in this order; rows that are not there are left out."""

def trace_span_count(view: View, trace: int) -> int:
    """How many spans a trace has; 0 when there is no such trace."""

def trace_find(view: View, trace: int, question: str) -> bytes:
    """The rows of a trace that match: bit `row & 7` of byte `row >> 3`, rows in pre-order.

    `question` is a graph plan with `where`, or `{"terms": [...], "without_keys": [...], "span_ids": [...],
    "time_limit_s": x}`: any term, whatever its case, anywhere in the span; or one of the ids.
    """

class RedPart:
    """Rate, errors and durations of one view, not yet reduced to percentiles."""

    nbytes: int

def red(view: View, plan: str) -> RedPart:
    """Spans by service, name, bucket; a graph plan, `by_operation`, `bucket_start`, `bucket_nano`, `bucket_count`."""

def merge_red(parts: list[RedPart]) -> ArrowTable:
    """Exact figures over all parts: service, operation, bucket i32 (-1: all), call_count, error_count, total_nano,
    p50_nano, p95_nano, p99_nano. Groups by name; buckets without spans are left out."""

def histogram(view: View, plan: str) -> ArrowTable:
    """Matching traces in cells: a search plan with `bucket_start`, `bucket_nano`, `bucket_count`, `duration_edges`.

    Columns time u32, duration u32, trace_count, error_trace_count; cells without traces are left out.
    """

def facets(view: View, plan: str) -> ArrowTable:
    """Matching traces by what they have: a search plan with `facets` (`service`, `operation`, `status`,
    `attribute:<key>`). Columns facet u32 (place in the plan), value, service (of an operation), trace_count,
    error_trace_count. The first row counts all, as facet 2**32 - 1."""

def trace_keys(view: View, trace: int) -> ArrowTable:
    """The keys of a trace's spans and resources, most frequent first: columns scope, key, span_count."""

def trace_column(view: View, trace: int, key: str, scope: str) -> tuple[list[str], bytes]:
    """The values of an attribute as texts, and 32 bits for each row in pre-order: 0, or a text's place plus one."""

def trace_events(view: View, trace: int) -> ArrowTable:
    """All events of a trace by time: columns time (nanoseconds), row (in pre-order), place (in its span)."""

def set_page_cache(bytes_max: int) -> None:
    """Limit of the cache of decoded pages, shared by all segments of the process."""
