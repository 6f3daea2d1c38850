"""How the process is: Jaeger's admin port (`/`, `/version`, `/metrics`) and the Collector's health check (`/status`).

It answers before everything else is up and until everything else is down: a bare ASGI application that needs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Literal

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from lymer.component.clock import Clock
from lymer.storage.base import Health

Phase = Literal["starting", "ready", "stopping"]
Handler = Callable[[dict[str, Any]], tuple[int, str, bytes]]

_PHASE_STATUS = {"starting": "StatusStarting", "ready": "StatusOK", "stopping": "StatusStopping"}
_JSON = "application/json"


class State:
    """In which phase the process is, since when, and how its store is."""

    def __init__(self, clock: Clock, *, version: str) -> None:
        self._clock = clock
        self.version = version
        self.phase: Phase = "starting"
        self.started_unix_nano = clock.now_unix_nano()
        self.changed_unix_nano = self.started_unix_nano
        self.store_health: Callable[[], Health] | None = None

    def enter(self, phase: Phase) -> None:
        """Go on to the next phase."""
        self.phase = phase
        self.changed_unix_nano = self._clock.now_unix_nano()

    def up_s(self) -> float:
        """Seconds since the process became ready."""
        return (self._clock.now_unix_nano() - self.changed_unix_nano) / 1e9


def build_admin(state: State, registry: CollectorRegistry) -> Any:
    """The application of ports 14269 and 14271."""
    return _Routes(
        {
            "/": lambda scope: _availability(state),
            "/version": lambda scope: _version(state),
            "/metrics": lambda scope: _metrics(registry, scope),
            "/status": lambda scope: _verbose_status(state, scope),
        }
    )


def build_status(state: State) -> Any:
    """The application of port 13133."""
    return _Routes({"/status": lambda scope: _verbose_status(state, scope)})


class _Routes:
    """GET and HEAD of a few fixed paths."""

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self._handlers = handlers

    async def __call__(self, scope: dict[str, Any], receive: object, send: Callable[[Any], Awaitable[None]]) -> None:
        handler = self._handlers.get(scope["path"])
        if handler is None:
            status, content_type, body = 404, "text/plain; charset=utf-8", b"404 page not found\n"
        elif scope["method"] not in ("GET", "HEAD"):
            status, content_type, body = 405, "text/plain; charset=utf-8", b"405 method not allowed, supported: [GET]\n"
        else:
            status, content_type, body = handler(scope)
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _availability(state: State) -> tuple[int, str, bytes]:
    """As Jaeger's admin server says it."""
    if state.phase != "ready":
        return 503, _JSON, _json({"status": "Server not available", "upSince": "0001-01-01T00:00:00Z", "uptime": ""})
    return (
        200,
        _JSON,
        _json(
            {
                "status": "Server available",
                "upSince": _rfc3339(state.changed_unix_nano),
                "uptime": go_duration(state.up_s()),
            }
        ),
    )


def _version(state: State) -> tuple[int, str, bytes]:
    return 200, _JSON, _json({"gitCommit": "", "gitVersion": f"v{state.version}", "buildDate": ""})


def _metrics(registry: CollectorRegistry, scope: dict[str, Any]) -> tuple[int, str, bytes]:
    accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
    encoder, content_type = choose_encoder(accept)
    return 200, content_type, encoder(registry)


def _verbose_status(state: State, scope: dict[str, Any]) -> tuple[int, str, bytes]:
    return _status(state, verbose=b"verbose" in scope.get("query_string", b""))


def _status(state: State, *, verbose: bool) -> tuple[int, str, bytes]:
    """As the Collector's healthcheckv2 extension says it: an error that may pass is not a reason to be restarted."""
    health = state.store_health() if state.store_health and state.phase == "ready" else Health()
    store_ok = health.can_write and health.can_read
    status = _PHASE_STATUS[state.phase] if store_ok else "StatusRecoverableError"
    line: dict[str, object] = {
        "start_time": _rfc3339(state.started_unix_nano),
        "healthy": state.phase == "ready" and store_ok,
        "status": status,
        "status_time": _rfc3339(state.changed_unix_nano),
    }
    if health.reason:
        line["error"] = health.reason
    if verbose:
        line["components"] = {"store": {"healthy": store_ok, "status": "StatusOK" if store_ok else status}}
    return (200 if state.phase == "ready" else 503), _JSON, _json(line)


def go_duration(seconds: float) -> str:
    """Seconds as Go prints them: `1h2m3.5s`."""
    if seconds < 1:
        return f"{seconds * 1000:.6f}".rstrip("0").rstrip(".") + "ms" if seconds else "0s"
    whole_minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(whole_minutes), 60)
    tail = f"{rest:.9f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{tail}"
    return f"{minutes}m{tail}" if minutes else tail


def _rfc3339(unix_nano: int) -> str:
    return datetime.fromtimestamp(unix_nano / 1e9, UTC).isoformat().replace("+00:00", "Z")


def _json(value: dict[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
