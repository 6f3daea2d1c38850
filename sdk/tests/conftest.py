"""A receiver on a socket; and the standard library's mock under the name by which OpenTracing's harness imports it."""

import http.server
import logging
import sys
import threading
import unittest.mock
from typing import NamedTuple

import pytest

sys.modules.setdefault("mock", unittest.mock)


class HttpReceiver:
    """Takes POSTs on a socket, keeps them, answers as it is told to."""

    def __init__(self):
        self.received, self.answers, self.asked, self.strategy = [], [], [], None
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(Request(self.path, dict(self.headers.items()), body))
                status, headers, answer = receiver.answers.pop(0) if receiver.answers else (200, {}, b"")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def do_GET(self):
                if receiver.strategy is None:
                    self.send_error(501)
                    return
                receiver.asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(receiver.strategy)))
                self.end_headers()
                self.wfile.write(receiver.strategy)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Request(NamedTuple):
    path: str
    headers: dict
    body: bytes


@pytest.fixture
def http_receiver():
    receiver = HttpReceiver()
    yield receiver
    receiver.close()


@pytest.fixture(autouse=True)
def root_logger_as_python_has_it():
    """A celery worker in the same process leaves the root logger at its own level."""
    logging.getLogger().setLevel(logging.WARNING)
