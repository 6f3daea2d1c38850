"""How log lines look: text for people, JSON for machines. What is logged is in `component.events`."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import IO, Literal

LogFormat = Literal["auto", "text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]


def configure_logs(format_name: LogFormat = "auto", level: LogLevel = "info", *, stream: IO[str] | None = None) -> None:
    """Send all logs to one stream, standard error by default; `auto` is text on a terminal and JSON elsewhere."""
    stream = stream or sys.stderr
    as_json = format_name == "json" or (format_name == "auto" and not stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if as_json else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("lymer").setLevel(level.upper())


class TextFormatter(logging.Formatter):
    """`12:00:01.234 INFO    ready  after_s=0.4`"""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S.%f")[:-3]
        fields = "".join(f"  {key}={_plain(value)}" for key, value in _fields(record).items())
        line = f"{time} {record.levelname:<7} {record.getMessage()}{fields}"
        return line if not record.exc_info else f"{line}\n{self.formatException(record.exc_info)}"


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, message, then the fields of the occurrence."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line.update(_fields(record))
        if record.name != "lymer":
            line["logger"] = record.name
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return getattr(record, "fields", {})


def _plain(value: object) -> str:
    text = str(value)
    return (
        json.dumps(text, ensure_ascii=False)
        if not text or any(char.isspace() or char == '"' for char in text)
        else text
    )
