"""The fixture as an application's tests use it."""

from __future__ import annotations

import pytest
from opentelemetry import trace

TRACER = trace.get_tracer("made before any client")


@pytest.mark.parametrize("name", ["first", "second"])
def test_each_test_has_the_spans_of_its_own(lymer_spans, name):
    with TRACER.start_as_current_span(name):
        trace.get_tracer("made later").start_span("child").end()
    assert [span.name for span in lymer_spans] == ["child", name]
