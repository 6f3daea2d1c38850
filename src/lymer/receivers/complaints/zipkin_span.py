"""What Zipkin's builders of spans say of ids: version 2's Span.Builder and version 1's V1Span.Builder."""

from __future__ import annotations

import re
from typing import Final

from lymer.receivers.complaints.retelling import Complaint

_HEX: Final = re.compile("[0-9a-f]*")
_KINDS: Final = ("CLIENT", "SERVER", "PRODUCER", "CONSUMER")


class Span:
    """A span of version 2 while it is built; each method raises Complaint."""

    def __init__(self) -> None:
        self._has_trace_id = False
        self._has_id = False

    def trace_id(self, text: str | None) -> None:
        text = _present(text, "traceId", length_max=32)
        if _zeros(text) == len(text):
            raise Complaint("traceId is all zeros")
        self._has_trace_id = True

    def id(self, text: str | None) -> None:
        text = _present(text, "id", length_max=16)
        if _zeros(text) == 16:
            raise Complaint("id is all zeros")
        self._has_id = True

    def parent_id(self, text: str | None) -> None:
        if text is not None:
            _zeros(_present(text, "parentId", length_max=16))

    def kind_name(self, name: str) -> None:
        if name not in _KINDS:
            raise Complaint(f"No enum constant zipkin2.Span.Kind.{name}")

    def kind_number(self, number: int) -> None:
        if number < 0:
            raise Complaint(f"Index {number - 1} out of bounds for length {len(_KINDS)}")

    def build(self) -> None:
        missing = "" if self._has_trace_id else " traceId"
        missing += "" if self._has_id else " id"
        if missing:
            raise Complaint(f"Missing :{missing}")


class V1Ids:
    """The ids of a span of version 1, the lower halves of them."""

    def __init__(self) -> None:
        self.trace = 0
        self.span = 0

    def build(self) -> None:
        """Raises Complaint."""
        if self.trace == 0:
            raise Complaint("traceId == 0")
        if self.span == 0:
            raise Complaint("id == 0")


def v1_id(text: str) -> int:
    """The lower half of an id in hex. Raises Complaint."""
    lower = text[-16:]
    upper = text[:16] if len(text) == 32 else ""
    if not 1 <= len(text) <= 32 or not _HEX.fullmatch(upper + lower):
        raise Complaint(f"{text} should be a 1 to 32 character lower-hex string with no prefix")
    return int(lower, 16)


def _present(text: str | None, name: str, *, length_max: int) -> str:
    if text is None:
        raise Complaint(f"{name} == null")
    if not text:
        raise Complaint(f"{name} is empty")
    if len(text) > length_max:
        raise Complaint(f"{name}.length > {length_max}")
    return text


def _zeros(text: str) -> int:
    """How many zeros it begins with."""
    if not _HEX.fullmatch(text):
        raise Complaint(f"{text} should be lower-hex encoded with no prefix")
    return len(text) - len(text.lstrip("0"))
