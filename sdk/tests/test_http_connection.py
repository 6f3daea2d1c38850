"""HTTP/1.1 against receivers that answer byte by byte as they like."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lymer_sdk.http_connection import ClosedEarlyError, HttpConnection


@pytest.fixture
def answering():
    """A connection to a receiver that answers each request with the next of these bytes, then closes."""
    made = []

    def answer(*answers, step=1 << 20):
        server = socket.create_server(("127.0.0.1", 0))
        received = []

        def serve():
            taken, _ = server.accept()
            with taken:
                for one in answers:
                    received.append(taken.recv(65536))
                    for place in range(0, len(one), step):
                        taken.sendall(one[place : place + step])

        threading.Thread(target=serve, daemon=True).start()
        connection = HttpConnection("127.0.0.1", server.getsockname()[1])
        made.extend((server, connection))
        return connection, received

    yield answer
    for one in made:
        one.close()


def get(connection, timeout_s=5.0):
    return connection.request("POST", "/p?q", b"body", {"A": "b"}, timeout_s=timeout_s)


ANSWERS = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Y: z\r\n\r\nabc", b"abc"),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n",
        b"abc",
    ),
    "to the end": (b"HTTP/1.1 200 OK\r\n\r\nabc", b"abc"),
    "nothing": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "continue": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
    "no reason": (b"HTTP/1.1 200\r\ncontent-length:3\r\n\r\nabc", b"abc"),
}


@pytest.mark.parametrize("step", [1, 1 << 20])
@pytest.mark.parametrize("name", ANSWERS)
def test_answers(answering, name, step):
    sent, body = ANSWERS[name]
    connection, received = answering(sent, step=step)
    assert get(connection).body == body
    head, _, posted = received[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /p?q HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nContent-Length: 4\r\nA: b" in head
    assert posted == b"body"


def test_a_connection_stays_open_until_the_receiver_closes_it(answering):
    kept = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    connection, _ = answering(kept, kept)
    get(connection)
    assert connection.open
    assert get(connection).status == 200
    with pytest.raises(OSError, match=r"closed|reset"):
        get(connection)
    assert not connection.open
    connection, _ = answering(kept.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    get(connection)
    assert not connection.open


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000,
    ],
)
def test_what_is_no_answer_is_an_error(answering, answer):
    connection, _ = answering(answer)
    with pytest.raises(OSError, match=r".+"):
        get(connection)
    assert not connection.open


def test_a_receiver_that_drips_does_not_stretch_the_deadline(answering):
    connection, _ = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"a" * 10_000, step=1)
    server = socket.create_server(("127.0.0.1", 0))
    silent = HttpConnection("127.0.0.1", server.getsockname()[1])
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        get(silent, 0.2)
    assert time.monotonic() - began < 2
    server.close()
    with pytest.raises(ClosedEarlyError):
        get(connection, 20.0)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=60))
def test_nothing_but_an_oserror_comes_of_noise(answering, noise):
    connection, _ = answering(b"HTTP/1.1 " + noise)
    with contextlib.suppress(OSError):
        get(connection)
