"""Gson's reader, as far as its complaints go: a token at a time, with line, column and path.

Whatever is no JSON raises `Malformed`, because Zipkin makes that word of all of Gson's complaints about syntax.
"""

from __future__ import annotations

import re
from typing import Final

from lymer.receivers.complaints.retelling import Complaint

_NESTING_MAX: Final = 255
_BUFFER_CHARACTERS: Final = 1024
"""Longer numbers are none."""
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LITERAL_ENDS: Final = frozenset("{}[]:, \t\f\r\n")
_ESCAPES: Final = re.compile(r'\\(u[0-9a-fA-F]{4}|[tbnrf"\'\\/\n])')
_PLAIN: Final = re.compile(r'[^"\\\n]*')
_HELP: Final = "See https://github.com/google/gson/blob/main/Troubleshooting.md#"

_EMPTY_ARRAY, _ARRAY, _EMPTY_OBJECT, _NAMED, _OBJECT, _START, _DOCUMENT = range(7)
_LONG_MAX: Final = 1 << 63
_BLANKS: Final = "".join(map(chr, range(33)))
"""What Java trims."""


class JsonReader:
    """One document. What reads raises Complaint."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 0
        self._line_start = 0
        self._scopes = [_START]
        self._indices = [0] * (_NESTING_MAX + 2)
        self._names: list[str | None] = [None] * (_NESTING_MAX + 2)
        self._peeked = ""
        self._word = ""
        self._number_rest = 0

    @property
    def path(self) -> str:
        """Where it is: `$[0].tags.http`."""
        steps = "$"
        for depth, scope in enumerate(self._scopes):
            if scope in (_EMPTY_ARRAY, _ARRAY):
                steps += f"[{self._indices[depth]}]"
            elif scope in (_EMPTY_OBJECT, _NAMED, _OBJECT):
                steps += "." + (self._names[depth] or "")
        return steps

    def begin_array(self) -> None:
        self._expect("BEGIN_ARRAY")
        self._push(_EMPTY_ARRAY)
        self._indices[len(self._scopes) - 1] = 0

    def end_array(self) -> None:
        self._expect("END_ARRAY")
        self._pop()

    def begin_object(self) -> None:
        self._expect("BEGIN_OBJECT")
        self._push(_EMPTY_OBJECT)

    def end_object(self) -> None:
        self._expect("END_OBJECT")
        self._names[len(self._scopes) - 1] = None
        self._pop()

    def has_next(self) -> bool:
        return self.peek() not in ("END_OBJECT", "END_ARRAY", "END_DOCUMENT")

    def peek(self) -> str:
        """The kind of the next token, in Gson's words."""
        if not self._peeked:
            self._peeked = self._next_kind()
        return self._peeked

    def next_name(self) -> str:
        self._expect("NAME")
        name = self._quoted()
        self._names[len(self._scopes) - 1] = name
        return name

    def next_string(self) -> str:
        kind = self.peek()
        if kind not in ("STRING", "NUMBER"):
            raise self._unexpected("a string")
        text = self._quoted() if kind == "STRING" else self._take_number()
        self._step()
        return text

    def next_boolean(self) -> bool:
        if self.peek() != "BOOLEAN":
            raise self._unexpected("a boolean")
        self._step()
        return self._word == "true"

    def next_whole(self, kind: str, *, bits: int) -> int:
        """A number of so many bits; Gson's name for it is `a long` or `an int`."""
        if self.peek() not in ("STRING", "NUMBER"):
            raise self._unexpected(kind)
        text = self._quoted() if self._peeked == "STRING" else self._take_number()
        number = _whole(text)
        if number is None or not -(1 << bits - 1) <= number < 1 << bits - 1:
            raise Complaint(f"Expected {kind} but was {text}{self._place()}")
        self._step()
        return number

    def skip_value(self) -> None:
        depth = 0
        while True:
            kind = self.peek()
            self._peeked = ""
            if kind in ("BEGIN_ARRAY", "BEGIN_OBJECT"):
                self._push(_EMPTY_ARRAY if kind == "BEGIN_ARRAY" else _EMPTY_OBJECT)
                depth += 1
            elif kind in ("END_ARRAY", "END_OBJECT"):
                self._scopes.pop()
                depth -= 1
            elif kind in ("NAME", "STRING"):
                self._quoted()
            elif kind == "NUMBER":
                self._take_number()
            if depth <= 0:
                break
        self._indices[len(self._scopes) - 1] += 1

    def _expect(self, kind: str) -> None:
        if self.peek() != kind:
            raise self._unexpected(kind if kind != "NAME" else "a name")
        self._peeked = ""

    def _unexpected(self, expected: str) -> Complaint:
        if expected.startswith("BEGIN_"):
            return _malformed()
        topic = "adapter-not-null-safe" if self._peeked == "NULL" else "unexpected-json-structure"
        return Complaint(f"Expected {expected} but was {self._peeked}{self._place()}\n{_HELP}{topic}")

    def _place(self) -> str:
        return f" at line {self._line + 1} column {self._at - self._line_start + 1} path {self.path}"

    def _push(self, scope: int) -> None:
        if len(self._scopes) - 1 >= _NESTING_MAX:
            raise Complaint(f"Nesting limit {_NESTING_MAX} reached{self._place()}")
        self._scopes.append(scope)

    def _pop(self) -> None:
        self._scopes.pop()
        self._indices[len(self._scopes) - 1] += 1

    def _step(self) -> None:
        self._peeked = ""
        self._indices[len(self._scopes) - 1] += 1

    def _next_kind(self) -> str:
        scope = self._scopes[-1]
        if scope == _EMPTY_ARRAY:
            self._scopes[-1] = _ARRAY
        elif scope == _ARRAY:
            if self._character("],") == "]":
                return "END_ARRAY"
        elif scope in (_EMPTY_OBJECT, _OBJECT):
            return self._next_in_object(scope)
        elif scope == _NAMED:
            self._scopes[-1] = _OBJECT
            self._character(":")
        elif scope == _START:
            self._scopes[-1] = _DOCUMENT
        return self._next_value(scope)

    def _next_in_object(self, scope: int) -> str:
        self._scopes[-1] = _NAMED
        if scope == _OBJECT and self._character("},") == "}":
            return "END_OBJECT"
        return "NAME" if self._character('"' if scope == _OBJECT else '"}') == '"' else "END_OBJECT"

    def _next_value(self, scope: int) -> str:
        first = self._character()
        kinds = {"[": "BEGIN_ARRAY", "{": "BEGIN_OBJECT", '"': "STRING"}
        if first in kinds:
            return kinds[first]
        if first == "]" and scope == _EMPTY_ARRAY:
            return "END_ARRAY"
        self._at -= 1
        return self._keyword() or self._numeral()

    def _keyword(self) -> str:
        for word, kind in (("true", "BOOLEAN"), ("false", "BOOLEAN"), ("null", "NULL")):
            end = self._at + len(word)
            if self._text[self._at : end].lower() == word and self._ends_at(end):
                self._at, self._word = end, word
                return kind
        return ""

    def _numeral(self) -> str:
        found = _NUMBER.match(self._text, self._at)
        if found is None or not self._ends_at(found.end()) or len(found[0]) >= _BUFFER_CHARACTERS:
            raise _malformed()
        self._word, self._number_rest = found[0], len(found[0])
        if not found[2] and not found[3] and self._word != "-0" and abs(int(self._word)) < _LONG_MAX:
            self._take_number()  # A long is read at once, any other number when it is asked for.
        return "NUMBER"

    def _take_number(self) -> str:
        self._at += self._number_rest
        self._number_rest = 0
        return self._word

    def _ends_at(self, at: int) -> bool:
        return at >= len(self._text) or self._text[at] in _LITERAL_ENDS

    def _character(self, wanted: str = "") -> str:
        """The next one that is no blank, one of those that are wanted."""
        while self._at < len(self._text):
            character = self._text[self._at]
            self._at += 1
            if character == "\n":
                self._line, self._line_start = self._line + 1, self._at
            elif character not in " \r\t":
                if wanted and character not in wanted:
                    raise _malformed()
                return character
        raise Complaint(f"End of input{self._place()}")

    def _quoted(self) -> str:
        """Up to the closing quote."""
        begin = self._at
        while True:
            found = _PLAIN.match(self._text, self._at)
            self._at = found.end() if found else self._at
            character = self._text[self._at : self._at + 1]
            if character == '"':
                break
            if character == "\\":
                escape = _ESCAPES.match(self._text, self._at)
                if escape is None:
                    raise _malformed()
                self._at = escape.end()
            elif not character:
                raise _malformed()
            else:
                self._at += 1
            if self._text[self._at - 1] == "\n":
                self._line, self._line_start = self._line + 1, self._at
        self._at += 1
        text = self._text[begin : self._at - 1]
        return _ESCAPES.sub(_unescaped, text) if "\\" in text else text


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1]
    if code[0] == "u":
        return chr(int(code[1:], 16))
    return {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}.get(code, code)


def _whole(text: str) -> int | None:
    """The number that Gson makes of text; None for one with a fraction. Raises Complaint for what is no number."""
    try:
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,400}", text) else _from_float(float(text))
    except ValueError as error:
        cause = f'For input string: "{trimmed}"' if (trimmed := text.strip(_BLANKS)) else "empty String"
        raise Complaint(cause) from error


def _from_float(number: float) -> int | None:
    return int(number) if number.is_integer() else None


def _malformed() -> Complaint:
    return Complaint("malformed")
