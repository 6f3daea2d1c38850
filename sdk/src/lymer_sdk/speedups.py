"""The speed-ups in C, where they are installed (`pip install lymer-sdk-speedups`); nothing changes but the cost.

A class here is whole in Python. `@in_c("Name")` puts in its place one whose methods are C's as far as C has them, and
its own for the rest. `LYMER_SDK_PURE=1` leaves the speed-ups out.
"""

from __future__ import annotations

import os
import sys
from abc import ABCMeta
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

CONTRACT = 1
"""What the C half must say of itself: another number belongs to another release."""
_OF_ONE_CLASS = ("__dict__", "__weakref__", "__abstractmethods__", "_abc_impl")
_made: set[type] = set()
_NO = ("", "0", "false", "no")
_Class = TypeVar("_Class", bound=type)


def _load() -> Any:
    if os.environ.get("LYMER_SDK_PURE", "").lower() not in _NO:
        return None
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return None  # loading it would bring the lock back for the whole process
    try:
        _native: Any = import_module("lymer_sdk_speedups._native")
    except ImportError:
        return None
    return _native if getattr(_native, "CONTRACT", None) == CONTRACT else None


native: Any = _load()
"""The C half, or None."""


def in_c(name: str) -> Callable[[_Class], _Class]:
    """The decorator of a class that C has a part of."""

    def decorated(pure: _Class) -> _Class:
        return pure if native is None else _completed(getattr(native, name), pure)

    return decorated


def _completed(fast: type, pure: Any) -> Any:
    """The C type with what the Python class has besides, known to the API's abstract classes as one of theirs."""
    replaced = {*vars(fast), *vars(pure).get("__slots__", ()), *_OF_ONE_CLASS}
    own = {key: value for key, value in vars(pure).items() if key not in replaced}
    own.update({"__doc__": pure.__doc__, "__module__": pure.__module__})
    if "__slots__" in vars(pure):
        own["__slots__"] = ()
    completed: Any = type(pure.__name__, (fast, *(base for base in pure.__bases__ if base in _made)), own)
    for base in pure.__mro__[1:]:
        if isinstance(base, ABCMeta):
            base.register(completed)
    _made.add(completed)
    return completed
