"""Work that is handed to threads and processes keeps its context: `instrument="threads"`, a part of `"auto"`.

`ThreadPoolExecutor.submit` (and with it `run_in_executor`), `Thread`, `Timer` and `ProcessPoolExecutor.submit`. What is
handed over runs in the context that was current when it was: not in that of whoever started the pool's thread.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

from opentelemetry import context as api_context

from lymer_sdk.short import extract, inject

_submit = ThreadPoolExecutor.submit
_submit_to_process = ProcessPoolExecutor.submit
_start = threading.Thread.start


def install() -> None:
    """From now on, everywhere in this process. Twice is once."""
    ThreadPoolExecutor.submit = _submit_in_context  # type: ignore[method-assign,assignment]
    ProcessPoolExecutor.submit = _submit_with_headers  # type: ignore[method-assign,assignment]
    threading.Thread.start = _start_in_context  # type: ignore[method-assign,assignment]


def uninstall() -> None:
    """As it was before."""
    ThreadPoolExecutor.submit = _submit  # type: ignore[method-assign]
    ProcessPoolExecutor.submit = _submit_to_process  # type: ignore[method-assign]
    threading.Thread.start = _start  # type: ignore[method-assign]


def _submit_in_context(
    pool: ThreadPoolExecutor, function: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Future[Any]:
    context = api_context.get_current()
    if not context:
        return _submit(pool, function, *args, **kwargs)
    return _submit(pool, _run, context, function, *args, **kwargs)


def _submit_with_headers(
    pool: ProcessPoolExecutor, function: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Future[Any]:
    headers: dict[str, str] = inject({})
    if not headers:
        return _submit_to_process(pool, function, *args, **kwargs)
    return _submit_to_process(pool, run_with_headers, headers, function, *args, **kwargs)


def run_with_headers(headers: dict[str, str], function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """What another process runs: the function below the span that the headers describe."""
    return _run(extract(headers), function, *args, **kwargs)


def _start_in_context(thread: threading.Thread) -> None:
    context = api_context.get_current()
    if context and not thread.name.startswith("lymer-sdk-"):
        thread.run = functools.partial(_run, context, thread.run)  # type: ignore[method-assign]
    _start(thread)


def _run(context: Any, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    token = api_context.attach(context)
    try:
        return function(*args, **kwargs)
    finally:
        api_context.detach(token)
