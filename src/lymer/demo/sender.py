"""Sends the demo's traces to an OTLP/HTTP port, as protobuf, and says clearly why it cannot."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

import pyarrow as pa

from lymer.component.clock import Clock
from lymer.component.errors import ConfigError, UnavailableError
from lymer.demo.operation import Journey
from lymer.model.batch import SpanBatch
from lymer.model.schema import SPAN_SCHEMA
from lymer.wire.otlp_proto import encode_otlp_proto

_RETRY = frozenset({429, 502, 503, 504})
TIMEOUT_S = 30.0


class Sender:
    """One connection to one endpoint, opened again when it was lost."""

    def __init__(self, endpoint: str, clock: Clock) -> None:
        parts = urlsplit(endpoint if "//" in endpoint else f"http://{endpoint}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"--endpoint: must look like http://127.0.0.1:4318, not {endpoint!r}")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port or 4318, timeout=TIMEOUT_S)
        self._path = (
            parts.path.rstrip("/") if parts.path.endswith("/v1/traces") else parts.path.rstrip("/") + "/v1/traces"
        )
        self._clock = clock
        self.endpoint = endpoint

    def wait(self, patience_s: float) -> None:
        """Until the port takes spans. Raises UnavailableError when it does not within its time."""
        deadline = self._clock.monotonic_s() + patience_s
        while True:
            try:
                return self._post(b"")
            except (OSError, http.client.HTTPException, UnavailableError) as error:
                self._connection.close()
                if self._clock.monotonic_s() > deadline:
                    raise UnavailableError(
                        f"nobody takes spans at {self.endpoint} ({error}); start lymer first, or name it by --endpoint"
                    ) from error
                time.sleep(0.2)

    def send(self, journeys: list[Journey]) -> int:
        """Send whole traces; the number of spans. Raises UnavailableError when the endpoint has gone."""
        rows = [row for journey in journeys for row in journey.rows]
        rows.sort(key=lambda row: row["resource_attributes"])
        body = encode_otlp_proto(SpanBatch.from_record_batch(pa.RecordBatch.from_pylist(rows, schema=SPAN_SCHEMA)))
        self._send_patiently(body)
        return len(rows)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _send_patiently(self, body: bytes) -> None:
        """Again, later, when the endpoint asks for that or has closed the connection in between."""
        for pause_s in (0.0, 0.5, 1.0, 2.0, 4.0):
            try:
                return self._post(body)
            except (OSError, http.client.HTTPException, UnavailableError) as error:
                self._connection.close()
                failure = error
                time.sleep(pause_s)
        raise UnavailableError(f"{self.endpoint} takes no more spans: {failure}") from failure

    def _post(self, body: bytes) -> None:
        self._connection.request("POST", self._path, body, {"Content-Type": "application/x-protobuf"})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status in _RETRY:
            raise UnavailableError(f"HTTP {answer.status}")
        if answer.status != 200:
            raise ConfigError(
                f"--endpoint: {self.endpoint} answers {answer.status} to OTLP: {text[:200].decode(errors='replace')}"
            )
