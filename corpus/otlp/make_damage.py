"""Writes `damage/*.bin` and `damage/expected.json`: requests with one thing wrong each, and what must become of them.

Run it after adding a case: `python corpus/otlp/make_damage.py`. The outcomes are written by hand, not taken from us.
"""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "damage"


def varint(value: int) -> bytes:
    """A varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, data: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def request(*spans: bytes) -> bytes:
    """A request with these spans."""
    return field(1, field(2, b"".join(field(2, span) for span in spans)))


def nested(depth: int) -> bytes:
    """A KeyValue whose value is an int in so many arrays."""
    data = b"\x18\x01"
    for _ in range(depth):
        data = field(5, field(1, data))
    return field(9, field(2, data))


IDS = field(1, b"t" * 16) + field(2, b"s" * 8)
GOOD = IDS + field(5, b"good")
TRACE_ID = "trace id must be 16 bytes, not zero"
SPAN_ID = "span id must be 8 bytes, not zero"
FUTURE = b"\xff" * 8


def kept(rows: int, **refused: int) -> dict[str, object]:
    """So many rows, and nothing refused unless said."""
    return {"rows": rows, "refused": refused}


def refuses(reason: str, rows: int = 1, count: int = 1) -> dict[str, object]:
    """Spans refused for one reason."""
    return {"rows": rows, "refused": {reason: count}}


def error(reason: str) -> dict[str, object]:
    """The payload is refused."""
    return {"error": reason}


CASES: dict[str, tuple[bytes, dict[str, object]]] = {
    "empty": (b"", kept(0)),
    "good": (request(GOOD), kept(1)),
    "trace-id-missing": (request(GOOD, field(2, b"s" * 8)), refuses(TRACE_ID)),
    "trace-id-short": (request(GOOD, field(1, b"t" * 15) + field(2, b"s" * 8)), refuses(TRACE_ID)),
    "trace-id-long": (request(GOOD, field(1, b"t" * 17) + field(2, b"s" * 8)), refuses(TRACE_ID)),
    "trace-id-zero": (request(field(1, bytes(16)) + field(2, b"s" * 8), GOOD), refuses(TRACE_ID)),
    "trace-id-twice-the-last-holds": (request(field(1, b"short") + IDS), kept(1)),
    "span-id-missing": (request(field(1, b"t" * 16), GOOD), refuses(SPAN_ID)),
    "span-id-zero": (request(field(1, b"t" * 16) + field(2, bytes(8)), GOOD), refuses(SPAN_ID)),
    "span-id-long": (request(field(1, b"t" * 16) + field(2, b"s" * 16), GOOD), refuses(SPAN_ID)),
    "parent-short": (request(GOOD, IDS + field(4, b"p")), refuses("parent span id must be 8 bytes or absent")),
    "parent-zero-is-none": (request(IDS + field(4, bytes(8))), kept(1)),
    "start-beyond-2262": (request(GOOD, IDS + b"\x39" + FUTURE), refuses("start time must be before the year 2262")),
    "end-beyond-2262": (request(GOOD, IDS + b"\x41" + FUTURE), refuses("end time must be before the year 2262")),
    "event-beyond-2262": (
        request(GOOD, IDS + field(11, b"\x09" + FUTURE)),
        refuses("event time must be before the year 2262"),
    ),
    "link-trace-id-short": (
        request(GOOD, IDS + field(13, field(1, b"x"))),
        refuses("link trace id must be 16 bytes or absent"),
    ),
    "link-without-ids": (request(IDS + field(13, field(3, b"a=b"))), kept(1)),
    "refused-spans-leave-nothing": (
        request(*[field(9, field(1, b"k")) + field(11, b"") + field(13, b"")] * 5, GOOD),
        refuses(TRACE_ID, count=5),
    ),
    "text-not-utf8": (request(IDS + field(5, b"\xff\xfe") + field(9, field(1, b"\xc3"))), kept(1)),
    "tag-zero": (request(GOOD) + b"\x00\x00", error("field number 0 at byte")),
    "tag-too-large": (request(GOOD) + b"\xf8\xff\xff\xff\x1f\x01", error("tag out of range at byte")),
    "tag-too-long": (request(GOOD) + b"\x88\x80\x80\x80\x80\x00\x01", error("tag out of range at byte")),
    "tag-padded": (b"\x8a\x80\x80\x80\x00" + request(GOOD)[1:], kept(1)),
    "tag-cut": (request(GOOD) + b"\x8a", error("cut off in a number at byte")),
    "wire-type-6": (request(GOOD) + b"\x0e", error("unknown wire type at byte")),
    "wire-type-7": (request(GOOD) + b"\x0f", error("unknown wire type at byte")),
    "wire-type-other-than-declared": (request(IDS + b"\x28\x05" + field(7, b"x")), kept(1)),
    "length-past-the-end": (b"\x0a\x05\x12", error("length runs past the end at byte")),
    "length-past-the-end-of-its-parent": (field(1, b"\x12\x7f"), error("length runs past the end at byte 4")),
    "length-too-large": (b"\x0a\xff\xff\xff\xff\x7f", error("length out of range at byte")),
    "length-padded": (b"\x0a\x80\x80\x80\x80\x00", kept(0)),
    "varint-ten-bytes": (request(IDS + b"\x30" + b"\xff" * 9 + b"\x7f"), kept(1)),
    "varint-eleven-bytes": (request(IDS + b"\x30" + b"\xff" * 10 + b"\x01"), error("number too long at byte")),
    "fixed64-cut": (request(IDS + b"\x39\x01\x02"), error("cut off in a number at byte")),
    "group-unknown": (request(IDS + b"\xa3\x06\x08\x01\xa4\x06"), kept(1)),
    "group-never-ends": (request(IDS + b"\xa3\x06\x08\x01"), error("cut off in a group at byte")),
    "group-ends-as-another": (request(IDS + b"\xa3\x06\xac\x06"), error("group ends that never began at byte")),
    "group-end-alone": (request(IDS + b"\xa4\x06"), error("group ends that never began at byte")),
    "groups-nested-too-deeply": (b"\xa3\x06" * 101 + b"\xa4\x06" * 101, error("nested too deeply at byte")),
    "values-nested-deeply": (request(IDS + nested(47)), kept(1)),
    "values-nested-too-deeply": (request(IDS + nested(48)), error("nested too deeply at byte")),
    "values-nested-absurdly": (request(IDS + nested(5000)), error("nested too deeply at byte")),
    "cut-in-a-refused-span": (request(b"\x4a\x05"), error("length runs past the end at byte")),
    "resource-after-its-spans": (field(1, field(2, field(2, GOOD)) + field(1, field(1, field(1, b"k")))), kept(1)),
    "unknown-fields-everywhere": (
        field(99, b"x") + field(1, field(99, b"x") + field(2, field(99, b"x") + field(2, field(99, b"x") + IDS))),
        kept(1),
    ),
}


def main() -> None:
    """Write everything anew."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.bin"):
        old.unlink()
    for name, (payload, _) in CASES.items():
        (FOLDER / f"{name}.bin").write_bytes(payload)
    outcomes = {f"{name}.bin": outcome for name, (_, outcome) in CASES.items()}
    (FOLDER / "expected.json").write_text(json.dumps(outcomes, indent=1) + "\n")


if __name__ == "__main__":
    main()
