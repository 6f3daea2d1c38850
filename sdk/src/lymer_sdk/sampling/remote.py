"""A sampler that asks a server: Jaeger's remote sampling, in both dialects of its JSON, the last good answer kept.

The first answer is fetched soon after the first span, later ones after every interval, each time a little early or
late, so that a fleet does not ask at once. What fails is counted and said once; the sampler goes on with what it has.
"""

from __future__ import annotations

import codecs
import json
import logging
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from lymer_sdk.forked import begins_again_in_child, may_start_threads
from lymer_sdk.http_connection import HttpConnection
from lymer_sdk.sampling.decision import Decision, Question, Sampler
from lymer_sdk.sampling.operations import PerOperation
from lymer_sdk.sampling.probability import Probabilistic
from lymer_sdk.sampling.rate import RateLimiting
from lymer_sdk.tls import Tls

_log = logging.getLogger(__name__)


class Remote:
    """Follows the strategy that a server gives for this service; `initial` until there is one.

    With `last_good_path` the answer is kept in a file too, so that a restart while the server is away begins with it.
    """

    def __init__(
        self,
        endpoint: str,
        service: str,
        *,
        initial: Sampler | None = None,
        interval_s: float = 60.0,
        operations_max: int = 2000,
        last_good_path: str | Path | None = None,
        fetch: Callable[[str], bytes] | None = None,
    ) -> None:
        self._url, known = source_of(endpoint, service)
        self._service = service
        self._interval_s = interval_s
        self._operations_max = operations_max
        self._last_good = Path(last_good_path) if last_good_path else None
        self._fetch = fetch or known
        self._random = random.Random(os.urandom(16))  # noqa: S311 (an interval is no secret)
        self.current: Sampler = initial or Probabilistic(0.001)
        self.updates: int = 0
        self.failures: int = 0
        self.last_error: str = ""
        self._closed = False
        self.begin_in_child()
        begins_again_in_child(self)
        self._read_last_good()

    def begin_in_child(self) -> None:
        """A thread of the child's own, with its first span."""
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._started = False

    def decide(self, question: Question, /) -> Decision:
        if not self._started:
            self._start()
        return self.current.decide(question)

    def refresh(self) -> bool:
        """Ask once, now; whether there was a good answer."""
        try:
            answer = self._fetch(self._url)
            self.current = sampler_from(json.loads(answer), self.current, self._operations_max)
        except Exception as error:  # whatever a server may answer, the thread goes on
            self._failed(error)
            return False
        self.updates += 1
        self.last_error = ""
        self._write_last_good(answer)
        return True

    def close(self) -> None:
        """Ask no more. The last strategy goes on."""
        self._closed = True
        self._stop.set()

    def _start(self) -> None:
        """One thread a process, begun by the first span there."""
        with self._lock:
            if self._started or not may_start_threads():
                return
            self._started = True
        if not self._closed:
            codecs.lookup("idna")  # see BatchReporter._start_thread
            threading.Thread(target=self._run, name="lymer-sdk-sampler", daemon=True).start()

    def _run(self) -> None:
        pause_s = self._random.uniform(0.0, min(1.0, self._interval_s))
        while not self._stop.wait(pause_s):
            self.refresh()
            pause_s = self._interval_s * self._random.uniform(0.9, 1.1)

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        text = f"{type(error).__name__}: {error}"
        if text != self.last_error:
            _log.warning("sampling strategy of %s from %s: %s; the last one goes on", self._service, self._url, text)
        self.last_error = text

    def _read_last_good(self) -> None:
        if self._last_good is None or not self._last_good.is_file():
            return
        try:
            self.current = sampler_from(json.loads(self._last_good.read_bytes()), self.current, self._operations_max)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            _log.warning("%s is not read: %s", self._last_good, error)

    def _write_last_good(self, answer: bytes) -> None:
        if self._last_good is None:
            return
        beside = self._last_good.with_suffix(f".{os.getpid()}")
        try:
            beside.write_bytes(answer)
            beside.replace(self._last_good)
        except OSError as error:
            _log.warning("%s is not written: %s", self._last_good, error)


def source_of(endpoint: str, service: str) -> tuple[str, Callable[[str], bytes]]:
    """Where the strategy is, and how to ask: `grpc://host:14250` by gRPC, anything else by HTTP."""
    if endpoint.startswith(("grpc://", "grpcs://")):
        from lymer_sdk.sampling.remote_grpc import GrpcStrategies

        return endpoint, GrpcStrategies(endpoint, service)
    return strategy_url(endpoint, service), fetch_http


def strategy_url(endpoint: str, service: str) -> str:
    """`http://host:5778/sampling?service=...`; a bare `host:5778` means its `/sampling`."""
    endpoint = endpoint if "://" in endpoint else f"http://{endpoint}"
    address = urlsplit(endpoint)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ValueError(f"a sampling endpoint is http://host:port/path, not {endpoint!r}")
    path = address.path if address.path not in ("", "/") or address.query else "/sampling"
    query = f"{address.query}&" if address.query else ""
    return f"{address.scheme}://{address.netloc}{path}?{query}service={quote(service, safe='')}"


def fetch_http(url: str) -> bytes:
    """The body of a GET; raises OSError."""
    address = urlsplit(url)
    secure = address.scheme == "https"
    port = address.port or (443 if secure else 80)
    connection = HttpConnection(address.hostname or "", port, Tls().context() if secure else None)
    try:
        path = f"{address.path}?{address.query}"
        answer = connection.request("GET", path, b"", {"Accept": "application/json"}, timeout_s=10.0)
    finally:
        connection.close()
    if answer.status != 200:
        raise OSError(f"it answered {answer.status} {answer.reason}")
    return answer.body


def sampler_from(answer: dict[str, Any], current: Sampler, operations_max: int) -> Sampler:
    """The sampler of a strategy; a current one of the same kind goes on with the new figures and what it saved up.

    The type may be a name (Jaeger's proto JSON), a number (its Thrift JSON) or missing (proto's zero: probabilistic).
    """
    if operations := answer.get("operationSampling"):
        return _per_operation(operations, current, operations_max)
    kind = answer.get("strategyType", 0)
    if kind in ("RATE_LIMITING", 1):
        return _rate_limiting(float(answer["rateLimitingSampling"].get("maxTracesPerSecond", 0)), current)
    if kind in ("PROBABILISTIC", 0):
        return Probabilistic(_rate(answer["probabilisticSampling"]))
    raise ValueError(f"unknown strategyType {kind!r}")


def _per_operation(answer: dict[str, Any], current: Sampler, operations_max: int) -> Sampler:
    shares = {
        strategy["operation"]: _rate(strategy["probabilisticSampling"])
        for strategy in answer.get("perOperationStrategies") or ()
        if strategy.get("probabilisticSampling")
    }
    default = Probabilistic(answer.get("defaultSamplingProbability", 0.0)).probability
    per_second_min = float(answer.get("defaultLowerBoundTracesPerSecond", 0.0))
    if isinstance(current, PerOperation):
        current.change(shares, default=default, per_second_min=per_second_min)
        return current
    return PerOperation(shares, default=default, per_second_min=per_second_min, operations_max=operations_max)


def _rate_limiting(per_second_max: float, current: Sampler) -> Sampler:
    if not isinstance(current, RateLimiting):
        return RateLimiting(per_second_max)
    if current.per_second_max != per_second_max:
        current.change(per_second_max)
    return current


def _rate(strategy: dict[str, Any]) -> float:
    return Probabilistic(strategy.get("samplingRate", 0.0)).probability
