"""Skeletons read into numpy: docs/specs/skeleton.md. The native core writes them (`wire.trace_view`)."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from lymer.component.errors import DecodeError

NONE: Final = 0xFFFFFFFF
"""The parent of a row at the top."""

_MAGIC: Final = b"LYSK"
_VERSION: Final = 1
_PREFIX: Final = struct.Struct("<4sHHII")
_TYPES: Final[dict[str, np.dtype[Any]]] = {
    "u16": np.dtype("<u2"),
    "u32": np.dtype("<u4"),
    "f64": np.dtype("<f8"),
}

Longs = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A trace as columns by row in pre-order; times in nanoseconds since its start."""

    header: dict[str, Any]
    start: Longs
    duration: Longs
    self_time: Longs
    parent: Longs
    """-1 at the top."""
    service: Longs
    name: Longs
    scope: Longs
    flags: Longs
    critical_row: Longs
    critical_start: Longs
    critical_end: Longs

    def __len__(self) -> int:
        return len(self.start)

    @property
    def services(self) -> list[str]:
        """Names by code."""
        return [service["name"] for service in self.header["services"]]

    @property
    def names(self) -> list[str]:
        """Names by code."""
        return list(self.header["names"])

    @property
    def root(self) -> int:
        """The row of the trace's root."""
        return int(self.header["rootRow"])

    @property
    def duration_nano(self) -> int:
        """Of the whole trace."""
        return int(self.header["durationNano"])

    @property
    def kind(self) -> Longs:
        """OTLP's kind."""
        return self.flags & 7

    @property
    def is_error(self) -> Bools:
        """Whether the status is error."""
        found: Bools = (self.flags >> 3) & 3 == 2
        return found

    @property
    def has_events(self) -> Bools:
        """Whether there are events."""
        found: Bools = self.flags & 32 != 0
        return found

    @property
    def end(self) -> Longs:
        """The end of the interval."""
        return self.start + np.maximum(self.duration, 0)

    def critical_time(self) -> Longs:
        """The sum of each row's critical segments."""
        total = np.zeros(len(self), np.int64)
        np.add.at(total, self.critical_row, self.critical_end - self.critical_start)
        return total


def read_skeleton(data: bytes) -> Skeleton:
    """The skeleton in these bytes. Raises DecodeError."""
    try:
        magic, version, _, header_bytes, _ = _PREFIX.unpack_from(data)
        if (magic, version) != (_MAGIC, _VERSION):
            raise DecodeError(f"not a skeleton of version {_VERSION}")
        header = json.loads(data[_PREFIX.size : _PREFIX.size + header_bytes])
        columns, critical = header["columns"], header["critical"]
        count, segments = header["spanCount"], critical["count"]
        parent = _column(data, columns["parent"], count)
        return Skeleton(
            header=header,
            start=_column(data, columns["start"], count),
            duration=_column(data, columns["duration"], count),
            self_time=_column(data, columns["selfTime"], count),
            parent=np.where(parent == NONE, -1, parent),
            service=_column(data, columns["service"], count),
            name=_column(data, columns["name"], count),
            scope=_column(data, columns["scope"], count),
            flags=_column(data, columns["flags"], count),
            critical_row=_column(data, critical["row"], segments),
            critical_start=_column(data, critical["start"], segments),
            critical_end=_column(data, critical["end"], segments),
        )
    except (struct.error, KeyError, ValueError) as error:
        raise DecodeError(f"not a skeleton: {error}") from error


def _column(data: bytes, place: dict[str, Any], count: int) -> Longs:
    column: Longs = np.frombuffer(data, _TYPES[place["type"]], count, int(place["offset"])).astype(np.int64)
    return column
