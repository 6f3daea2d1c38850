"""An HTTP server and its client, each a service: sub-spans, error tags, one trace over both.

python examples/client_server/client_server.py
"""

import http.client
import os
import socket
import subprocess
import sys
import time
from wsgiref.simple_server import WSGIServer, make_server

import httpx
import lymer_sdk as lymer
from flask import Flask
from lymer_sdk.middleware import HttpxTransport, WSGIMiddleware

app = Flask("time-server")


@app.get("/time")
def now() -> str:
    """The time, after some work."""
    with lymer.get_tracer().span("read-clock") as span:
        span.tag("clock", "wall").log("read")
        return str(time.time())


@app.get("/broken")
def broken() -> str:
    """Never works."""
    with lymer.get_tracer().span("read-clock"):
        raise RuntimeError("the clock is broken")


def serve(port: int) -> None:
    """The server's process."""
    lymer.init("time-server", interval_s=0.1, flush_on_sigterm=True)
    WSGIServer.address_family = socket.AF_INET
    make_server("127.0.0.1", port, WSGIMiddleware(app)).serve_forever()


def ask(port: int) -> None:
    """The client's process: a good request, and one that fails."""
    tracer = lymer.init("time-client")
    url = f"http://127.0.0.1:{port}"
    with httpx.Client(transport=HttpxTransport(), base_url=url, trust_env=False) as client, tracer.span("ask") as span:
        client.get("/time")
        answer = client.get("/broken")
        if answer.is_error:
            span.tag("error", True).log("error", message=f"the server answered {answer.status_code}")
        print(f"trace {span.trace_id:032x}")
    lymer.close()


def main() -> None:
    """Starts the server, asks it, stops it."""
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]))
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, __file__, str(port)], stderr=subprocess.DEVNULL, env=os.environ)
    try:
        wait_for(port)
        ask(port)
    finally:
        server.terminate()
        server.wait()


def wait_for(port: int) -> None:
    """Until somebody listens; the port is asked without a span."""
    for _ in range(600):
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing listens on {port}")


if __name__ == "__main__":
    main()
