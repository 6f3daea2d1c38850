"""Scope: makes a span the current one for a `with` block, a function, a coroutine, a generator.

Leaving a scope in another context than it was entered in (a generator that was left early, a callback) is no error:
it is counted, and the context stays as it is there.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

from opentelemetry.context import Context
from opentelemetry.trace.propagation import _SPAN_KEY

from lymer_sdk.current_context import attach as _attach
from lymer_sdk.current_context import current as _current
from lymer_sdk.current_context import detach as _detach
from lymer_sdk.span import Span, UnsampledSpan
from lymer_sdk.speedups import in_c

if TYPE_CHECKING:
    from lymer_sdk.tracer import Tracer

_Function = TypeVar("_Function", bound=Callable[..., Any])


@in_c("Scope")
class Scope:
    """What `start_as_current_span` returns: a context manager and a decorator. Not to be entered twice at once."""

    __slots__ = ("_arguments", "_end", "_span", "_token", "_tracer")

    def __init__(self, tracer: Tracer, arguments: tuple[Any, ...], end: bool) -> None:
        self._tracer = tracer
        self._arguments = arguments
        self._end = end

    def __enter__(self) -> Span | UnsampledSpan:
        context = self._arguments[1]
        if context is None:
            context = _current()
        span = self._span = self._tracer.start_in(context, *self._arguments)
        values = dict(context)
        values[_SPAN_KEY] = span
        self._token = _attach(Context(values))
        return span

    def __exit__(self, kind: object, exception: BaseException | None, trace: object) -> None:
        try:
            _detach(self._token)
        except (ValueError, RuntimeError):
            self._tracer.provider.stats.foreign_contexts += 1
        span = self._span
        if exception is not None:
            span.failed(exception)
        if self._end:
            span.end()

    def __call__(self, function: _Function) -> _Function:
        return traced(function, lambda: Scope(self._tracer, self._arguments, self._end))

    def _begin(self) -> Context:
        """Start the span without making it current; the context in which it is."""
        self.__enter__()
        context = _current()
        _detach(self._token)
        return context

    def _finish(self, exception: BaseException | None) -> None:
        if exception is not None:
            self._span.failed(exception)
        if self._end:
            self._span.end()


def traced(function: _Function, scope: Callable[[], Scope]) -> _Function:
    """The function with each of its runs in a scope: a coroutine to its end, a generator from first step to last."""
    if inspect.isasyncgenfunction(function):
        return _traced_async_generator(function, scope)  # type: ignore[no-any-return]
    if inspect.isgeneratorfunction(function):
        return _traced_generator(function, scope)  # type: ignore[no-any-return]
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def traced_coroutine(*args: Any, **kwargs: Any) -> Any:
            with scope():
                return await function(*args, **kwargs)

        return traced_coroutine  # type: ignore[return-value]

    @functools.wraps(function)
    def traced_function(*args: Any, **kwargs: Any) -> Any:
        with scope():
            return function(*args, **kwargs)

    return traced_function  # type: ignore[return-value]


def _traced_generator(function: Any, scope: Callable[[], Scope]) -> Any:
    """The span is current while the generator runs, and not while its consumer does."""

    @functools.wraps(function)
    def traced_generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        entered = scope()
        context = entered._begin()  # noqa: SLF001 (one module, two halves of one idea)
        failure: BaseException | None = None
        try:
            generator = function(*args, **kwargs)
            step: Callable[[Any], Any] = generator.send
            given: Any = None
            while True:
                token = _attach(context)
                try:
                    value = step(given)
                except StopIteration as stop:
                    return stop.value
                finally:
                    context = _current()
                    _detach(token)
                try:
                    step, given = generator.send, (yield value)
                except GeneratorExit:
                    _close(generator, context)
                    raise
                except BaseException as error:
                    step, given = generator.throw, error
        except BaseException as error:
            failure = error
            raise
        finally:
            entered._finish(failure)  # noqa: SLF001

    return traced_generator


def _close(generator: Generator[Any, Any, Any], context: Context) -> None:
    token = _attach(context)
    try:
        generator.close()
    finally:
        _detach(token)


def _traced_async_generator(function: Any, scope: Callable[[], Scope]) -> Any:
    @functools.wraps(function)
    async def traced_async_generator(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        entered = scope()
        context = entered._begin()  # noqa: SLF001
        failure: BaseException | None = None
        try:
            generator = function(*args, **kwargs)
            step: Callable[[Any], Any] = generator.asend
            given: Any = None
            while True:
                token = _attach(context)
                try:
                    value = await step(given)
                except StopAsyncIteration:
                    return
                finally:
                    context = _current()
                    _detach(token)
                try:
                    step, given = generator.asend, (yield value)
                except GeneratorExit:
                    await _aclose(generator, context)
                    raise
                except BaseException as error:
                    step, given = generator.athrow, error
        except BaseException as error:
            failure = error
            raise
        finally:
            entered._finish(failure)  # noqa: SLF001

    return traced_async_generator


async def _aclose(generator: AsyncGenerator[Any, Any], context: Context) -> None:
    token = _attach(context)
    try:
        await generator.aclose()
    finally:
        _detach(token)
