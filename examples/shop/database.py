"""SQL with spans: SQLite in memory, one client span for each statement, named by OpenTelemetry's conventions."""

import sqlite3
import threading
import time
from typing import Any

import lymer_sdk as lymer

ROUND_TRIP_S = 0.002
"""What a statement costs at least where the database is another machine."""


class Database:
    """One service's database."""

    def __init__(self, name: str, script: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.executescript(script)

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows; the span has the statement, and not the values."""
        operation, table = statement.split()[0], _table(statement)
        attributes = {
            "db.system.name": "sqlite",
            "db.namespace": self._name,
            "db.operation.name": operation,
            "db.collection.name": table,
            "db.query.text": statement,
        }
        with lymer.get_tracer().span(f"{operation} {table}", kind="client", **attributes) as span, self._lock:
            time.sleep(ROUND_TRIP_S)
            rows = self._connection.execute(statement, values).fetchall()
            span.tag("db.response.returned_rows", len(rows))
            return rows

    def function(self, name: str, work: Any) -> None:
        """A function that statements can call; one value is looked up once in a statement."""
        self._connection.create_function(name, -1, work, deterministic=True)


def _table(statement: str) -> str:
    words = statement.split()
    return next(words[at + 1] for at, word in enumerate(words) if word in ("FROM", "INTO", "UPDATE"))
