"""A whole Lymer as a subprocess: own ports, own data folder, and its HTTP API as few calls."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PORTS = {
    "otlp_grpc": 4317,
    "otlp_http": 4318,
    "jaeger_udp_zipkin": 5775,
    "sampling_http": 5778,
    "sampling_grpc": 5779,
    "jaeger_udp_compact": 6831,
    "jaeger_udp_binary": 6832,
    "zipkin": 9411,
    "status": 13133,
    "jaeger_grpc": 14250,
    "jaeger_http": 14268,
    "admin": 14269,
    "agent_admin": 14271,
    "api": 16686,
    "remote_storage": 17271,
}
BROWSERS = frozenset(offset + port for offset in (11_000, 12_000, 13_000, 14_000) for port in PORTS.values())
"""What the page's tests listen on (`ui/e2e/servers.ts`), some of them later: they run at the same time."""
READY_S = 30.0

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "LYMER_E2E_CACHE"}
"""What a Lymer is started with: it refuses variables that begin like its own and are none."""


class Server:
    """One server. `start` waits until it is ready; `kill` is `kill -9`."""

    def __init__(
        self,
        data_dir: Path,
        *,
        options: Sequence[str] = (),
        offset: int | None = None,
        prefix: Sequence[str] = (),
        environment: dict[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.offset = free_offset() if offset is None else offset
        self.log = data_dir.parent / f"{data_dir.name}.log"
        self.ready_after_s = 0.0
        self._options = [*options, "--port-offset", str(self.offset), "--data-dir", str(data_dir)]
        self._prefix = list(prefix)
        self._environment = {**ENVIRONMENT, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        """Start, and wait until ready."""
        command = [*self._prefix, sys.executable, "-m", "lymer.cli", *self._options, "--log-format", "json"]
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, stdout=log, env=self._environment)
        self._wait_ready(began)
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def port(self, name: str) -> int:
        return PORTS[name] + self.offset

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port(name)}"

    def kill(self) -> None:
        """As the machine does when it takes the memory back: no signal handler runs."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=10)

    def stop(self) -> int:
        """SIGTERM; the exit code. Raises when it does not end in the promised time."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=10)

    def close(self) -> None:
        """Away, however it is."""
        if self.alive:
            self.kill()

    def get(self, path: str, *, timeout_s: float = 60.0, port: str = "api", **parameters: Any) -> Any:
        """The JSON answer of a GET. Raises urllib.error.HTTPError."""
        query = "?" + urllib.parse.urlencode(parameters, doseq=True) if parameters else ""
        with urllib.request.urlopen(self.url(port) + path + query, timeout=timeout_s) as answer:
            return json.load(answer)

    def get_or_none(self, path: str, **parameters: Any) -> Any:
        """The same; None where there is no such thing."""
        try:
            return self.get(path, **parameters)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def post_spans(
        self, body: bytes, *, content_type: str = "application/x-protobuf", timeout_s: float = 120.0
    ) -> tuple[int, bytes]:
        """The status and the body of the answer to an OTLP request."""
        request = urllib.request.Request(self.url("otlp_http") + "/v1/traces", body, {"Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def otlp_trace(self, trace_id: str) -> list[dict[str, Any]]:
        """The resourceSpans of a trace, as OTLP JSON; empty when it is not there."""
        answer = self.get_or_none(f"/api/v3/traces/{trace_id}", raw_traces="true")
        if answer is None:
            return []
        result: list[dict[str, Any]] = answer["result"]["resourceSpans"]
        return result

    def _wait_ready(self, began: float) -> None:
        while time.monotonic() - began < READY_S:
            if not self.alive:
                raise RuntimeError(f"lymer ended: {self.log.read_text()[-2000:]}")
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url("admin") + "/", timeout=2) as answer:
                if answer.status == 200:
                    self.ready_after_s = time.monotonic() - began
                    return
            time.sleep(0.01)
        raise RuntimeError(f"lymer was not ready in {READY_S} s: {self.log.read_text()[-2000:]}")


def free_offset() -> int:
    """A port offset at which all ports are free now."""
    while True:
        offset = random.SystemRandom().choice(offsets())
        ports = {port + offset for port in PORTS.values()}
        if not ports & BROWSERS and all(_is_free(port) for port in ports):
            return offset


def offsets() -> range:
    """Offsets to choose from: no port at one is another port at another, and no worker of pytest has another's."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return range(1_000, 15_000, 49)[worker :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]


def free_ports(count: int) -> list[int]:
    """Ports that are free now; others may take them before they are used."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def eventually(check: Callable[[], Any], *, patience_s: float = 20.0) -> Any:
    """What `check` answers as soon as it is true. Other people's clients send when they like."""
    deadline = time.monotonic() + patience_s
    while not (answer := check()):
        assert time.monotonic() < deadline, f"not within {patience_s} s"
        time.sleep(0.05)
    return answer


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
