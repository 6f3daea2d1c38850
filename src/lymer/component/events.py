"""Named occurrences: each one counts once and, where a person should know, logs once.

Metrics are Prometheus', on a registry that is handed in; the log is the standard library's. Users rely on the names of
both; docs/operating/metrics.md lists them. Not here: how log lines look (`component.logs`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from lymer.component.base import Endpoint
from lymer.component.clock import Clock, SystemClock
from lymer.component.tallies import Tally, TallyOfSeconds

LOGGER = logging.getLogger("lymer")

LOG_INTERVAL_S = 10.0
"""Of occurrences that a sender can cause at will, one line is written in this time; the rest is only counted."""

_QUERY_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_REQUEST_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0)

Figures = Callable[[], Mapping[str, float]]
TenantFigures = Callable[[], Mapping[str, Mapping[str, float]]]
QueryCallback = Callable[[str, float, str], None]


@dataclass(frozen=True, slots=True)
class Origin:
    """How spans came in."""

    format: str
    """Name of the codec: `otlp_proto`, `otlp_json`."""
    transport: str
    """`http`, `grpc`, `udp`, `kafka`."""


class Events:
    """What happens in one process. Methods are cheap, never raise, and may be called from several threads."""

    def __init__(self, registry: CollectorRegistry | None = None, *, clock: Clock | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._clock = clock or SystemClock()
        self._throttle = _Throttle(self._clock)
        self._query_callbacks: list[QueryCallback] = []
        by_origin = ("format", "transport")
        self._received = self._tally("spans_received", "Spans that came in and were well formed.", by_origin)
        self._refused = self._counter(
            "spans_refused", "Spans that were refused to their sender.", (*by_origin, "cause")
        )
        self._refused_requests = self._counter(
            "requests_refused", "Requests that were refused whole to their sender.", (*by_origin, "cause")
        )
        self._datagrams = self._tally("datagrams_received", "Datagrams that were read.", ("receiver",))
        self._dropped_datagrams = self._counter(
            "datagrams_dropped", "Datagrams whose spans are lost, by cause.", ("receiver", "cause")
        )
        self._client_batches = self._counter(
            "client_batches_received", "Batches of Jaeger's clients that number them.", ("receiver",)
        )
        self._client_batches_sent = self._counter(
            "client_batches_sent", "Batches that those clients have sent, by their numbers.", ("receiver",)
        )
        self._client_drops = self._counter(
            "client_spans_dropped", "Spans that clients say they have dropped themselves.", ("receiver", "cause")
        )
        self._clients = Gauge(
            "lymer_clients_known", "Clients that number their batches.", ("receiver",), registry=self.registry
        )
        self._sanitized = self._counter(
            "spans_sanitized", "Spans that were changed before they were stored.", ("cause",)
        )
        self._dropped = self._counter("spans_dropped", "Spans that were taken in and then given up.", ("cause",))
        self._sent = self._tally("spans_sent", "Spans that a collector has acknowledged.", ("protocol",))
        self._failed_sends = self._counter("sends_failed", "Sends that a collector did not take.", ("cause",))
        self._stored = self._tally("spans_stored", "Spans that the store has acknowledged.", ("tenant",))
        self._failed_writes = self._counter("store_writes_failed", "Writes that the store refused.", ("cause",))
        self._request_seconds = TallyOfSeconds(
            "lymer_request_seconds",
            "From the first byte of a request to its acknowledgement.",
            ("transport",),
            buckets_s=_REQUEST_BUCKETS_S,
            clock=self._clock,
        )
        self.registry.register(self._request_seconds)
        self._query_seconds = Histogram(
            "lymer_query_seconds",
            "How long questions took, by kind and result.",
            ("kind", "result"),
            buckets=_QUERY_BUCKETS_S,
            registry=self.registry,
        )
        self._unexpected = self._counter(
            "unexpected_errors", "Errors that nobody foresaw; each one is a bug.", ("where",)
        )
        self._ready = Gauge("lymer_ready", "1 when everything listens.", registry=self.registry)

    def spans_received(self, count: int, origin: Origin) -> None:
        """Spans are decoded and acknowledged."""
        self._received.add(count, origin.format, origin.transport)

    def spans_refused(self, count: int, origin: Origin, *, reason: str) -> None:
        """Some spans of a request are malformed; the rest goes on."""
        self._refused.labels(origin.format, origin.transport, "malformed").inc(count)
        self._warn("spans refused", f"{origin}", cause="malformed", reason=reason, count=count, format=origin.format)

    def request_refused(self, origin: Origin, *, cause: str, reason: str, span_count: int = 0) -> None:
        """A whole request is refused. Causes: `malformed`, `too_large`, `unsupported`, `overloaded`, `unavailable`,
        `refused`, `unexpected`.
        """
        self._refused_requests.labels(origin.format, origin.transport, cause).inc()
        if span_count:
            self._refused.labels(origin.format, origin.transport, cause).inc(span_count)
        self._warn(
            "request refused",
            f"{origin}{cause}",
            cause=cause,
            reason=reason,
            format=origin.format,
            transport=origin.transport,
        )

    def datagrams_awaited(self, *, receiver: str) -> None:
        """The receiver listens: its counters are there, at zero."""
        self._datagrams.add(0, receiver)
        for cause in ("kernel", "malformed", "unavailable"):
            self._dropped_datagrams.labels(receiver, cause)

    def datagrams_received(self, count: int, *, receiver: str) -> None:
        """So many datagrams were read from the receiver's socket."""
        self._datagrams.add(count, receiver)

    def datagrams_dropped(
        self, count: int, origin: Origin, *, receiver: str, cause: str, reason: str, span_count: int = 0
    ) -> None:
        """The spans of so many datagrams are lost. Causes: `kernel` (they were never read), `malformed`, `overloaded`,
        `unavailable`, `refused`, `stopped`, `unexpected`. `span_count` of them had been decoded.
        """
        self._dropped_datagrams.labels(receiver, cause).inc(count)
        if span_count:
            self._refused.labels(origin.format, origin.transport, cause).inc(span_count)
        self._warn("datagrams dropped", receiver + cause, receiver=receiver, cause=cause, reason=reason, count=count)

    def client_batch_received(self, *, receiver: str, sent: int, client_count: int) -> None:
        """A client has numbered a batch: so many were sent since the last that came; so many clients are known."""
        self._client_batches.labels(receiver).inc()
        self._client_batches_sent.labels(receiver).inc(sent)
        self._clients.labels(receiver).set(client_count)

    def client_spans_dropped(self, count: int, *, receiver: str, cause: str) -> None:
        """A client says that it has dropped spans. Causes: `full_queue`, `too_large`, `send_failure`."""
        self._client_drops.labels(receiver, cause).inc(count)
        self._warn("a client drops spans", receiver + cause, receiver=receiver, cause=cause, count=count)

    def spans_sanitized(self, count: int, *, cause: str) -> None:
        """Stored spans were changed for this cause, and say so; a span may have several."""
        self._sanitized.labels(cause).inc(count)
        self._warn("spans sanitized", cause, cause=cause, count=count)

    def request_answered(self, seconds: float, *, transport: str) -> None:
        """A request with spans was acknowledged after so many seconds."""
        self._request_seconds.observe(seconds, transport)

    def spans_stored(self, count: int, *, tenant: str) -> None:
        """The store has acknowledged spans."""
        self._stored.add(count, tenant)

    def store_write_failed(self, *, cause: str, reason: str) -> None:
        """The store refused a write; cause is `overloaded`, `unavailable`, `refused` or `unexpected`."""
        self._failed_writes.labels(cause).inc()
        self._warn("store write failed", cause, cause=cause, reason=reason)

    def spans_sent(self, count: int, *, protocol: str) -> None:
        """A collector has acknowledged spans that were sent on."""
        self._sent.add(count, protocol)

    def send_failed(self, *, cause: str, reason: str, collector: str) -> None:
        """A collector did not take spans; they are sent again."""
        self._failed_sends.labels(cause).inc()
        self._warn("send failed", collector + cause, cause=cause, collector=collector, reason=reason)

    def spans_dropped(self, count: int, *, cause: str, reason: str) -> None:
        """Spans that were acknowledged are lost: `spool_full`, `damaged`, or `refused` by the collector for good."""
        self._dropped.labels(cause).inc(count)
        self._warn("spans dropped", cause, cause=cause, reason=reason, count=count)

    def query_answered(self, kind: str, seconds: float, *, result: str = "ok") -> None:
        """A question has ended. Results: `ok`, `bad`, `budget`, `cancelled`, `overloaded`, `not_found`, `failed`."""
        self._query_seconds.labels(kind, result).observe(seconds)
        for callback in self._query_callbacks:
            callback(kind, seconds, result)

    def when_query_answered(self, callback: QueryCallback) -> None:
        """Call back with kind, seconds and result whenever a question has ended. It must be quick and not raise."""
        self._query_callbacks.append(callback)

    def unexpected(self, where: str, error: BaseException) -> None:
        """Something failed that nobody foresaw; what asked for it gets an error, everything else goes on."""
        self._unexpected.labels(where).inc()
        LOGGER.error("unexpected error", exc_info=error, extra={"fields": {"where": where}})

    def started(self, endpoints: list[Endpoint], *, seconds: float) -> None:
        """Everything listens."""
        self._ready.set(1)
        where = {endpoint.name: endpoint.address for endpoint in endpoints}
        LOGGER.info("ready", extra={"fields": {"after_s": round(seconds, 3), **where}})

    def stopping(self, *, reason: str) -> None:
        """Nothing is taken in any more."""
        self._ready.set(0)
        LOGGER.info("stopping", extra={"fields": {"reason": reason}})

    def stopped(self, *, seconds: float) -> None:
        """Everything accepted is durable and closed."""
        LOGGER.info("stopped", extra={"fields": {"after_s": round(seconds, 3)}})

    def noticed(self, message: str, **fields: object) -> None:
        """Something of a component's own that a person may want to know."""
        LOGGER.info(message, extra={"fields": fields})

    def warned(self, message: str, **fields: object) -> None:
        """Something of a component's own that a person should look at."""
        LOGGER.warning(message, extra={"fields": fields})

    def watch(self, prefix: str, figures: Figures) -> None:
        """Show figures as gauges `lymer_<prefix>_<name>`, read when somebody asks for the metrics."""
        self.registry.register(_FigureCollector(prefix, figures))

    def watch_tenants(self, prefix: str, figures: TenantFigures) -> None:
        """Show figures of each tenant as `lymer_<prefix>_tenant_<name>`. Tenants must be few: each is a label."""
        self.registry.register(_TenantFigureCollector(f"{prefix}_tenant", figures))

    def _counter(self, name: str, meaning: str, labels: tuple[str, ...]) -> Counter:
        return Counter(f"lymer_{name}", meaning, labels, registry=self.registry)

    def _tally(self, name: str, meaning: str, labels: tuple[str, ...]) -> Tally:
        """A counter of what happens with every request."""
        tally = Tally(f"lymer_{name}", meaning, labels, clock=self._clock)
        self.registry.register(tally)
        return tally

    def _warn(self, message: str, key: str, **fields: object) -> None:
        suppressed = self._throttle.passes(message + key)
        if suppressed is None:
            return
        if suppressed:
            fields["similar_not_shown"] = suppressed
        LOGGER.warning(message, extra={"fields": fields})


class _Throttle:
    """Lets one occurrence of a key through in LOG_INTERVAL_S and says how many it held back. Keys are few."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_s: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def passes(self, key: str) -> int | None:
        now_s = self._clock.monotonic_s()
        last_s = self._last_s.get(key)
        if last_s is not None and now_s - last_s < LOG_INTERVAL_S:
            self._held[key] = self._held.get(key, 0) + 1
            return None
        self._last_s[key] = now_s
        return self._held.pop(key, 0)


class _FigureCollector(Collector):
    def __init__(self, prefix: str, figures: Figures) -> None:
        self._prefix = prefix
        self._figures = figures

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing in advance: figures may not be readable before the start."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, value in sorted(self._figures().items()):
            yield GaugeMetricFamily(f"lymer_{self._prefix}_{name}", name.replace("_", " "), value=value)


class _TenantFigureCollector(Collector):
    def __init__(self, prefix: str, figures: TenantFigures) -> None:
        self._prefix = prefix
        self._figures = figures

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing in advance, as above."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        tenants = sorted(self._figures().items())
        for name in sorted({name for _, figures in tenants for name in figures}):
            family = GaugeMetricFamily(f"lymer_{self._prefix}_{name}", name.replace("_", " "), labels=["tenant"])
            for tenant, figures in tenants:
                family.add_metric([tenant], figures[name])
            yield family
