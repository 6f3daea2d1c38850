"""JSON whose mistakes can be pointed at: every complaint names the source, the line and the column.

A person writes the file of strategies by hand; "line 7, column 22" is what they need. Values are read by Python's own
parser; where one stands is looked up only for a complaint.
"""

from __future__ import annotations

import json
import re
from json.decoder import JSONDecodeError
from typing import Any, Final, NoReturn

from lymer.component.errors import ConfigError

Step = str | int
"""A key of an object, or a position in a list."""

_DECODER: Final = json.JSONDecoder()
_BLANKS: Final = re.compile(r"[ \t\n\r]*")

_KINDS: Final[dict[type, str]] = {
    dict: "an object", list: "a list", str: "text", bool: "true or false",
    int: "a number", float: "a number", type(None): "null",
}  # fmt: skip


class LocatedJson:
    """A document: its value, and complaints about parts of it."""

    def __init__(self, data: bytes, *, source: str) -> None:
        """Raises ConfigError when the data is not JSON."""
        self.source = source
        try:
            self._text = data.decode("utf-8-sig")
            self.value: Any = json.loads(self._text, parse_constant=_refuse_constant)
        except UnicodeDecodeError as error:
            raise ConfigError(f"{source}: is not UTF-8: {error.reason} at byte {error.start}") from error
        except JSONDecodeError as error:
            raise ConfigError(f"{source}:{error.lineno}:{error.colno}: is not JSON: {error.msg.lower()}") from error
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{source}: is not JSON: {error}") from error

    def expect(self, kind: type, value: Any, *path: Step) -> Any:
        """The value, when it is of the kind; `float` takes every number. Raises ConfigError."""
        kinds = (int, float) if kind is float else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and kind is not bool):
            self.refuse(f"must be {_KINDS[kind]}, not {_KINDS[type(value)]}", *path)
        return value

    def refuse(self, complaint: str, *path: Step) -> NoReturn:
        """Raise ConfigError about the part at this path."""
        raise ConfigError(self.at(complaint, *path))

    def at(self, remark: str, *path: Step) -> str:
        """The remark with where the part at this path stands."""
        index = self._find(path)
        line = self._text.count("\n", 0, index) + 1
        column = index - self._text.rfind("\n", 0, index)
        return f"{self.source}:{line}:{column}: {_name(path)}{remark}"

    def _find(self, path: tuple[Step, ...]) -> int:
        """The index of the part's value; of a key that is there twice the last one counts, as it does for the value."""
        index = self._skip(0)
        for step in path:
            members = self._members(index) if self._text[index] == "{" else self._items(index)
            index = members.get(step, index)
        return index

    def _members(self, index: int) -> dict[Step, int]:
        found: dict[Step, int] = {}
        index = self._skip(index + 1)
        while self._text[index] != "}":
            key, index = _DECODER.raw_decode(self._text, index)
            value = self._skip(self._skip(index) + 1)
            found[key] = value
            index = self._past(value)
        return found

    def _items(self, index: int) -> dict[Step, int]:
        found: dict[Step, int] = {}
        index = self._skip(index + 1)
        while self._text[index] != "]":
            found[len(found)] = index
            index = self._past(index)
        return found

    def _past(self, index: int) -> int:
        """The index of what stands after this value and its comma."""
        index = self._skip(_DECODER.raw_decode(self._text, index)[1])
        return self._skip(index + 1) if self._text[index] == "," else index

    def _skip(self, index: int) -> int:
        match = _BLANKS.match(self._text, index)
        assert match is not None
        return match.end()


def _name(path: tuple[Step, ...]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return f"{text.lstrip('.')}: " if path else ""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number here")
