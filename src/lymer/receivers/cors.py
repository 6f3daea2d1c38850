"""Cross-origin requests: which pages of other origins may send, as the OpenTelemetry Collector decides it.

Without allowed origins there is no CORS at all: no header is added and a preflight is an ordinary, refused OPTIONS.
"""

from __future__ import annotations

import fnmatch

from lymer.component.config import Config

Headers = list[tuple[bytes, bytes]]

_ALWAYS_ALLOWED = ("accept", "accept-language", "content-type", "content-language")


class CorsConfig(Config):
    """The collector's `cors` block."""

    allowed_origins: tuple[str, ...] = ()
    """Origins that may send, e.g. `https://*.example.com`; `*` allows every page."""
    allowed_headers: tuple[str, ...] = ()
    """Headers that pages may add to the usual ones; `*` allows every header."""
    max_age: int = 0
    """For how many seconds a browser may remember a preflight; 0 leaves it to the browser."""


class Cors:
    """Answers for one route."""

    def __init__(self, config: CorsConfig, *, methods: str) -> None:
        self._origins = [origin.lower() for origin in config.allowed_origins]
        self.is_enabled = bool(self._origins)
        """Whether any page may send."""
        self._headers = [header.lower() for header in config.allowed_headers]
        self._max_age = config.max_age
        self._methods = methods

    def allows(self, origin: str) -> bool:
        """Whether pages of this origin may send."""
        return any(fnmatch.fnmatchcase(origin.lower(), pattern) for pattern in self._origins)

    def response_headers(self, origin: str | None) -> Headers:
        """What is added to the answer of a request that names this origin."""
        if not self.is_enabled:
            return []
        if origin is None or not self.allows(origin):
            return [(b"vary", b"Origin")]
        if "*" in self._origins:
            return [(b"access-control-allow-origin", b"*")]
        return [
            (b"vary", b"Origin"),
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
        ]

    def preflight_headers(self, origin: str, *, method: str, wanted_headers: str) -> Headers:
        """What answers a preflight; without an allow header where the page may not send what it wants to."""
        vary = [(b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers")]
        names = [name.strip().lower() for name in wanted_headers.split(",") if name.strip()]
        if not self.allows(origin) or method.upper() != self._methods or not all(map(self._header_allowed, names)):
            return vary
        headers = [pair for pair in self.response_headers(origin) if pair[0] != b"vary"]
        headers += [*vary, (b"access-control-allow-methods", self._methods.encode())]
        if names:
            headers.append((b"access-control-allow-headers", ", ".join(names).encode("latin-1")))
        if self._max_age:
            headers.append((b"access-control-max-age", str(self._max_age).encode()))
        return headers

    def _header_allowed(self, name: str) -> bool:
        return name in _ALWAYS_ALLOWED or name in self._headers or "*" in self._headers
