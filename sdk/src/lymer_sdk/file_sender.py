"""Writes spans into a file: OTLP's JSON, a request a line, as the collector's file exporter does. `-` is the output.

The file is only ever appended to, a batch in one write, so several processes may share it. Lymer reads it back.
"""

from __future__ import annotations

import os
from pathlib import Path

from lymer_sdk.otlp_json import encode_json
from lymer_sdk.reporter import SendError, Sent
from lymer_sdk.resource import Resource
from lymer_sdk.span import Span

_STANDARD_OUTPUT = 1


class FileSender:
    """A `reporter.Sender`. Beyond `bytes_max` nothing is written any more: those spans count as refused."""

    def __init__(self, path: str | Path, resource: Resource, *, bytes_max: int = 1 << 30) -> None:
        self._path = str(path)
        self._resource = resource
        self._bytes_max = bytes_max
        self._file: int | None = _STANDARD_OUTPUT if self._path == "-" else None

    def __call__(self, spans: list[Span], timeout_s: float) -> Sent:
        line = encode_json(spans, self._resource) + b"\n"
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            if self._file != _STANDARD_OUTPUT and os.fstat(self._file).st_size + len(line) > self._bytes_max:
                raise SendError(f"{self._path} holds its {self._bytes_max} bytes", retry_after_s=None)
            while line:
                line = line[os.write(self._file, line) :]
        except OSError as error:
            raise SendError(f"{self._path}: {error.strerror}", retry_after_s=None) from error
        return Sent()

    def close(self) -> None:
        """Close the file; the next batch opens it again."""
        if self._file is not None and self._file != _STANDARD_OUTPUT:
            os.close(self._file)
            self._file = None
