"""Redis: a span for each command and each pipeline, synchronous and asyncio. Values never leave the process.

install()  # every client of the process
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis
import redis.asyncio
import redis.asyncio.client
import redis.client
from opentelemetry.trace import SpanKind

from lymer_sdk.middleware.patches import Patches
from lymer_sdk.middleware.tracing import LocalSpan, Tracing, begin, current, fail

_tracing = Tracing("redis")
_patches = Patches()


def install() -> None:
    """Trace every client of redis-py."""
    for client in (redis.Redis, redis.asyncio.Redis):
        _patches.put(client, "execute_command", _traced_async if client is redis.asyncio.Redis else _traced)
    _patches.put(redis.client.Pipeline, "execute", _traced_pipeline)
    _patches.put(redis.asyncio.client.Pipeline, "execute", _traced_pipeline_async)


def uninstall() -> None:
    """As it was before."""
    _patches.remove()


def _traced(original: Any) -> Any:
    def execute_command(self: Any, *args: Any, **options: Any) -> Any:
        with _Command(self, [args]):
            return original(self, *args, **options)

    return execute_command


def _traced_async(original: Any) -> Any:
    async def execute_command(self: Any, *args: Any, **options: Any) -> Any:
        with _Command(self, [args]):
            return await original(self, *args, **options)

    return execute_command


def _traced_pipeline(original: Any) -> Any:
    def execute(self: Any, *args: Any, **kwargs: Any) -> Any:
        with _Command(self, _queued(self), pipeline=True):
            return original(self, *args, **kwargs)

    return execute


def _traced_pipeline_async(original: Any) -> Any:
    async def execute(self: Any, *args: Any, **kwargs: Any) -> Any:
        with _Command(self, _queued(self), pipeline=True):
            return await original(self, *args, **kwargs)

    return execute


class _Command:
    """One round trip."""

    __slots__ = ("_span",)

    def __init__(self, client: Any, commands: Sequence[Sequence[Any]], *, pipeline: bool = False) -> None:
        names = sorted({_text(command[0]).upper() for command in commands})
        name = names[0] if len(names) == 1 else "PIPELINE"
        operation = f"PIPELINE {name}" if pipeline and len(names) == 1 else name
        attributes = {"db.system.name": "redis", "db.operation.name": operation, **_server(client)}
        attributes["db.query.text"] = "\n".join(_statement(command) for command in commands[:100])
        if pipeline:
            attributes["db.operation.batch.size"] = len(commands)
        self._span: LocalSpan
        self._span, _ = begin(_tracing.refresh(), current(), operation, SpanKind.CLIENT, attributes)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, exception: BaseException | None, trace: object) -> None:
        if exception is not None:
            code = str(exception).partition(" ")[0]
            if isinstance(exception, redis.ResponseError) and code.isupper():
                self._span.set_attribute("db.response.status_code", code)
            fail(self._span, exception)
        self._span.end()


def _queued(pipeline: Any) -> list[Sequence[Any]]:
    """The pipeline's commands: pairs of arguments and options, or objects with them."""
    return [getattr(command, "args", None) or command[0] for command in pipeline.command_stack]


def _server(client: Any) -> dict[str, Any]:
    settings = client.connection_pool.connection_kwargs
    attributes: dict[str, Any] = {"db.namespace": str(settings.get("db") or 0)}
    if "host" in settings:
        attributes["server.address"] = settings["host"]
        attributes["server.port"] = int(settings.get("port") or 6379)
    elif "path" in settings:
        attributes["server.address"] = settings["path"]
    return attributes


def _statement(command: Sequence[Any]) -> str:
    """The command with a mark for each argument: keys may name people, values may be anything."""
    return " ".join((_text(command[0]).upper(), *("?" for _ in command[1:])))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
