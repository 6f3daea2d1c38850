"""Serves the page: the built files of `ui/`, or another page such as a build of jaeger-ui.

Every path that is no file and no API is a place inside the page, so it gets `index.html`, with the base path, the
settings and what this server can do written into it. Not here: what the page shows.
"""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Receive, Scope, Send

import lymer
from lymer.api.config import ApiConfig
from lymer.component.errors import ConfigError
from lymer.component.version import VERSION

BUILT: Final = Path(lymer.__file__).parent / "_ui"

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors *"
)
"""Nothing from elsewhere and nothing inline. Others may show the page in a frame, as dashboards do."""

_HASHED: Final = re.compile(r"assets/.*-[A-Za-z0-9_-]{8}\.[a-z0-9]+")
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"

_NOT_BUILT: Final = """<!doctype html><meta charset="utf-8"><title>Lymer</title>
<h1>The page was not built</h1>
<p>This Lymer runs from a source tree. Build the page with <code>python packaging/lymer_build.py</code> and load this
address again, or use <code>make run</code>, which does it. The APIs answer without it:
<a href="api/services">api/services</a>.
"""


class Page:
    """An ASGI application for everything that is not an API."""

    def __init__(self, config: ApiConfig, capabilities: Callable[[], dict[str, bool]]) -> None:
        self._folder = (config.assets_path or BUILT).resolve()
        self._is_ours = config.assets_path is None
        self._prefix = config.prefix
        self._settings = read_settings(config.ui_config)
        self._capabilities = capabilities
        if not self._is_ours and not (self._folder / "index.html").is_file():
            raise ConfigError(f"assets_path: {self._folder} has no index.html")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope)
        await self._answer(request)(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(status_code=405, headers={"allow": "GET, HEAD"})
        path = request.url.path
        if self._prefix and path != self._prefix and not path.startswith(f"{self._prefix}/"):
            return Response("404 page not found\n", status_code=404, media_type="text/plain")
        name = path[len(self._prefix) :].lstrip("/")
        file = self._file(name)
        if file is None or name == "index.html":
            return self._index()
        return self._asset(name, file, zipped="gzip" in request.headers.get("accept-encoding", ""))

    def _file(self, name: str) -> Path | None:
        try:
            file = (self._folder / name).resolve()
            return file if name and file.is_relative_to(self._folder) and file.is_file() else None
        except (ValueError, OSError):  # A name that no file can have.
            return None

    def _asset(self, name: str, file: Path, *, zipped: bool) -> Response:
        headers = {
            "cache-control": _FOR_EVER if _HASHED.fullmatch(name) else _ASK_AGAIN,
            "x-content-type-options": "nosniff",
        }
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        twin = file.with_name(f"{file.name}.gz")
        if twin.is_file():
            headers["vary"] = "Accept-Encoding"
            if zipped:
                return FileResponse(twin, media_type=media_type, headers={**headers, "content-encoding": "gzip"})
        return FileResponse(file, media_type=media_type, headers=headers)

    def _index(self) -> Response:
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        if self._is_ours:
            headers["content-security-policy"] = CONTENT_SECURITY_POLICY
        try:
            text = (self._folder / "index.html").read_text(encoding="utf-8")
        except FileNotFoundError:
            return HTMLResponse(_NOT_BUILT, headers=headers)
        return HTMLResponse(self._written_into(text), headers=headers)

    def _written_into(self, text: str) -> str:
        capabilities = self._capabilities()
        boot = {
            "basePath": f"{self._prefix}/",
            "version": VERSION,
            "capabilities": capabilities,
            "config": self._settings,
        }
        jaeger_version = {"gitCommit": "", "gitVersion": f"lymer {VERSION}", "buildDate": ""}
        storage = {"archiveStorage": capabilities["archiveStorage"]}
        places = (
            (r'<base href="[^"]*"', f'<base href="{self._prefix}/"'),
            (r'(?<=id="boot">)\{\}', _for_html(boot)),
            (r"JAEGER_VERSION *= *DEFAULT_VERSION;", f"JAEGER_VERSION = {_for_html(jaeger_version)};"),
            (
                r"JAEGER_BACKEND_CAPABILITIES *= *DEFAULT_BACKEND_CAPABILITIES;",
                f"JAEGER_BACKEND_CAPABILITIES = {_for_html(capabilities)};",
            ),
            (
                r"JAEGER_STORAGE_CAPABILITIES *= *DEFAULT_STORAGE_CAPABILITIES;",
                f"JAEGER_STORAGE_CAPABILITIES = {_for_html(storage)};",
            ),
        )
        for pattern, value in places:
            text = _replaced(pattern, value, text)
        if self._settings:
            text = _replaced(
                r"JAEGER_CONFIG *= *DEFAULT_CONFIG;", f"JAEGER_CONFIG = {_for_html(self._settings)};", text
            )
        return text


def read_settings(file: Path | None) -> dict[str, Any]:
    """The settings of the page from their file, none without one. Raises ConfigError."""
    if file is None:
        return {}
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"ui_config: {file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"ui_config: {file} is not JSON: {error}") from error
    if not isinstance(settings, dict):
        raise ConfigError(f"ui_config: {file} must hold a JSON object")
    return settings


def _replaced(pattern: str, value: str, text: str) -> str:
    return re.sub(pattern, lambda _: value, text)


def _for_html(value: Any) -> str:
    """JSON that cannot end the script element that it stands in."""
    return (
        json.dumps(value, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    )
