"""How one Lymer asks another one's store: `lymer.storage.v1`, a service of our own beside Jaeger's on the same port.

It says what `jaeger.storage.v2` cannot: exact totals, cursors, orders, predicates, attribute keys and values,
percentiles of the service graph, tenants, the archive, budgets. A question is a JSON object, an answer is JSON or an
Arrow IPC stream (docs/specs/remote-store.md). Both sides use this module. Not here: sockets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pyarrow as pa

from lymer.component.errors import BadQueryError, DecodeError
from lymer.model.batch import SpanBatch
from lymer.model.schema import SPAN_SCHEMA
from lymer.model.search import EVERYTHING, Order, Predicate, Scope, TimeRange, TraceSearch
from lymer.model.trace import Operation, TracePage
from lymer.wire.codecs import decode
from lymer.wire.predicate_json import encode_predicate, read_predicate

SERVICE: Final = "lymer.storage.v1.Store"

TENANT_KEY: Final = "lymer-tenant-bin"
ARCHIVE_KEY: Final = "lymer-archive"
FORMAT_KEY: Final = "lymer-format"
"""Metadata of a write: whose spans, for the archive or not, and the format of the message's bytes."""
ERROR_KEY: Final = "lymer-error"
RETRY_KEY: Final = "lymer-retry-after-s"
"""Metadata of a refusal: the class of the error, and after how long it may have passed."""

ARROW: Final = "arrow"
"""Format of a write that knows no payload: an Arrow IPC stream of THE schema."""

PIECE_BYTES: Final = 1 << 20
"""An answer comes in messages of this size."""


class Question(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What every method takes; a method looks at what it knows."""

    tenant: str = "default"
    archive: bool = False
    time_s: float = 30.0
    """How long the asker will wait, and how much memory it grants."""
    memory_bytes_max: int = 256 << 20
    start: int = TimeRange().start
    end: int = TimeRange().end
    where: Any = None
    order: Order = Order.NEWEST
    limit: int = 20
    cursor: str | None = None
    with_total: bool = False
    service: str = ""
    kind: str | None = None
    key: str = ""
    scope: Scope = Scope.ANY
    trace_ids: str = ""
    """Hex, 32 digits each."""

    @property
    def time(self) -> TimeRange:
        """The range that is asked about."""
        return TimeRange(self.start, self.end)

    @property
    def predicate(self) -> Predicate:
        """What must hold. Raises BadQueryError."""
        return EVERYTHING if self.where is None else read_predicate(self.where)

    @property
    def search(self) -> TraceSearch:
        """As a search. Raises BadQueryError."""
        return TraceSearch(
            where=self.predicate,
            time=self.time,
            order=self.order,
            limit=self.limit,
            cursor=self.cursor,
            with_total=self.with_total,
        )

    @property
    def ids(self) -> list[bytes]:
        """The trace ids. Raises BadQueryError."""
        try:
            data = bytes.fromhex(self.trace_ids)
        except ValueError as error:
            raise BadQueryError("trace ids must be hex digits") from error
        return [data[at : at + 16] for at in range(0, len(data), 16)]


def search_question(search: TraceSearch, **general: Any) -> Question:
    """The question that a search is."""
    return Question(
        **general,
        where=encode_predicate(search.where),
        start=search.time.start,
        end=search.time.end,
        order=search.order,
        limit=search.limit,
        cursor=search.cursor,
        with_total=search.with_total,
    )


def encode_question(question: Question) -> bytes:
    """As JSON. Raises BadQueryError for text that cannot be written down."""
    try:
        return msgspec.json.encode(question)
    except (TypeError, ValueError) as error:
        raise BadQueryError(f"the question cannot be written down: {error}") from error


def decode_question(data: bytes) -> Question:
    """From JSON. Raises BadQueryError."""
    try:
        return msgspec.json.decode(data, type=Question)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadQueryError(f"the question: {error}") from error


def encode_write(batch: SpanBatch) -> tuple[str, bytes]:
    """Format and bytes of a write: the payload as it came in, where it is known."""
    if batch.payload is not None:
        return batch.payload.format, batch.payload.data
    return ARROW, _stream([batch.record_batch], SPAN_SCHEMA)


def decode_write(format_name: str, data: bytes) -> SpanBatch:
    """The spans of a write. Raises DecodeError."""
    if format_name != ARROW:
        return decode(format_name, data).batch
    return decode_spans(data)


def encode_spans(batch: SpanBatch) -> bytes:
    """Spans of an answer."""
    return _stream([batch.record_batch], batch.record_batch.schema)


def decode_spans(data: bytes) -> SpanBatch:
    """Spans of an answer. Raises DecodeError."""
    try:
        batches = list(pa.ipc.open_stream(data))
        return SpanBatch.concat([SpanBatch.from_record_batch(batch) for batch in batches])
    except (pa.ArrowException, ValueError, OSError) as error:
        raise DecodeError(f"not spans in Arrow's form: {error}") from error


def encode_table(table: pa.Table) -> bytes:
    """A table of an answer."""
    return _stream(table.to_batches(), table.schema)


def decode_table(data: bytes) -> pa.Table:
    """A table of an answer. Raises DecodeError."""
    try:
        return pa.ipc.open_stream(data).read_all()
    except (pa.ArrowException, ValueError, OSError) as error:
        raise DecodeError(f"not a table in Arrow's form: {error}") from error


def encode_page(page: TracePage) -> bytes:
    """A page of summaries; cursor and total travel as metadata of the schema."""
    about = msgspec.json.encode({"cursor": page.cursor, "total": page.total})
    return encode_table(page.summaries.replace_schema_metadata({"page": about}))


def decode_page(data: bytes) -> TracePage:
    """A page of summaries. Raises DecodeError."""
    table = decode_table(data)
    about = msgspec.json.decode((table.schema.metadata or {}).get(b"page", b"{}"))
    return TracePage(table.replace_schema_metadata(None), cursor=about.get("cursor"), total=about.get("total"))


def encode_operations(operations: list[Operation]) -> bytes:
    """Operations of an answer."""
    return msgspec.json.encode([[one.name, one.kind] for one in operations])


def decode_operations(data: bytes) -> list[Operation]:
    """Operations of an answer."""
    return [Operation(name, kind) for name, kind in msgspec.json.decode(data)]


def pieces(data: bytes) -> Iterator[bytes]:
    """The bytes as messages of a stream; at least one."""
    yield data[:PIECE_BYTES]
    for at in range(PIECE_BYTES, len(data), PIECE_BYTES):
        yield data[at : at + PIECE_BYTES]


def _stream(batches: list[pa.RecordBatch], schema: pa.Schema) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return bytes(sink.getvalue())
