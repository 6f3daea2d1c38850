"""One whole trace that can be asked: its skeleton, some of its spans, where text stands in it.

It stands on a view of the native core: a segment that has the trace, or a buffer made of its spans. Rows are numbered
in pre-order. Methods compute; call them on a thread. Not here: how a store finds the trace.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from lymer import _native
from lymer.component.errors import BadQueryError, BudgetError, UnavailableError
from lymer.model.batch import SpanBatch
from lymer.model.ids import TRACE_ID_BYTES
from lymer.model.search import Predicate, Scope
from lymer.model.trace import SUMMARY_SCHEMA
from lymer.wire.columns import native_columns
from lymer.wire.predicate_json import encode_predicate

_NO_TRACE: Final = "there is no trace"


@dataclass(frozen=True, slots=True)
class Words:
    """What a find box asks for: any of the terms, whatever its case; `span_ids` are 16 hex digits."""

    terms: tuple[str, ...] = ()
    without_keys: tuple[str, ...] = ()
    span_ids: tuple[str, ...] = ()


class TraceView:
    """A trace of a native view, by number."""

    __slots__ = ("_number", "_view", "is_buffered")

    def __init__(self, view: _native.View, number: int, *, is_buffered: bool = False) -> None:
        self._view = view
        self._number = number
        self.is_buffered = is_buffered
        """Whether more spans may follow soon."""

    @classmethod
    def of_batch(cls, batch: SpanBatch, *, is_buffered: bool = False) -> TraceView:
        """The trace whose spans these are; at least one."""
        buffer = _native.OpenBuffer()
        buffer.append(native_columns(batch), 1)
        return cls(buffer, 0, is_buffered=is_buffered)

    @property
    def span_count(self) -> int:
        """How many spans it has."""
        return _native.trace_span_count(self._view, self._number)

    def summary(self) -> pa.Table:
        """Its row of SUMMARY_SCHEMA."""
        table = pa.table(pa.record_batch(self._view.summaries([self._number])))
        return table.select(SUMMARY_SCHEMA.names).cast(SUMMARY_SCHEMA)

    def skeleton(self, *, adjusted: bool = False, as_json: bool = False) -> bytes:
        """The skeleton: docs/specs/skeleton.md."""
        try:
            return _native.trace_skeleton(
                self._view, self._number, adjusted=adjusted, as_json=as_json, is_buffered=self.is_buffered
            )
        except ValueError as error:
            raise _damaged(error) from error

    def spans(self, rows: Sequence[int]) -> SpanBatch:
        """The spans at these rows, in this order; rows that are not there are left out."""
        try:
            return SpanBatch(_native.trace_rows(self._view, self._number, [row for row in rows if 0 <= row < 2**32]))
        except ValueError as error:
            raise _damaged(error) from error

    def keys(self) -> pa.Table:
        """The keys of spans and resources, most frequent first: columns scope, key, span_count."""
        try:
            return pa.table(pa.record_batch(_native.trace_keys(self._view, self._number)))
        except ValueError as error:
            raise _damaged(error) from error

    def column(self, key: str, scope: Scope = Scope.ANY) -> tuple[list[str], bytes]:
        """The texts of an attribute, and 32 bits for each row: 0, or one more than the place of its text."""
        try:
            return _native.trace_column(self._view, self._number, key, scope.value)
        except ValueError as error:
            raise _damaged(error) from error

    def events(self) -> pa.Table:
        """All events by time: columns time (nanoseconds), row, place (in its span)."""
        try:
            return pa.table(pa.record_batch(_native.trace_events(self._view, self._number)))
        except ValueError as error:
            raise _damaged(error) from error

    def find(self, wanted: Words | Predicate, *, time_limit_s: float | None = None) -> bytes:
        """A bitmap of the rows that match: bit `row & 7` of byte `row >> 3`. Raises BadQueryError, BudgetError."""
        question = _question(wanted, time_limit_s)
        try:
            return _native.trace_find(self._view, self._number, question)
        except TimeoutError as error:
            raise BudgetError(f"finding took longer than its budget ({error})") from error
        except ValueError as error:
            if _is_bad(question):
                raise BadQueryError(str(error)) from error
            raise _damaged(error) from error


class TraceBuffer:
    """Spans in memory, whose traces can be asked. Equal spans are one."""

    def __init__(self, batch: SpanBatch) -> None:
        self._buffer = _native.OpenBuffer()
        self._buffer.append(native_columns(batch), 1)
        ids = self._buffer.trace_ids()
        self._numbers = {ids[at : at + TRACE_ID_BYTES]: number for number, at in enumerate(_places(ids))}

    @property
    def span_count(self) -> int:
        """How many spans there are."""
        return self._buffer.span_count

    @property
    def memory_bytes(self) -> int:
        """How much memory they take."""
        return self._buffer.memory_bytes

    def trace(self, trace_id: bytes) -> TraceView | None:
        """A trace by id; None when it is not here."""
        number = self._numbers.get(trace_id)
        return None if number is None else TraceView(self._buffer, number)

    def summaries(self) -> pa.Table:
        """Of SUMMARY_SCHEMA, newest first."""
        table = pa.table(pa.record_batch(self._buffer.summaries(list(self._numbers.values()))))
        ordered = table.sort_by([("start_time_unix_nano", "descending"), ("trace_id", "ascending")])
        return ordered.select(SUMMARY_SCHEMA.names).cast(SUMMARY_SCHEMA)


def _places(ids: bytes) -> range:
    return range(0, len(ids), TRACE_ID_BYTES)


def _question(wanted: Words | Predicate, time_limit_s: float | None) -> str:
    limit = {} if time_limit_s is None else {"time_limit_s": time_limit_s}
    if isinstance(wanted, Words):
        words = {"terms": wanted.terms, "without_keys": wanted.without_keys, "span_ids": wanted.span_ids}
        return json.dumps(words | limit)
    return json.dumps({"where": encode_predicate(wanted)} | limit)


def _is_bad(question: str) -> bool:
    """A question that fails where there is nothing to ask is at fault itself."""
    try:
        _native.trace_find(_native.OpenBuffer(), 0, question)
    except ValueError as error:
        return not str(error).startswith(_NO_TRACE)
    return False


def _damaged(error: ValueError) -> UnavailableError:
    return UnavailableError(f"the store is damaged: {error}; see `lymer store verify`")
