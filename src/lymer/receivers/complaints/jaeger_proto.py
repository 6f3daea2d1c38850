"""Jaeger's complaint about a PostSpansRequest: the words of its generated Go code, which is gogo/protobuf's."""

from __future__ import annotations

from typing import Final

from lymer.receivers.complaints.retelling import Complaint

_VARINT, _FIXED64, _BYTES = 0, 1, 2
_TEXT, _TRACE_ID, _SPAN_ID = "", "TraceID", "SpanID"

Field = tuple[str, int, str]
"""Its Go name, its wire type, and the message in it."""

_KEY_VALUE: Final[dict[int, Field]] = {
    1: ("Key", _BYTES, _TEXT),
    2: ("VType", _VARINT, _TEXT),
    3: ("VStr", _BYTES, _TEXT),
    4: ("VBool", _VARINT, _TEXT),
    5: ("VInt64", _VARINT, _TEXT),
    6: ("VFloat64", _FIXED64, _TEXT),
    7: ("VBinary", _BYTES, _TEXT),
}
_SPAN: Final[dict[int, Field]] = {
    1: ("TraceID", _BYTES, _TRACE_ID),
    2: ("SpanID", _BYTES, _SPAN_ID),
    3: ("OperationName", _BYTES, _TEXT),
    4: ("References", _BYTES, "SpanRef"),
    5: ("Flags", _VARINT, _TEXT),
    6: ("StartTime", _BYTES, "Timestamp"),
    7: ("Duration", _BYTES, "Duration"),
    8: ("Tags", _BYTES, "KeyValue"),
    9: ("Logs", _BYTES, "Log"),
    10: ("Process", _BYTES, "Process"),
    11: ("ProcessID", _BYTES, _TEXT),
    12: ("Warnings", _BYTES, _TEXT),
}
_TIME: Final[dict[int, Field]] = {1: ("Seconds", _VARINT, _TEXT), 2: ("Nanos", _VARINT, _TEXT)}
_MESSAGES: Final[dict[str, dict[int, Field]]] = {
    "PostSpansRequest": {1: ("Batch", _BYTES, "Batch")},
    "Batch": {1: ("Spans", _BYTES, "Span"), 2: ("Process", _BYTES, "Process")},
    "Span": _SPAN,
    "SpanRef": {1: _SPAN[1], 2: _SPAN[2], 3: ("RefType", _VARINT, _TEXT)},
    "Process": {1: ("ServiceName", _BYTES, _TEXT), 2: ("Tags", _BYTES, "KeyValue")},
    "KeyValue": _KEY_VALUE,
    "Log": {1: ("Timestamp", _BYTES, "Timestamp"), 2: ("Fields", _BYTES, "KeyValue")},
    "Timestamp": _TIME,
    "Duration": _TIME,
}
_ID_SIZES: Final = {_TRACE_ID: (8, 16), _SPAN_ID: (8,)}


def read_post_spans(body: bytes) -> None:
    """Jaeger's steps over a message of PostSpans. Raises Complaint."""
    _Reader(body, "PostSpansRequest").read()


class _Reader:
    """One message; those in it have readers of their own."""

    def __init__(self, body: bytes, name: str) -> None:
        self._body = body
        self._name = name
        self._at = 0

    def read(self) -> None:
        while self._at < len(self._body):
            begin = self._at
            tag = self._varint()
            number, wire_type = (tag >> 3) & 0xFFFFFFFF, tag & 7
            number -= (number & 0x80000000) << 1
            if wire_type == 4:
                raise Complaint(f"proto: {self._name}: wiretype end group for non-group")
            if number <= 0:
                raise Complaint(f"proto: {self._name}: illegal tag {number} (wire type {tag})")
            field = _MESSAGES[self._name].get(number)
            if field is None:
                self._at = begin
                self._skip()
            else:
                self._field(wire_type, *field)

    def _field(self, wire_type: int, name: str, wanted: int, inner: str) -> None:
        if wire_type != wanted:
            raise Complaint(f"proto: wrong wireType = {wire_type} for field {name}")
        if wanted == _VARINT:
            self._varint()
        elif wanted == _FIXED64:
            self._step(8)
        else:
            size = self._length()
            self._step(size)
            content = self._body[self._at - size : self._at]
            if inner in _ID_SIZES and size not in _ID_SIZES[inner]:
                raise Complaint(f"invalid length for {inner}")
            if inner in _MESSAGES:
                _Reader(content, inner).read()

    def _skip(self) -> None:
        """An unknown field from its tag on, or a group with all that is in it."""
        depth = 0
        while self._at < len(self._body):
            match self._varint() & 7:
                case 0:
                    self._varint()
                case 1:
                    self._at += 8
                case 2:
                    size = self._length()
                    self._at += size
                case 3:
                    depth += 1
                case 4 if depth:
                    depth -= 1
                case 4:
                    raise Complaint("proto: unexpected end of group")
                case 5:
                    self._at += 4
                case wire_type:
                    raise Complaint(f"proto: illegal wireType {wire_type}")
            if not depth:
                self._step(0)
                return
        raise Complaint("unexpected EOF")

    def _length(self) -> int:
        size = self._varint()
        if size >= 1 << 63 or self._at + size >= 1 << 63:
            raise Complaint("proto: negative length found during unmarshaling")
        return size

    def _step(self, size: int) -> None:
        self._at += size
        if self._at > len(self._body):
            raise Complaint("unexpected EOF")

    def _varint(self) -> int:
        number = 0
        for shift in range(0, 70, 7):
            if self._at >= len(self._body):
                raise Complaint("unexpected EOF")
            byte = self._body[self._at]
            self._at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number & 0xFFFFFFFFFFFFFFFF
        raise Complaint("proto: integer overflow")
