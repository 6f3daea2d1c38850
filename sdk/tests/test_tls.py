"""Encrypted connections with real handshakes: the authority that is named is believed, and we say who we are."""

from __future__ import annotations

import http.server
import ssl
import threading
from concurrent import futures

import grpc
import lymer_sdk as lymer
import pytest
import trustme
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def files(authority, tmp_path):
    """The settings of a client that knows the authority and is known to it."""
    mine = authority.issue_cert("client.test")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    mine.private_key_and_cert_chain_pem.write_to_path(tmp_path / "client.pem")
    named = {"certificate": "ca.pem", "client_certificate": "client.pem", "client_key": "client.pem"}
    return {key: str(tmp_path / name) for key, name in named.items()}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((body, self.connection.getpeercert()))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *given):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A handshake that fails is what is tested."""


@pytest.fixture
def over_http(authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.received = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"https://localhost:{server.server_port}", server.received
    server.shutdown()
    server.server_close()


@pytest.fixture
def over_grpc(authority):
    received = []

    def export(request, context):
        received.append((request, context.auth_context()))
        return b""

    method = grpc.unary_unary_rpc_method_handler(export)
    service = "opentelemetry.proto.collector.trace.v1.TraceService"
    handler = grpc.method_handlers_generic_handler(service, {"Export": method})
    issued = authority.issue_cert("localhost")
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    known = grpc.ssl_server_credentials(
        [(issued.private_key_pem.bytes(), chain)], authority.cert_pem.bytes(), require_client_auth=True
    )
    server = grpc.server(futures.ThreadPoolExecutor(1), handlers=[handler])
    port = server.add_secure_port("localhost:0", known)
    server.start()
    yield f"https://localhost:{port}", received
    server.stop(0)


@pytest.fixture(params=["http/protobuf", "grpc"])
def receiver(request):
    protocol = request.param
    endpoint, received = request.getfixturevalue("over_grpc" if protocol == "grpc" else "over_http")
    return {"endpoint": endpoint, "protocol": protocol}, received


def sent(**settings):
    """The counters after one span."""
    lymer.init("secure", make_global=False, environment={}, **settings)
    with lymer.get_tracer().span("s"):
        pass
    lymer.flush(3.0)
    before = lymer.stats()
    lymer.close(0.2)
    return before


def test_a_span_arrives_and_the_receiver_knows_from_whom(receiver, files):
    settings, received = receiver
    stats = sent(**settings, **files)
    ((body, peer),) = received
    assert ExportTraceServiceRequest.FromString(body).resource_spans[0].scope_spans[0].spans[0].name == "s"
    assert "client.test" in str(peer)
    assert (stats["reported"], stats["last_error"]) == (1, "")


def test_an_authority_that_is_not_named_is_not_believed(receiver, files):
    settings, received = receiver
    del files["certificate"]
    stats = sent(**settings, **files)
    assert (received, stats["reported"]) == ([], 0)
    assert stats["last_error"]


def test_a_file_that_is_not_there_stops_the_start(files):
    with pytest.raises(ValueError, match=r"nowhere\.pem"):
        lymer.init("secure", make_global=False, environment={}, endpoint="https://h", certificate="nowhere.pem")
    lymer.close()
