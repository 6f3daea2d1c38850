"""Input that no client should send: taken or refused with a reason, never a crash, and others are not slowed."""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from bench.data import Requests, Shape
from e2e import otlp
from e2e.server import Server
from e2e.spans import PlainSpan, plain_spans

MIB = 1 << 20


SANITIZED, AS_THEY_COME = "sanitized", "as they come"


class HostileServer(Server):
    """One that sanitizes, as it does by default, or one whose store meets the spans as they come."""

    sanitizes = True


@pytest.fixture(scope="module", params=[SANITIZED, AS_THEY_COME])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileServer]:
    """A server of its own, so that others do not meet what is sent here."""
    folder = tmp_path_factory.mktemp("hostile")
    sanitizes = request.param == SANITIZED
    (folder / "lymer.yaml").write_text("" if sanitizes else "sanitizer: {enabled: false}\n")
    server = HostileServer(folder / "data", options=["--config", str(folder / "lymer.yaml")])
    server.sanitizes = sanitizes
    server.start()
    yield server
    assert server.alive, server.log.read_text()[-2000:]
    assert server.stop() == 0
    assert '"level": "error"' not in server.log.read_text()
    server.close()


@pytest.fixture(autouse=True)
def serves_others_afterwards(server: Server) -> Iterator[None]:
    """After every test a plain request is taken and found at once."""
    yield
    trace = random.randbytes(16)
    assert server.post_spans(otlp.request("polite", [otlp.span(trace, 1)]))[0] == 200
    assert plain_spans(server.otlp_trace(trace.hex()))


def take(server: Server, body: bytes) -> None:
    status, answer = server.post_spans(body)
    assert status == 200, answer
    assert otlp.refused(answer) == (0, "")


def the_span(server: HostileServer, trace: str, *, cut: str = "") -> PlainSpan:
    """The first span of a trace. One that the sanitizer has cut says so."""
    span = plain_spans(server.otlp_trace(trace))["0000000000000001"]
    assert span["attributes"].pop("lymer.sanitized", "") == (cut if server.sanitizes else "")
    return span


def test_a_name_of_ten_megabytes(server: HostileServer) -> None:
    name = "n" * (10 * MIB)
    take(server, otlp.request("long-name", [otlp.span(0x10, 1, name=name)]))
    assert the_span(server, "10", cut="long_name")["name"] == (name[:4096] if server.sanitizes else name)


def test_a_value_of_ten_megabytes_is_found_by_its_trace(server: HostileServer) -> None:
    value = "é" * (5 * MIB)
    take(server, otlp.request("long-value", [otlp.span(0x11, 1, attributes={"text": value})]))
    kept = value[: 128 << 10] if server.sanitizes else value
    assert the_span(server, "11", cut="long_value")["attributes"] == {"text": kept}


def test_a_hundred_thousand_attributes_on_one_span(server: HostileServer) -> None:
    attributes = {f"key.{number}": number for number in range(100_000)}
    take(server, otlp.request("many-attributes", [otlp.span(0x12, 1, attributes=attributes)]))
    count = 1024 if server.sanitizes else len(attributes)
    kept = {key: value for key, value in attributes.items() if value < count}
    assert the_span(server, "12", cut="many_attributes")["attributes"] == kept
    tags = json.dumps({f"key.{count - 1}": str(count - 1)})
    assert len(server.get("/api/traces", service="many-attributes", tags=tags)["data"]) == 1


def test_ten_thousand_services(server: Server) -> None:
    for begin in range(0, 10_000, 500):
        message = b"".join(
            otlp.request(f"service-{number:05d}", [otlp.span(0x1300_0000 + number, 1)])
            for number in range(begin, begin + 500)
        )
        take(server, message)  # Messages that are concatenated are merged: that is protobuf.
    services = server.get("/api/services")["data"]
    assert sum(name.startswith("service-") for name in services) == 10_000
    assert len(server.get("/api/traces", service="service-09999")["data"]) == 1


def test_a_thousand_events_and_links(server: Server) -> None:
    span = otlp.span(0x14, 1)
    for number in range(1_000):
        span.events.add(name=f"event {number}", time_unix_nano=otlp.now_nano())
        span.links.add(trace_id=bytes([1]) * 16, span_id=(number + 1).to_bytes(8, "big"))
    take(server, otlp.request("many-events", [span]))
    found = plain_spans(server.otlp_trace("14"))["0000000000000001"]
    assert len(found["events"]) == len(found["links"]) == 1_000


def test_ids_of_zeros_are_refused_and_the_others_kept(server: Server) -> None:
    spans = [otlp.span(bytes(16), 1), otlp.span(0x15, 0), otlp.span(0x15, 2), otlp.span(b"short", 3)]
    status, answer = server.post_spans(otlp.request("zeros", spans))
    count, reason = otlp.refused(answer)
    assert (status, count) == (200, 3)
    assert "zero" in reason
    assert list(plain_spans(server.otlp_trace("15"))) == ["0000000000000002"]


@pytest.mark.parametrize(
    ("trace", "start"),
    [(0x16, 1), (0x17, 3_600 * otlp.SECOND), (0x18, 7_258_118_400 * otlp.SECOND), (0x19, 9_223_372_036_000_000_000)],
    ids=["1970", "an hour into 1970", "2200", "2262"],
)
def test_times_of_long_ago_and_far_ahead(server: HostileServer, trace: int, start: int) -> None:
    take(server, otlp.request("times", [otlp.span(trace, 1, start=start)]))
    found = the_span(server, f"{trace:x}", cut="far_start")
    if server.sanitizes:
        assert found["attributes"]["lymer.sanitized.start_time_unix_nano"] == start
        assert abs(found["start"] - otlp.now_nano()) < 3_600 * otlp.SECOND
        return
    assert (found["start"], found["end"]) == (start, start + 10**6)
    ids = [found["traceID"] for found in _search(server, "times", start=start // 1000 - 10, end=start // 1000 + 10)]
    assert ids == [f"{trace:016x}"]


def test_a_time_beyond_what_can_be_said_is_refused_with_a_reason(server: Server) -> None:
    status, answer = server.post_spans(
        otlp.request("beyond", [otlp.span(0x1A, 1, start=2**63 + 5, end=2**63 + 6), otlp.span(0x1A, 2)])
    )
    count, reason = otlp.refused(answer)
    assert (status, count) == (200, 1) and reason
    assert list(plain_spans(server.otlp_trace("1a"))) == ["0000000000000002"]


def test_an_end_before_the_start_is_kept_or_told(server: HostileServer) -> None:
    start = otlp.now_nano()
    take(server, otlp.request("backwards", [otlp.span(0x1B, 1, start=start, end=start - otlp.SECOND)]))
    found = the_span(server, "1b", cut="negative_duration")
    assert (found["start"], found["end"]) == (start, start + 1 if server.sanitizes else start - otlp.SECOND)
    assert found["attributes"].get("lymer.sanitized.duration_nano", -otlp.SECOND) == -otlp.SECOND
    assert len(_search(server, "backwards")) == 1


def test_a_clock_that_jumps_within_a_trace(server: Server) -> None:
    now = otlp.now_nano()
    jumps = [0, 86_400, -86_400, 40 * 365 * 86_400, -20 * 365 * 86_400]
    spans = [
        otlp.span(0x1C, number + 1, parent=number or None, start=now + jump * otlp.SECOND)
        for number, jump in enumerate(jumps)
    ]
    take(server, otlp.request("jumps", spans))
    assert len(plain_spans(server.otlp_trace("1c"))) == len(jumps)


def test_spans_that_are_their_own_parents(server: Server) -> None:
    spans = [otlp.span(0x1D, 1, parent=1), otlp.span(0x1D, 2, parent=3), otlp.span(0x1D, 3, parent=2)]
    take(server, otlp.request("circles", spans))
    assert len(server.get("/api/traces/1d")["data"][0]["spans"]) == 3


def test_text_that_is_no_utf8_is_repaired(server: HostileServer) -> None:
    body = otlp.request("broken-text", [otlp.span(0x1E, 1, name="aaaa-bbbb")]).replace(b"aaaa-bbbb", b"aaaa\xff\xfebbb")
    take(server, body)
    assert the_span(server, "1e", cut="not_utf8")["name"] == "aaaa��bbb"


@pytest.mark.parametrize("size", [1, 10, 1_000, 100_000])
def test_noise_is_refused_and_not_to_be_sent_again(server: Server, size: int) -> None:
    noise = b"\xff" + random.Random(size).randbytes(size)
    assert server.post_spans(noise)[0] == 400
    assert server.post_spans(noise, content_type="application/json")[0] == 400


def test_a_request_above_the_limit_is_refused_by_its_size(server: Server) -> None:
    body = otlp.request("huge", [otlp.span(0x1F, 1, attributes={"text": "x" * (25 * MIB)})])
    try:
        assert server.post_spans(body)[0] == 413
    except urllib.error.URLError as error:  # The server may close before all of it was sent.
        assert isinstance(error.reason, ConnectionError)
    assert server.otlp_trace("1f") == []


@pytest.mark.slow
@pytest.mark.parametrize("server", [SANITIZED], indirect=True)
def test_a_trace_of_a_million_spans_while_others_send(server: Server) -> None:
    """Sent beside a polite client, who must not notice."""
    polite = PoliteClient(server)
    with polite:
        start = otlp.now_nano()
        for begin in range(0, 1_000_000, 50_000):
            take(server, otlp.wide_request("million", 0x20, range(begin, begin + 50_000), start=start))
    assert polite.answers > 3
    assert polite.slowest_s < 2.0
    assert _span_counts(server, "million") == [1_000_000]


class PoliteClient(threading.Thread):
    """Sends a small request again and again, and looks how long each takes."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server
        self._requests = Requests(Shape(seed=5, spans_per_request=50, pool_requests=10))
        self._over = threading.Event()
        self.answers, self.slowest_s = 0, 0.0
        self.failure = ""

    def run(self) -> None:
        while not self._over.wait(0.05):
            began = time.monotonic()
            status, answer = self._server.post_spans(self._requests.next())
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            self.answers += status == 200
            if status != 200:
                self.failure = f"{status} {answer!r}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
        assert not self.failure, self.failure


def _search(server: Server, service: str, **parameters: int) -> list:
    return server.get("/api/traces", service=service, **parameters)["data"]


def _span_counts(server: Server, service: str) -> list[int]:
    times = {"query.startTimeMin": "1970-01-01T00:00:00Z", "query.startTimeMax": "2200-01-01T00:00:00Z"}
    answer = server.get("/api/v3/trace-summaries", **{"query.serviceName": service, **times})
    return [int(summary["spanCount"]) for summary in answer["summaries"]]


def test_the_data_folder_opens_again(server: HostileServer, tmp_path: Path) -> None:
    """Everything above is read back by a new process, from the log or from segments."""
    assert server.stop() == 0
    server.start()
    assert len(server.get("/api/services")["data"]) > 10_000
    count = 1024 if server.sanitizes else 100_000
    assert len(the_span(server, "12", cut="many_attributes")["attributes"]) == count
