"""A test service for W3C trace context: POST an array of {url, arguments}; each url gets its own with our headers."""

import http.server
import json
import sys
import urllib.request

import lymer_sdk
from lymer_sdk import MemoryReporter, Reporter

lymer_sdk.init("conformance", reporter=Reporter.memory(MemoryReporter()), propagators="tracecontext", environment={})


class Service(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        calls = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with lymer_sdk.consume(self.headers.items(), "conformance", kind="server"):
            for call in calls:
                body = json.dumps(call["arguments"]).encode()
                headers = lymer_sdk.inject({"Content-Type": "application/json"})
                urllib.request.urlopen(urllib.request.Request(call["url"], body, headers), timeout=5).close()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *given):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Service)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
