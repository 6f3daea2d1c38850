"""The baggage of one span."""

from __future__ import annotations

from typing import Any

from opentelemetry.baggage import get_baggage


class SpanBaggage(dict[str, str]):
    """A span's own items; an item that it does not have is looked for in the current context."""

    def __missing__(self, key: str) -> str:
        found = get_baggage(key)
        if found is None:
            raise KeyError(key)
        return str(found)

    def get(self, key: str, default: Any = None) -> Any:
        """The item, or the default."""
        try:
            return self[key]
        except KeyError:
            return default
