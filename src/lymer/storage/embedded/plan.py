"""Searches and cursors as text: what the native core reads (docs/specs/predicate-json.md)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lymer.component.errors import BadQueryError
from lymer.model.search import Order, Predicate, TimeRange, TraceSearch
from lymer.storage.base import Budget
from lymer.wire.predicate_json import encode_predicate

_CURSOR_VERSION = 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: where it stands in its order."""

    order: Order
    key: int
    trace_id: bytes


class Plan:
    """A question for many views; `for_view` adds what differs from view to view."""

    def __init__(self, **fields: Any) -> None:
        try:
            self._text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
            self._text.encode()  # Half of a surrogate pair cannot be asked for.
        except (TypeError, ValueError) as error:
            raise BadQueryError(f"the question cannot be written down: {error}") from error

    def for_view(
        self, budget: Budget, skip_hex: str = "", traces_max: int | None = None, cut_off: int | None = None
    ) -> str:
        """The plan as the native core reads it."""
        return self.for_views(budget, [(skip_hex, traces_max)], cut_off)[0]

    def for_views(
        self, budget: Budget, views: Iterable[tuple[str, int | None]], cut_off: int | None = None
    ) -> list[str]:
        """The plan for each of several views that are asked at once; the same text where nothing differs."""
        seconds = max(budget.remaining_s, 0.0)
        general = f'{self._text[:-1]},"time_limit_s":{seconds:f}'
        general += "" if cut_off is None else f',"cut_off":{cut_off}'
        plain = general + "}"
        return [
            plain if not skip_hex and traces_max is None else general + _left_out(skip_hex, traces_max)
            for skip_hex, traces_max in views
        ]


def _left_out(skip_hex: str, traces_max: int | None) -> str:
    limit = "" if traces_max is None else f',"traces_max":{traces_max}'
    return f',"skip_trace_ids":"{skip_hex}"{limit}}}'


def search_plan(search: TraceSearch, cursor: Cursor | None, limit: int) -> Plan:
    """The plan of a search for so many rows behind the cursor."""
    return Plan(
        where=encode_predicate(search.where),
        min_start=search.time.start,
        max_start=search.time.end,
        order=search.order.value,
        limit=limit,
        after=None if cursor is None else [cursor.key, cursor.trace_id.hex()],
        with_total=search.with_total,
    )


def graph_plan(where: Predicate, time: TimeRange) -> Plan:
    """The plan of a service graph."""
    return Plan(where=encode_predicate(where), min_start=time.start, max_start=time.end)


def encode_cursor(cursor: Cursor) -> str:
    """The cursor as opaque text."""
    content = json.dumps([_CURSOR_VERSION, cursor.order.value, cursor.key, cursor.trace_id.hex()])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def decode_cursor(text: str, order: Order) -> Cursor:
    """The cursor of such a text. Raises BadQueryError when it is none, or belongs to another order."""
    try:
        content = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        version, name, key, trace_id = content
        cursor = Cursor(Order(name), int(key), bytes.fromhex(trace_id))
    except (ValueError, TypeError) as error:
        raise BadQueryError("the cursor is not one that this store has given") from error
    if version != _CURSOR_VERSION or len(cursor.trace_id) != 16 or not -(2**63) <= cursor.key < 2**63:
        raise BadQueryError("the cursor is not one that this store has given")
    if cursor.order is not order:
        raise BadQueryError(f"the cursor belongs to the order {cursor.order}, not {order}")
    return cursor
