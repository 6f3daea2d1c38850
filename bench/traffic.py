"""What the benchmark's services do: 50 services, a call graph, about 1,000 operations, traces as trees of spans.

Pure and seeded. It makes the shapes; `bench.data` gives them ids, times and unique values. Modelled on what production
traces look like: few operations get most calls, most traces are small and some are large, 1.5 % of spans fail.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bench.otlp_bytes import Piece, attribute, changing_attribute, key_value, tagged

SERVICES = (  # noqa: SIM905 (fifty literals on fifty lines are harder to read)
    "edge-gateway mobile-bff web-bff partner-api auth session user-profile preferences catalog search suggest "
    "pricing promotion inventory warehouse cart checkout order payment fraud invoice tax shipping tracking "
    "courier returns notification email sms push review rating recommend ranking feature-store media image-resize "
    "cdn-origin geo address currency ledger wallet loyalty subscription billing report audit scheduler config"
).split()
INSTANCES = 8
OPERATIONS = 20
INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
_TABLES = ["users", "orders", "items", "payments", "sessions", "events", "prices", "stock", "carts", "addresses"]
_TOPICS = ["order-events", "payment-events", "stock-changes", "mail-outbox", "audit-log"]
_VERBS = ("GET", "POST", "PUT", "DELETE")
_AGENTS = tuple(
    f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{v}.0.0.0 Safari/537.36" for v in range(110, 135)
)
_ERRORS = (
    "java.net.SocketTimeoutException",
    "java.sql.SQLTransientConnectionException",
    "io.grpc.StatusRuntimeException",
    "java.lang.IllegalStateException",
    "com.fasterxml.jackson.core.JsonParseException",
)
EXTRA_KEYS_FROM = 38
"""How many attribute keys the plain data has; more are added as `app.<service>.<word>` of single services."""


@dataclass(slots=True)
class SpanShape:
    """A span without ids and times: its place in its trace, offsets from the trace's start in ns, and its bytes."""

    parent: int
    service: int
    kind: int
    name: str
    start: int = 0
    end: int = 0
    error: bool = False
    attributes: list[Piece] = field(default_factory=list)
    events: list[tuple[float, bytes]] = field(default_factory=list)
    """Where in the span (0 to 1), and the event's fields after its time."""
    link: bool = False


class Traffic:
    """The services and their habits, fixed by the seed."""

    def __init__(self, seed: int, *, keys: int = EXTRA_KEYS_FROM) -> None:
        self._rng = np.random.default_rng([seed, 1])
        rng = self._rng
        count = len(SERVICES)
        self.downstream = [
            sorted({int(x) for x in rng.integers(service + 1, count, size=4)}) if service < count - 6 else []
            for service in range(count)
        ]
        self.popularity = 1.0 / np.arange(1, OPERATIONS + 1) ** 1.1
        self.popularity /= self.popularity.sum()
        self.entries = 1.0 / np.arange(1, 9) ** 0.8
        self.entries /= self.entries.sum()
        self.milliseconds = rng.lognormal(0.5, 1.1, size=(count, OPERATIONS))
        self._extra = [_extra_keys(service, keys) for service in range(count)]
        self._stacks = [_exception(rng, number) for number in range(40)]
        self._notes = [_note(number) for number in range(60)]
        self._cache: dict[tuple[object, ...], Piece] = {}

    def trace(self) -> list[SpanShape]:
        """A trace: spans in the order of their calls, the root first."""
        budget = int(min(3000, 4 + self._rng.pareto(1.25) * 7.5))
        spans: list[SpanShape] = []
        self._call(spans, -1, int(self._rng.choice(8, p=self.entries)), budget)
        return spans

    def _call(self, spans: list[SpanShape], parent: int, service: int, budget: int) -> int:
        """A server span with what it does inside. Returns how many spans of the budget are left."""
        rng = self._rng
        operation = int(rng.choice(OPERATIONS, p=self.popularity))
        server = self._server(parent, service, operation)
        me = len(spans)
        spans.append(server)
        budget -= 1
        clock = server.start = spans[parent].start + int(rng.integers(20_000, 300_000)) if parent >= 0 else 0
        cost = max(1, int(self.milliseconds[service, operation] * 1e6 * rng.lognormal(0, 0.5)))
        clock += cost // 4
        calls = int(rng.integers(2, 6)) if parent >= 0 or budget < 30 else int(budget // 12 + 2)
        for _ in range(calls):
            if budget <= 0:
                break
            clock, budget = self._step(spans, me, service, clock, budget)
        server.end = clock + cost // 4
        self._colour(server)
        return budget

    def _step(self, spans: list[SpanShape], me: int, service: int, clock: int, budget: int) -> tuple[int, int]:
        """One thing that a service does: a query, a message, some work, or a call of another service."""
        rng = self._rng
        dice = rng.random()
        at = clock + int(rng.integers(5_000, 200_000))
        if dice < 0.5 and budget > 2 and self.downstream[service]:
            target = int(rng.choice(self.downstream[service]))
            client = self._client(me, service, target)
            client.start = at
            position = len(spans)
            spans.append(client)
            budget = self._call(spans, position, target, budget - 1)
            client.end = spans[position + 1].end + int(rng.integers(20_000, 300_000))
            client.error = spans[position + 1].error
            self._colour(client)
            return client.end, budget
        leaf = (
            self._query(me, service)
            if dice < 0.78
            else self._work(me, service)
            if dice < 0.95
            else self._message(me, service)
        )
        leaf.start = at
        leaf.end = at + int(rng.lognormal(13.2, 1.2))
        self._colour(leaf)
        spans.append(leaf)
        return leaf.end, budget - 1

    def _server(self, parent: int, service: int, operation: int) -> SpanShape:
        rng = self._rng
        route = (
            f"/api/v1/{_TABLES[operation % 10]}"
            + ("/{id}" if operation % 2 else "")
            + ("" if operation < 10 else "/batch")
        )
        verb = _VERBS[operation % 3] if operation < 17 else "DELETE"
        span = SpanShape(parent, service, SERVER, f"{verb} {route}")
        put = span.attributes.append
        put(self._fixed("http.request.method", verb))
        put(self._fixed("http.route", route))
        put(self._fixed("url.scheme", "https"))
        put(self._fixed("server.address", SERVICES[service]))
        put(self._fixed("client.address", f"10.{rng.integers(4)}.{rng.integers(16)}.{rng.integers(250)}"))
        put(self._fixed("tenant", f"tenant-{int(200 * rng.random() ** 3)}"))
        put(
            self._fixed(
                "http.response.status_code", int(rng.choice((200, 201, 204, 304, 404), p=(0.8, 0.08, 0.05, 0.04, 0.03)))
            )
        )
        if rng.random() < 0.6:
            put(changing_attribute(9, "user.id", "user7", "u-"))
        if rng.random() < 0.5:
            put(changing_attribute(9, "request.id", "hex32"))
        if parent < 0:
            put(self._fixed("user_agent.original", _AGENTS[int(rng.integers(25))]))
        if rng.random() < 0.3:
            put(changing_attribute(9, "http.response.body.size", "size3"))
        return span

    def _client(self, parent: int, service: int, target: int) -> SpanShape:
        rng = self._rng
        span = SpanShape(
            parent, service, CLIENT, f"HTTP {SERVICES[target]}" if target % 3 else f"{SERVICES[target]}.v1/Call"
        )
        put = span.attributes.append
        if target % 3 == 0:
            put(self._fixed("rpc.system", "grpc"))
            put(self._fixed("rpc.service", f"{SERVICES[target]}.v1"))
            put(self._fixed("rpc.method", f"Call{int(rng.integers(8))}"))
            put(self._fixed("rpc.grpc.status_code", 0))
        else:
            path = _TABLES[int(rng.integers(10))]
            put(self._fixed("http.request.method", _VERBS[int(rng.integers(2))]))
            put(
                changing_attribute(
                    9, "url.full", "serial10", f"http://{SERVICES[target]}.prod.svc:8080/api/v1/{path}/", "?expand=1"
                )
            )
            put(self._fixed("http.response.status_code", 200))
            put(self._fixed("network.protocol.version", "1.1"))
        put(self._fixed("server.address", f"{SERVICES[target]}.prod.svc"))
        put(self._fixed("server.port", 8080))
        put(self._fixed("peer.service", SERVICES[target]))
        put(self._fixed("network.peer.address", f"10.20.{target}.{rng.integers(INSTANCES)}"))
        if rng.random() < 0.2:
            put(changing_attribute(9, "user.id", "user7", "u-"))
        if rng.random() < 0.5:
            put(changing_attribute(9, "request.id", "hex32"))
        if rng.random() < 0.05:
            put(self._fixed("http.request.resend_count", int(rng.integers(1, 4))))
        return span

    def _query(self, parent: int, service: int) -> SpanShape:
        rng = self._rng
        table, what = _TABLES[(service + int(rng.integers(2))) % 10], int(rng.integers(4))
        verb = ("SELECT", "INSERT", "UPDATE", "SELECT")[what]
        text = (
            f"SELECT id, name, state, updated_at FROM {table} WHERE owner_id = ? ORDER BY updated_at DESC LIMIT 50",
            f"INSERT INTO {table} (id, owner_id, state, updated_at) VALUES (?, ?, ?, now())",
            f"UPDATE {table} SET state = ?, updated_at = now() WHERE id = ?",
            f"SELECT count(*) FROM {table} WHERE tenant = ?",
        )[what]
        span = SpanShape(parent, service, CLIENT, f"{verb} {table}")
        put = span.attributes.append
        put(self._fixed("db.system.name", "postgresql"))
        put(self._fixed("db.namespace", SERVICES[service]))
        put(self._fixed("db.operation.name", verb))
        put(self._fixed("db.collection.name", table))
        put(self._fixed("db.statement", text))
        put(self._fixed("server.address", f"pg-{service % 6}.prod.svc"))
        put(self._fixed("server.port", 5432))
        put(self._fixed("network.peer.address", f"10.30.0.{service % 6}"))
        if what in (0, 3):
            put(self._fixed("db.response.returned_rows", int(50 * rng.random() ** 4)))
        if rng.random() < 0.3:
            put(self._fixed("tenant", f"tenant-{int(200 * rng.random() ** 3)}"))
        return span

    def _work(self, parent: int, service: int) -> SpanShape:
        rng = self._rng
        word = ("validate", "render", "cache.get", "serialize", "authorize")[int(rng.integers(5))]
        span = SpanShape(parent, service, INTERNAL, word)
        put = span.attributes.append
        put(self._fixed("code.function.name", f"com.shop.{SERVICES[service].replace('-', '_')}.Service.{word}"))
        put(self._fixed("thread.name", f"http-nio-8080-exec-{int(rng.integers(32))}"))
        put(self._fixed("thread.id", int(rng.integers(30, 62))))
        put(self._fixed("feature.enabled", bool(rng.integers(2))))
        put(self._fixed("tenant", f"tenant-{int(200 * rng.random() ** 3)}"))
        put(changing_attribute(9, "app.score", "double8"))
        if rng.random() < 0.8:
            put(changing_attribute(9, "request.id", "hex32"))
        if rng.random() < 0.4:
            put(changing_attribute(9, "user.id", "user7", "u-"))
        if word == "cache.get":
            put(self._fixed("cache.hit", bool(rng.random() < 0.9)))
        return span

    def _message(self, parent: int, service: int) -> SpanShape:
        rng = self._rng
        topic = _TOPICS[int(rng.integers(5))]
        consumer = rng.random() < 0.5
        span = SpanShape(
            parent, service, CONSUMER if consumer else PRODUCER, f"{'process' if consumer else 'send'} {topic}"
        )
        put = span.attributes.append
        put(self._fixed("messaging.system", "kafka"))
        put(self._fixed("messaging.destination.name", topic))
        put(self._fixed("messaging.operation.type", "process" if consumer else "send"))
        put(self._fixed("messaging.kafka.partition", int(rng.integers(24))))
        put(changing_attribute(9, "messaging.message.body.size", "size3"))
        put(changing_attribute(9, "request.id", "hex32"))
        span.link = consumer and rng.random() < 0.08
        return span

    def _colour(self, span: SpanShape) -> None:
        """Errors, events, and the rarer keys."""
        rng = self._rng
        span.error = span.error or bool(rng.random() < 0.0125)
        if span.error:
            span.events.append((0.95, self._stacks[int(rng.integers(40))]))
        elif rng.random() < 0.095:
            span.events.append((float(rng.random()), self._notes[int(rng.integers(60))]))
        for key in self._extra[span.service]:
            if rng.random() < 0.12:
                span.attributes.append(self._fixed(key, f"value-{int(rng.integers(50))}"))

    def _fixed(self, key: str, value: str | bool | float) -> Piece:
        known = (key, type(value), value)
        if known not in self._cache:
            self._cache[known] = attribute(9, key, value)
        return self._cache[known]


def resource_bytes(service: int, instance: int) -> bytes:
    """ResourceSpans.resource: eight attributes."""
    name = SERVICES[service]
    attributes = {
        "service.name": name,
        "service.namespace": "shop",
        "service.version": f"{1 + service % 4}.{service % 7}.{service % 5}",
        "service.instance.id": f"{name}-{service * 7919 % 9973:04x}-{instance}",
        "deployment.environment.name": "production",
        "host.name": f"node-{(service * 3 + instance) % 40:02d}.eu-west-1",
        "telemetry.sdk.language": ("java", "go", "python", "nodejs")[service % 4],
        "process.pid": 1000 + service * INSTANCES + instance,
    }
    return tagged(1, b"".join(tagged(1, key_value(key, value)) for key, value in attributes.items()))


def scope_bytes(service: int) -> bytes:
    """ScopeSpans.scope."""
    language = ("java", "go", "python", "nodejs")[service % 4]
    return tagged(1, tagged(1, f"io.opentelemetry.{language}-http".encode()) + tagged(2, b"2.11.0"))


def _extra_keys(service: int, keys: int) -> list[str]:
    count = keys - EXTRA_KEYS_FROM
    return [f"app.{SERVICES[service]}.field_{number}" for number in range(service, max(count, 0), len(SERVICES))]


def _exception(rng: np.random.Generator, number: int) -> bytes:
    kind = _ERRORS[number % len(_ERRORS)]
    frames = "".join(
        f"\n\tat com.shop.{_TABLES[int(rng.integers(10))]}.Layer{depth}.call{int(rng.integers(9))}"
        f"(Layer{depth}.java:{int(rng.integers(20, 400))})"
        for depth in range(14)
    )
    message = f"call {number} failed after {100 * (number % 9 + 1)} ms"
    return tagged(2, b"exception") + b"".join(
        tagged(3, key_value(key, value))
        for key, value in (
            ("exception.type", kind),
            ("exception.message", message),
            ("exception.stacktrace", f"{kind}: {message}{frames}"),
        )
    )


def _note(number: int) -> bytes:
    name = ("cache.miss", "retry", "lock.acquired", "message.received", "rate.limited")[number % 5]
    return (
        tagged(2, name.encode())
        + tagged(3, key_value("app.note.key", f"k{number}"))
        + tagged(3, key_value("app.note.count", number))
    )
