"""Baggage for a grey release: `tenant_id=blue` enters at the gateway, goes through, and decides the route at the third.

gateway -> orders -> prices (or the new prices-blue), each a service of its own

python examples/grey_release/grey_release.py
"""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import lymer_sdk as lymer
from lymer_sdk.middleware import HttpxTransport

NEXT = {"gateway": "orders", "orders": "prices"}


class Handler(BaseHTTPRequestHandler):
    """A service without a framework: it extracts, works, and calls the next one."""

    name = ""
    ports: dict[str, int]

    def do_GET(self) -> None:
        """Answers with the way that the request has gone."""
        with lymer.consume(dict(self.headers.items()), f"GET {self.path}", kind="server") as span:
            tenant = lymer.baggage("tenant_id")
            span.tag("tenant_id", tenant or "none")
            way = [self.name]
            if self.name in NEXT:
                following = NEXT[self.name]
                if following == "prices" and tenant == "blue":
                    following = "prices-blue"  # the grey release
                with httpx.Client(transport=HttpxTransport(), trust_env=False) as client:
                    way += client.get(f"http://127.0.0.1:{self.ports[following]}/").json()
            body = json.dumps(way).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


def serve(name: str) -> None:
    """One service's process: says its port, reads everybody's, and ends with its input."""
    lymer.init(name, interval_s=0.1)
    Handler.name = name
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        print(server.server_port, flush=True)
        Handler.ports = json.loads(sys.stdin.readline())
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        sys.stdin.read()
        server.shutdown()
    lymer.close()


def main() -> None:
    """Sends one request as tenant blue, one as green."""
    if len(sys.argv) > 1:
        serve(sys.argv[1])
        return
    names = ("gateway", "orders", "prices", "prices-blue")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = {name: subprocess.Popen([sys.executable, __file__, name], **pipes) for name in names}
    ports = {name: int(process.stdout.readline()) for name, process in processes.items()}
    for process in processes.values():
        process.stdin.write(json.dumps(ports) + "\n")
        process.stdin.flush()
    tracer = lymer.init("browser")
    with httpx.Client(transport=HttpxTransport(), trust_env=False) as client:
        for tenant in ("blue", "green"):
            with tracer.span("page") as span:
                span.baggage["tenant_id"] = tenant
                print(*client.get(f"http://127.0.0.1:{ports['gateway']}/").json())
                print(f"trace {span.trace_id:032x}")
    lymer.close()
    for process in processes.values():
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    main()
