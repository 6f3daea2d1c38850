"""Ids in log lines and log lines on spans, with the loggers that applications use."""

from __future__ import annotations

import io
import logging

import loguru
import lymer_sdk as lymer
import pytest
import structlog
from lymer_sdk import logs
from opentelemetry import trace

ZEROS = "0" * 32 + " " + "0" * 16


@pytest.fixture
def written():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(trace_id)s %(span_id)s %(message)s"))
    logger = logging.getLogger("application")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: stream.getvalue().splitlines()
    logger.removeHandler(handler)


@pytest.fixture
def attached():
    logs.attach_logs()
    logs.attach_logs()
    yield
    logs.detach_logs()


def ids(span):
    return f"{span.trace_id:032x} {span.span_id:016x}"


def test_every_line_has_ids_and_zeros_without_a_span(lymer_spans, written):
    logger = logging.getLogger("application")
    logger.info("before")
    with lymer.get_tracer().span("s") as span:
        logger.info("during")
    foreign = trace.NonRecordingSpan(trace.SpanContext(1, 2, True))
    with trace.use_span(foreign):
        logger.info("remote")
    assert written() == [f"{ZEROS} before", f"{ids(span)} during", f"{1:032x} {2:016x} remote"]


def test_the_format_works_from_the_moment_it_is_read(written):
    logging.setLogRecordFactory(logging.LogRecord)
    assert "%(trace_id)s" in lymer.LOG_FORMAT
    logging.getLogger("application").info("x")
    assert written() == [f"{ZEROS} x"]


def test_a_record_factory_of_the_application_stays(lymer_spans, written):
    class Mine(logging.LogRecord):
        pass

    logging.setLogRecordFactory(Mine)
    try:
        logs.correlate_logs()
        record = logging.getLogRecordFactory()("n", 20, "p", 1, "m", (), None)
        assert isinstance(record, Mine)
        assert record.trace_id == "0" * 32
    finally:
        logging.setLogRecordFactory(logging.LogRecord)
        logs.correlate_logs()


def test_structlog_and_loguru_have_them_too(lymer_spans):
    lines = []
    log = structlog.wrap_logger(
        structlog.PrintLogger(io.StringIO()),
        processors=[logs.structlog_processor, lambda *given: lines.append(given[2]) or str(given[2])],
    )
    logger = loguru.logger.patch(logs.loguru_patcher)
    sink = logger.add(lambda message: lines.append(message.record["extra"]), format="{message}")
    with lymer.get_tracer().span("s") as span:
        log.info("a", k=1)
        logger.info("b")
    logger.remove(sink)
    log.info("c")
    assert [f"{line['trace_id']} {line['span_id']}" for line in lines] == [ids(span), ids(span), ZEROS]


def test_lines_are_events_of_the_current_span_if_asked(lymer_spans, attached):
    log = structlog.wrap_logger(structlog.PrintLogger(io.StringIO()), processors=[logs.structlog_processor, str_of])
    with lymer.get_tracer().span("s"):
        logging.getLogger("application").info("one %d", 1)
        log.warning("two", order=7)
        loguru.logger.patch(logs.loguru_patcher).bind(user="u").info("three")
        try:
            raise ValueError("bad")
        except ValueError:
            logging.getLogger("application").exception("four")
    logging.getLogger("application").info("nowhere")
    events = lymer_spans[0].events
    assert [event.name for event in events] == ["log"] * 4 + ["exception"]
    assert events[0].attributes == {"message": "one 1", "level": "info", "logger": "application"}
    assert events[1].attributes == {"message": "two", "level": "warning", "order": 7}
    assert events[2].attributes == {"message": "three", "level": "info", "user": "u"}
    assert events[4].attributes["exception.type"] == "ValueError"


def str_of(logger, method, event):
    return str(event)
