"""W3C Baggage: `baggage: key=value;property,key2=value2`. https://www.w3.org/TR/baggage/

Values are percent-encoded UTF-8 (a `+` is a plus). Properties travel on with their value. At most 180 items and 8,192
bytes leave; an item that would be too much stays behind.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from opentelemetry.context import Context

from lymer_sdk.propagation.base import Propagator, baggage_of, with_baggage
from lymer_sdk.propagation.carriers import Headers, Put

ITEMS_MAX, BYTES_MAX = 180, 8192
_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_value = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*").fullmatch
_VALUE_SAFE = "!#$&'()*+-./:<=>?@[]^_`{|}~"


class ValueWithProperties(str):
    """A value that came with properties (`;ttl=5`): a text like any other, and they go on with it."""

    __slots__ = ("properties",)

    properties: str


class W3CBaggage(Propagator):
    """Items of the context's baggage and of its span's."""

    carries_span = False
    reads: frozenset[bytes] | None = frozenset((b"baggage",))

    def read(self, headers: Headers, context: Context) -> Context:
        values = headers.all("baggage")
        return with_baggage(context, read_items(",".join(values))) if values else context

    def write(self, put: Put, context: Context) -> None:
        items = baggage_of(context)
        if items and (text := write_items(items)):
            put("baggage", text)

    @property
    def fields(self) -> set[str]:
        return {"baggage"}


def read_items(header: str) -> dict[str, str]:
    """The items of a header; what is no item is left out."""
    items: dict[str, str] = {}
    for member in header[: 2 * BYTES_MAX].split(",")[:ITEMS_MAX]:
        pair, semicolon, properties = member.partition(";")
        key, equals, value = pair.partition("=")
        key, value = key.strip(), value.strip()
        if not equals or not _token(key) or not _value(value) or not _are_properties(properties):
            continue
        text = unquote(value)
        if semicolon and properties.strip():
            text = ValueWithProperties(text)
            text.properties = properties.strip()
        items[key] = text
    return items


def _are_properties(text: str) -> bool:
    """`a;b=1`, or nothing."""
    parts = (part.partition("=") for part in text.split(";") if part.strip())
    return all(_token(key.strip()) and _value(value.strip()) for key, _, value in parts)


def write_items(items: dict[str, str]) -> str:
    """A header of these items."""
    members: list[str] = []
    size = -1
    for key, value in items.items():
        if not isinstance(key, str) or not _token(key):
            continue
        member = f"{key}={quote(str(value), safe=_VALUE_SAFE, errors='replace')}"
        if isinstance(value, ValueWithProperties):
            member = f"{member};{value.properties}"
        if len(members) == ITEMS_MAX or size + 1 + len(member) > BYTES_MAX:
            continue
        size += 1 + len(member)
        members.append(member)
    return ",".join(members)
