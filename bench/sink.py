"""A collector that only counts, a process of its own: takes OTLP and Jaeger's batches by gRPC and keeps nothing.

Prints the address that it listens on; when its standard input ends, one JSON object: spans and messages that came.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from lymer.exporters.forward import DIALECTS
from lymer.wire import codecs

CODECS = {"jaeger_grpc": "jaeger_proto", "otlp_grpc": "otlp_proto"}
"""Of the requests of each protocol."""


class Sink:
    """The process, as a benchmark sees it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()

    def finish(self) -> dict[str, int]:
        """End it; what came."""
        output, _ = self._process.communicate()
        counted: dict[str, int] = json.loads(output)
        return counted


def main() -> None:
    came: list[int] = []
    server = grpc.server(ThreadPoolExecutor(2))
    for protocol, dialect in DIALECTS.items():
        _, service, method = dialect.method.split("/")
        handler = grpc.unary_unary_rpc_method_handler(_counting(CODECS[protocol], came))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    print(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}", flush=True)
    server.start()
    sys.stdin.read()
    server.stop(None).wait()
    print(json.dumps({"spans": sum(came), "messages": len(came)}))


def _counting(codec: str, came: list[int]) -> Callable[[bytes, Any], bytes]:
    def take(request: bytes, _: Any) -> bytes:
        came.append(len(codecs.decode(codec, request).batch))
        return b""

    return take


if __name__ == "__main__":
    main()
