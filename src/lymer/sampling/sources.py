"""Where a file of strategies is read from: a path or an address. Each says whether it has changed since it was read.

Blocking; `provider` asks in a thread.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Final, Protocol

from lymer.component.errors import UnavailableError

BYTES_MAX: Final = 16 << 20
"""Of a file of strategies: 100,000 services with an operation each."""


class Source(Protocol):
    """Something to read strategies from."""

    @property
    def name(self) -> str:
        """The path or address, for complaints."""

    def read(self) -> bytes | None:
        """What it holds; None when that has not changed since the last call. Raises UnavailableError."""


class FileSource:
    """A file. Another file in its place is noticed as well as a change: that is how Kubernetes mounts change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int, int] | None = None

    @property
    def name(self) -> str:
        return str(self._path)

    def read(self) -> bytes | None:
        try:
            status = self._path.stat()
            seen = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
            if seen == self._seen:
                return None
            with self._path.open("rb") as file:
                data = file.read(BYTES_MAX + 1)
        except OSError as error:
            self._seen = None
            raise UnavailableError(f"{self.name}: cannot be read: {error.strerror}") from error
        self._seen = seen
        return _bounded(data, self.name)


class UrlSource:
    """An http(s) address, asked with the ETag or the date of what came last.

    503 at the first reading means that there are no strategies yet, as it does for Jaeger.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._conditions: dict[str, str] = {}
        self._has_read = False

    @property
    def name(self) -> str:
        return self._url

    def read(self) -> bytes | None:
        request = urllib.request.Request(self._url, headers=self._conditions)  # noqa: S310  It is http or https.
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as response:  # noqa: S310
                data: bytes | None = _bounded(response.read(BYTES_MAX + 1), self.name)
                self._conditions = _conditions(response.headers.get("ETag"), response.headers.get("Last-Modified"))
        except urllib.error.HTTPError as error:
            error.close()
            data = self._refused(error)
        except (OSError, ValueError, HTTPException) as error:
            self._conditions = {}
            raise UnavailableError(f"{self.name}: cannot be read: {getattr(error, 'reason', error)}") from error
        self._has_read = True
        return data

    def _refused(self, error: urllib.error.HTTPError) -> bytes | None:
        if error.code == 304:
            return None
        self._conditions = {}
        if error.code == 503 and not self._has_read:
            return b"null"
        raise UnavailableError(f"{self.name}: answered {error.code} {error.reason}") from error


def source_of(text: str, *, timeout_s: float) -> Source:
    """The source that a path or an address means."""
    if text.startswith(("http://", "https://")):
        return UrlSource(text, timeout_s=timeout_s)
    return FileSource(Path(text))


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > BYTES_MAX:
        raise UnavailableError(f"{name}: is larger than {BYTES_MAX >> 20} MiB")
    return data


def _conditions(tag: str | None, date: str | None) -> dict[str, str]:
    if tag:
        return {"If-None-Match": tag}
    return {"If-Modified-Since": date} if date else {}
