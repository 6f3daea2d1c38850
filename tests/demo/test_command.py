"""`lymer demo` speaks OTLP that others understand, waits for its port, and says clearly what is wrong."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from lymer.component.clock import ManualClock
from lymer.component.errors import ConfigError, UnavailableError
from lymer.demo.command import main
from lymer.demo.sender import Sender


class Receiver:
    """Keeps what was posted; answers as told."""

    def __init__(self, port: int = 0) -> None:
        self.bodies: list[bytes] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.bodies.append(body)
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Answers as long as it lasts."""
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        yield
        self.server.shutdown()
        self.server.server_close()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with receiver.running():
        yield receiver


def test_the_history_arrives_as_otlp(receiver: Receiver) -> None:
    assert main(["--endpoint", receiver.endpoint, "--history", "2", "--once"]) == 0
    requests = [ExportTraceServiceRequest.FromString(body) for body in receiver.bodies]
    spans = [
        span
        for request in requests
        for rs in request.resource_spans
        for scope in rs.scope_spans
        for span in scope.spans
    ]
    assert len(spans) > 300
    assert all(len(span.trace_id) == 16 and span.end_time_unix_nano >= span.start_time_unix_nano for span in spans)
    services = {
        attribute.value.string_value
        for request in requests
        for rs in request.resource_spans
        for attribute in rs.resource.attributes
        if attribute.key == "service.name"
    }
    assert len(services) == 8


def test_nobody_at_the_port_is_one_clear_line() -> None:
    class Impatient(ManualClock):
        def monotonic_s(self) -> float:
            self.advance(60)
            return super().monotonic_s()

    sender = Sender("http://127.0.0.1:9", Impatient())
    with pytest.raises(UnavailableError, match=r"nobody takes spans at http://127.0.0.1:9 .*start lymer first"):
        sender.wait(patience_s=30)
    sender.close()


def test_an_endpoint_that_is_no_otlp_is_named(receiver: Receiver) -> None:
    receiver.status = 404
    with pytest.raises(ConfigError, match=r"--endpoint: .* answers 404 to OTLP"):
        main(["--endpoint", receiver.endpoint, "--history", "1", "--once"])


def test_it_waits_for_its_port_and_ends_quietly_on_ctrl_c() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "lymer.cli", "demo", "--history", "0", "--endpoint", f"http://127.0.0.1:{port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        receiver = Receiver(port)
        with receiver.running():
            assert process.stderr is not None
            lines = [process.stderr.readline() for _ in range(2)]
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            assert process.wait(timeout=10) in (0, 130)
    assert "traces a second" in lines[1]
    assert "Traceback" not in rest


@pytest.mark.parametrize("arguments", [["--rate", "0"], ["--history", "-1"], ["--endpoint", "ftp://nowhere"]])
def test_bad_settings_name_themselves(arguments: list[str]) -> None:
    with pytest.raises(ConfigError, match=f"^{arguments[0]}"):
        main(arguments)
