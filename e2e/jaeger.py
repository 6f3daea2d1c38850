"""Jaeger itself, version 2, as `e2e/setup.sh` built it, with every receiver of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from e2e.server import eventually, free_ports

CONFIGURATION = """
service:
  extensions: [jaeger_storage, {extensions}]
  pipelines:
    traces: {{receivers: [otlp, jaeger, zipkin], processors: [batch], exporters: [jaeger_storage_exporter]}}
  telemetry: {{metrics: {{level: none}}, logs: {{level: warn}}}}
extensions:
  jaeger_query:
    storage: {{traces: main}}
    grpc: {{endpoint: "127.0.0.1:{query_grpc}"}}
    http: {{endpoint: "127.0.0.1:{query}"}}
  remote_storage: {{endpoint: "127.0.0.1:{remote}", storage: main}}
  jaeger_storage: {{backends: {{main: {backend}}}}}
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{otlp}"}}, grpc: {{endpoint: "127.0.0.1:{otlp_grpc}"}}}}}}
  zipkin: {{endpoint: "127.0.0.1:{zipkin}"}}
  jaeger:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{collector}"}}
      thrift_http: {{endpoint: "127.0.0.1:{thrift_http}"}}
      thrift_compact: {{endpoint: "127.0.0.1:{udp_compact}"}}
      thrift_binary: {{endpoint: "127.0.0.1:{udp_binary}"}}
processors: {{batch: {{timeout: 50ms}}}}
exporters: {{jaeger_storage_exporter: {{trace_storage: main}}}}
"""


PORTS = (
    "query",
    "query_grpc",
    "remote",
    "otlp",
    "otlp_grpc",
    "zipkin",
    "collector",
    "thrift_http",
    "udp_compact",
    "udp_binary",
)


class Jaeger:
    """A running Jaeger."""

    def __init__(self, binary: Path, folder: Path, backend: str, *, extensions: str = "jaeger_query") -> None:
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        configuration = folder / "jaeger.yaml"
        configuration.write_text(CONFIGURATION.format(backend=backend, extensions=extensions, **self.ports))
        with (folder / "jaeger.log").open("wb") as log:
            self.process = subprocess.Popen([str(binary), "--config", str(configuration)], stdout=log, stderr=log)
        waited_for = "remote" if extensions == "remote_storage" else "query"
        eventually(lambda: _listens(self.ports[waited_for]) and _listens(self.ports["otlp"]))

    def get(self, path: str, **parameters: Any) -> Any:
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['query']}{path}{query}", timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError:
            return None

    def post(self, body: bytes) -> int:
        headers = {"Content-Type": "application/x-protobuf"}
        message = urllib.request.Request(f"http://127.0.0.1:{self.ports['otlp']}/v1/traces", body, headers)
        with urllib.request.urlopen(message, timeout=60) as answer:
            return int(answer.status)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
