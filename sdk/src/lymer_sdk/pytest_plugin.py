"""For tests of applications: the fixture `lymer_spans` has the spans that a test ended, and nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # the SDK is imported by the test that asks for it, after coverage has begun
    from lymer_sdk import Span


@pytest.fixture
def lymer_spans() -> Iterator[list[Span]]:
    """A client of the test's own, global, every trace kept; a list of its spans in the order in which they ended."""
    from lymer_sdk import MemoryReporter, Reporter, Sampler, close, init

    close(0.1)
    memory = MemoryReporter()
    init("test", sampler=Sampler.const(True), reporter=Reporter.memory(memory), environment={})
    yield memory.spans
    close()
