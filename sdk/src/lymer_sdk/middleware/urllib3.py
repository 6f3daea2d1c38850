"""urllib3: a span for each call of a pool, with all its retries and redirects.

install()  # every pool of the process
"""

from __future__ import annotations

from typing import Any

import urllib3

from lymer_sdk.middleware.http_client import ClientCall, suppressed
from lymer_sdk.middleware.patches import Patches
from lymer_sdk.middleware.tracing import Tracing

_tracing = Tracing("urllib3")
_patches = Patches()


def install() -> None:
    """Trace every pool of urllib3."""
    _patches.put(urllib3.HTTPConnectionPool, "urlopen", _traced)


def uninstall() -> None:
    """As it was before."""
    _patches.remove()


def _traced(original: Any) -> Any:
    def urlopen(
        self: urllib3.HTTPConnectionPool, method: str, url: str, body: Any = None, headers: Any = None, **kwargs: Any
    ) -> urllib3.BaseHTTPResponse:
        if suppressed():
            return original(self, method, url, body, headers, **kwargs)  # type: ignore[no-any-return]
        headers = dict(self.headers if headers is None else headers)
        with ClientCall(_tracing, method, _whole(self, url), headers) as call:
            response: urllib3.BaseHTTPResponse = original(self, method, url, body, headers, **kwargs)
            call.answered(response.status)
            return response

    return urlopen


def _whole(pool: urllib3.HTTPConnectionPool, url: str) -> str:
    return url if "://" in url else f"{pool.scheme}://{pool.host}:{pool.port}{url}"
