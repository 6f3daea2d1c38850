"""The ids of the current span in every log line, for logging, structlog and loguru; and log lines on the current span.

The fields `trace_id` and `span_id` are always there, zeros when there is no span, so that a format may name them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, MutableMapping
from typing import Any

from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace.propagation import _SPAN_KEY

from lymer_sdk.current_context import current as _current
from lymer_sdk.span import LocalSpan

LOG_FORMAT = "%(asctime)s %(levelname)s [%(trace_id)s %(span_id)s] %(name)s: %(message)s"
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
_make_record: Callable[..., logging.LogRecord] | None = None
_handler: _SpanHandler | None = None


def current_ids() -> tuple[str, str]:
    """Trace id and span id of the current span in hex; zeros when there is none."""
    span: Any = _current().get(_SPAN_KEY)
    if isinstance(span, LocalSpan):
        return f"{span.trace_id:032x}", f"{span.span_id:016x}"
    if isinstance(span, ApiSpan):
        context = span.get_span_context()
        return f"{context.trace_id:032x}", f"{context.span_id:016x}"
    return _NO_TRACE, _NO_SPAN


def correlate_logs() -> None:
    """Give each record of `logging` the fields `trace_id` and `span_id`. Twice is once."""
    global _make_record
    if _make_record is not None and logging.getLogRecordFactory() is _correlated:
        return
    before = logging.getLogRecordFactory()
    if before is not _correlated:
        _make_record = before
    logging.setLogRecordFactory(_correlated)


def structlog_processor(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog's `processors`, before the renderer."""
    event["trace_id"], event["span_id"] = current_ids()
    if _handler is not None:
        fields = {key: value for key, value in event.items() if key not in ("event", "trace_id", "span_id")}
        _attach(str(event.get("event", "")), method, fields)
    return event


def loguru_patcher(record: Any) -> None:
    """For `loguru.logger.configure(patcher=...)`; a format names `{extra[trace_id]}` and `{extra[span_id]}`."""
    extra = record["extra"]
    extra["trace_id"], extra["span_id"] = current_ids()
    if _handler is not None:
        fields = {key: value for key, value in extra.items() if key not in ("trace_id", "span_id")}
        _attach(record["message"], record["level"].name.lower(), fields)


def attach_logs(level: int = logging.INFO) -> None:
    """From now on a log line of at least this level is an event `log` of the current span, too. Twice is once."""
    global _handler
    if _handler is None:
        _handler = _SpanHandler(level)
        logging.getLogger().addHandler(_handler)


def detach_logs() -> None:
    """No more events of log lines."""
    global _handler
    if _handler is not None:
        logging.getLogger().removeHandler(_handler)
        _handler = None


class _SpanHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("lymer_sdk"):  # what reports spans writes lines of its own
            _attach(record.getMessage(), record.levelname.lower(), {"logger": record.name}, record.exc_info)


def _attach(message: str, level: str, fields: dict[str, Any], failure: Any = None) -> None:
    span = _current().get(_SPAN_KEY)
    if not isinstance(span, ApiSpan) or not span.is_recording():
        return
    span.add_event("log", {"message": message, "level": level, **{key: _plain(item) for key, item in fields.items()}})
    if failure and isinstance(failure, tuple) and isinstance(failure[1], BaseException):
        span.record_exception(failure[1])


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | bool | int | float) else str(value)


def _correlated(*arguments: Any, **named: Any) -> logging.LogRecord:
    record = _make_record(*arguments, **named) if _make_record else logging.LogRecord(*arguments, **named)
    record.trace_id, record.span_id = current_ids()
    return record
