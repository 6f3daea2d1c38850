"""Where the next page begins, as opaque text: the order, and the sort key of the page's last trace."""

from __future__ import annotations

import base64
import json

from lymer.component.errors import BadQueryError
from lymer.model.search import Order

SortKey = tuple[int, bytes]


def write_cursor(order: Order, key: SortKey) -> str:
    """The cursor behind the trace with this sort key."""
    return base64.urlsafe_b64encode(json.dumps([order.value, key[0], key[1].hex()]).encode()).decode()


def read_cursor(cursor: str, order: Order) -> SortKey:
    """The sort key of the last trace of the page before. Raises BadQueryError when it is no cursor of this order."""
    try:
        written_order, figure, trace_id = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        key = (int(figure), bytes.fromhex(trace_id))
    except (ValueError, TypeError) as error:
        raise BadQueryError(f"not a cursor: {cursor[:80]!r}") from error
    if written_order != order.value:
        raise BadQueryError(f"the cursor belongs to the order {written_order!r}, not {order.value!r}")
    return key
