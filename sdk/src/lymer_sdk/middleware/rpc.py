"""A decorator for the handler of any RPC framework: the caller's headers in, a server span around, errors recorded.

@rpc_handler("greeter.Greeter/Hello", headers=lambda context, request: context.metadata)
def hello(context, request): ...
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from lymer_sdk.middleware.tracing import LocalSpan, Tracing, attach, begin, detach, fail

_Function = TypeVar("_Function", bound=Callable[..., Any])
_tracing = Tracing("rpc")
_EMPTY = Context()


def rpc_handler(
    method: str | None = None,
    *,
    headers: Callable[..., Any] | None = None,
    system: str | None = None,
    **attributes: Any,
) -> Callable[[_Function], _Function]:
    """Each call of the handler (`def` or `async def`) is a server span.

    `method` is its full name, by default the function's. `headers` finds the caller's headers in the handler's own
    arguments: any carrier that `lymer_sdk.extract` reads. `system` is the framework's name.
    """

    def decorate(function: _Function) -> _Function:
        name = method or function.__qualname__
        said = {"rpc.method": name, **({"rpc.system.name": system} if system else {}), **attributes}
        wrapped: _Function = _wrapped(function, name, headers, said)
        return wrapped

    return decorate


def _wrapped(function: Any, name: str, headers: Callable[..., Any] | None, attributes: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            with _Handling(name, attributes, headers(*args, **kwargs) if headers else None):
                return await function(*args, **kwargs)

        return call_async

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _Handling(name, attributes, headers(*args, **kwargs) if headers else None):
            return function(*args, **kwargs)

    return call


class _Handling:
    """One call of a handler."""

    __slots__ = ("_span", "_token")

    def __init__(self, name: str, attributes: dict[str, Any], carrier: Any) -> None:
        tracer = _tracing.refresh()
        context = _tracing.propagator.extract(carrier, _EMPTY) if carrier else _EMPTY
        self._span: LocalSpan
        self._span, inside = begin(tracer, context, name, SpanKind.SERVER, attributes)
        self._token = attach(inside)

    def __enter__(self) -> LocalSpan:
        return self._span

    def __exit__(self, kind: object, exception: BaseException | None, trace: object) -> None:
        detach(self._token)
        if exception is not None:
            fail(self._span, exception)
        self._span.end()
