"""Log lines: text for people, JSON for machines."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from lymer.component.logs import configure_logs


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.getLogger("lymer").level
    yield
    root.handlers[:], level, lymer_level = before[0], before[1], before[2]
    root.setLevel(level)
    logging.getLogger("lymer").setLevel(lymer_level)


def written(format_name: str, level: str = "info") -> tuple[io.StringIO, logging.Logger]:
    stream = io.StringIO()
    configure_logs(format_name, level, stream=stream)  # type: ignore[arg-type]
    return stream, logging.getLogger("lymer")


def test_json_lines_hold_the_fields_of_the_occurrence() -> None:
    stream, logger = written("json")
    logger.info("ready", extra={"fields": {"after_s": 0.4, "where": "täglich"}})
    line = json.loads(stream.getvalue())
    assert {key: line[key] for key in ("level", "message", "after_s", "where")} == {
        "level": "info",
        "message": "ready",
        "after_s": 0.4,
        "where": "täglich",
    }
    assert line["time"].endswith("+00:00")


def test_text_lines_quote_what_has_blanks() -> None:
    stream, logger = written("text")
    logger.warning("spans refused", extra={"fields": {"reason": "no id", "count": 3}})
    assert stream.getvalue().rstrip().endswith('WARNING spans refused  reason="no id"  count=3')


def test_a_stream_that_is_no_terminal_gets_json() -> None:
    stream, logger = written("auto")
    logger.info("x")
    assert json.loads(stream.getvalue())["message"] == "x"


def test_an_exception_stays_on_its_line_in_json() -> None:
    stream, logger = written("json")
    logger.error("failed", exc_info=RuntimeError("boom"))
    assert len(stream.getvalue().splitlines()) == 1
    assert "boom" in json.loads(stream.getvalue())["exception"]


def test_the_level_decides_what_is_written() -> None:
    stream, logger = written("json", "error")
    logger.warning("x")
    assert not stream.getvalue()
