"""Carriers: what headers look like in the libraries that have them. Names are read without regard to case.

| carrier | read | written |
| --- | --- | --- |
| dict and other mappings | by name | by name |
| list or tuple of pairs (gRPC metadata, Kafka headers, httpx) | names and values may be bytes | appended in the style of its pairs; a first value is bytes, as Kafka wants and gRPC takes it |
| WSGI environ | `HTTP_TRACEPARENT` | the same |
| ASGI scope | its `headers` | the same |
| AMQP headers | a mapping whose values may be bytes | text |
| `os.environ`, `Environment` | `TRACEPARENT` | the same |
"""  # noqa: E501 (a table has no line breaks)

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from opentelemetry.propagators.textmap import Getter, Setter, default_getter, default_setter

from lymer_sdk.propagation.environment import Environment, environment_name

Put = Callable[[str, str], None]
_NAME_LENGTH_MAX = 100  # longer ones would fill the cache
ITEMS_MAX = 180
"""More headers of one prefix than this are not read."""
_ENVIRONMENTS = (Environment, os._Environ)  # noqa: SLF001 (the type of os.environ has no public name)


class Headers:
    """What a carrier holds, by lower-case name."""

    __slots__ = ("_values",)

    names: Mapping[bytes, Any] | None = None
    """All names, where they are bytes of one form already: who looks for others need not ask for each."""

    def __init__(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        values: dict[str, Any] = {}
        for name, value in pairs:
            known = (
                _lower(name)
                if (name.__class__ is str or name.__class__ is bytes) and len(name) <= _NAME_LENGTH_MAX
                else _lower.__wrapped__(name)
            )
            if known in values:
                values[known] = [*_as_list(values[known]), *_as_list(value)]
            else:
                values[known] = value
        self._values = values

    def all(self, name: str) -> list[str]:
        """Every value of the header."""
        value = self._values.get(name)
        return [] if value is None else [_text(item) for item in _as_list(value)]

    def first(self, name: str) -> str:
        """The first value of the header, trimmed, or nothing."""
        value = self._values.get(name)
        if value is None:
            return ""
        if value.__class__ is str:
            return str(value.strip())
        values = _as_list(value)
        return _text(values[0]).strip() if values else ""

    def with_prefix(self, prefix: str) -> dict[str, str]:
        """First values of all headers whose names begin so, by what follows in their names."""
        found = (name for name in self._values if name.startswith(prefix))
        return {name[len(prefix) :]: self.first(name) for name in islice(found, ITEMS_MAX)}


class GetterHeaders(Headers):
    """What a getter of the caller's finds in a carrier of the caller's."""

    __slots__ = ("_carrier", "_getter")

    def __init__(self, carrier: Any, getter: Getter[Any]) -> None:
        self._carrier = carrier
        self._getter = getter

    def all(self, name: str) -> list[str]:
        return [_text(value) for value in self._getter.get(self._carrier, name) or ()]

    def first(self, name: str) -> str:
        values = self._getter.get(self._carrier, name)
        return _text(values[0]).strip() if values else ""

    def with_prefix(self, prefix: str) -> dict[str, str]:
        found = (name for name in self._getter.keys(self._carrier) if name.lower().startswith(prefix))
        return {name.lower()[len(prefix) :]: self.first(name) for name in islice(found, ITEMS_MAX)}


def headers_of(carrier: Any, getter: Getter[Any] = default_getter) -> Headers:
    """Read a carrier; what cannot be one has no headers."""
    if getter is not default_getter:
        return GetterHeaders(carrier, getter)
    if isinstance(carrier, _ENVIRONMENTS):
        return Headers((name.replace("_", "-"), value) for name, value in carrier.items())
    if isinstance(carrier, Mapping):
        if _is_asgi(carrier):
            return Headers(carrier.get("headers") or ())
        if _is_wsgi(carrier):
            return Headers(
                (name[5:].replace("_", "-"), value) for name, value in carrier.items() if name.startswith("HTTP_")
            )
        return Headers(carrier.items())
    if isinstance(carrier, list | tuple):
        return Headers(pair for pair in carrier if len(pair) == 2)
    items = getattr(carrier, "items", None)
    return Headers(items() if items else carrier or ())


def writer_of(carrier: Any, setter: Setter[Any] = default_setter) -> Put:
    """How to put a header into a carrier; a header of that name is replaced."""
    if setter is not default_setter:
        return lambda name, value: setter.set(carrier, name, value)
    if isinstance(carrier, list):
        return _pair_writer(carrier)
    if isinstance(carrier, _ENVIRONMENTS):
        return _variable_writer(carrier, "")
    if isinstance(carrier, Mapping):
        if _is_asgi(carrier):
            return _pair_writer(carrier["headers"], of_bytes=True)
        if _is_wsgi(carrier):
            return _variable_writer(carrier, "HTTP_")
    put: Put = carrier.__setitem__
    return put


def _variable_writer(carrier: Any, prefix: str) -> Put:
    def put(name: str, value: str) -> None:
        carrier[prefix + environment_name(name)] = value

    return put


def _pair_writer(pairs: list[Any], *, of_bytes: bool = False) -> Put:
    names_are_bytes = of_bytes or (bool(pairs) and isinstance(pairs[0][0], bytes))
    values_are_bytes = of_bytes or not pairs or isinstance(pairs[0][1], bytes)

    def put(name: str, value: str) -> None:
        pairs[:] = [pair for pair in pairs if _lower(pair[0]) != name]
        pairs.append((name.encode() if names_are_bytes else name, value.encode() if values_are_bytes else value))

    return put


def _is_asgi(carrier: Mapping[Any, Any]) -> bool:
    return "headers" in carrier and "type" in carrier and isinstance(carrier["headers"], list | tuple)


def _is_wsgi(carrier: Mapping[Any, Any]) -> bool:
    return "REQUEST_METHOD" in carrier or "wsgi.version" in carrier


@lru_cache(maxsize=1024)
def _lower(name: Any) -> str:
    return (name.decode("latin-1") if isinstance(name, bytes) else str(name)).lower()


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else str(value)
