"""Jaeger and Zipkin themselves, asked what they answer to damaged bodies.

`python -m e2e.originals` writes what they answer to the corpus into `corpus/answers.json`, where the quick tests look
it up; `test_answers` asks them again.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc

from e2e.server import eventually, free_ports

CORPUS = Path(__file__).parents[1] / "corpus"
ANSWERS = CORPUS / "answers.json"
ZIPKIN_JAR = "zipkin/zipkin-server-3.6.1-slim.jar"

DOORS = {
    "jaegerthrift": ("jaeger", "/api/traces", "application/x-thrift"),
    "zipkin_json": ("zipkin", "/api/v2/spans", "application/json"),
    "zipkin_proto": ("zipkin", "/api/v2/spans", "application/x-protobuf"),
    "zipkin_json1": ("zipkin", "/api/v1/spans", "application/json"),
    "zipkinthrift": ("zipkin", "/api/v1/spans", "application/x-thrift"),
}
GRPC = "jaeger_proto"
CUT = {
    "jaeger/batch-binary.bin": "jaegerthrift",
    "zipkin/v2.json": "zipkin_json",
    "zipkin/v1.json": "zipkin_json1",
    "zipkin/v2.bin": "zipkin_proto",
    "zipkin/v1.bin": "zipkinthrift",
    "jaeger/post-spans.bin": "jaeger_proto",
}
"""Whole payloads, whose beginnings are sent too."""
CUT_STEP = 7

Answer = tuple[int, str]

_JAEGER = """
service:
  extensions: [jaeger_storage]
  pipelines:
    traces: {{receivers: [jaeger], processors: [batch], exporters: [jaeger_storage_exporter]}}
  telemetry: {{metrics: {{level: none}}, logs: {{level: warn}}}}
extensions: {{jaeger_storage: {{backends: {{main: {{memory: {{max_traces: 1000}}}}}}}}}}
receivers:
  jaeger: {{protocols: {{thrift_http: {{endpoint: "127.0.0.1:{http}"}}, grpc: {{endpoint: "127.0.0.1:{grpc}"}}}}}}
processors: {{batch: {{timeout: 50ms}}}}
exporters: {{jaeger_storage_exporter: {{trace_storage: main}}}}
"""


@dataclass(frozen=True)
class Originals:
    """Where they listen, or where Lymer does in their place."""

    jaeger: str
    jaeger_grpc: str
    zipkin: str

    def send(self, format_name: str, body: bytes) -> Answer:
        """Status and text."""
        return self._call(body) if format_name == GRPC else self._post(format_name, body)

    def _call(self, message: bytes) -> Answer:
        with grpc.insecure_channel(self.jaeger_grpc) as channel:
            try:
                channel.unary_unary("/jaeger.api_v2.CollectorService/PostSpans")(message, timeout=60)
            except grpc.RpcError as error:
                return error.code().value[0], error.details()
        return 0, ""

    def _post(self, format_name: str, body: bytes) -> Answer:
        door, path, content_type = DOORS[format_name]
        address = self.jaeger if door == "jaeger" else self.zipkin
        request = urllib.request.Request(address + path, body, {"Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@contextlib.contextmanager
def running(cache: Path, folder: Path) -> Iterator[Originals]:
    """Both of them, as `e2e/setup.sh` put them there."""
    jaeger_port, grpc_port, zipkin_port = free_ports(3)
    configuration = folder / "jaeger.yaml"
    configuration.write_text(_JAEGER.format(http=jaeger_port, grpc=grpc_port))
    environment = {**os.environ, "QUERY_PORT": str(zipkin_port), "STORAGE_TYPE": "mem"}
    originals = Originals(
        f"http://127.0.0.1:{jaeger_port}", f"127.0.0.1:{grpc_port}", f"http://127.0.0.1:{zipkin_port}"
    )
    with (folder / "log").open("wb") as log:
        processes = [
            subprocess.Popen([str(cache / "bin" / "jaeger"), "--config", str(configuration)], stdout=log, stderr=log),
            subprocess.Popen(
                ["java", "-Xmx256m", "-jar", str(cache / ZIPKIN_JAR)], stdout=log, stderr=log, env=environment
            ),
        ]
    try:
        eventually(lambda: _answers(originals), patience_s=120)
        yield originals
    finally:
        for process in processes:
            process.kill()
            process.wait(timeout=10)


def cases() -> Iterator[tuple[str, str, bytes]]:
    """The corpus, and its payloads cut: name, format, body."""
    for folder in ("jaeger", "zipkin"):
        for name, outcome in json.loads((CORPUS / folder / "expected.json").read_text()).items():
            if outcome["format"] in (*DOORS, GRPC):
                yield f"{folder}/{name}", outcome["format"], (CORPUS / folder / name).read_bytes()
    for name, format_name in CUT.items():
        whole = (CORPUS / name).read_bytes()
        for end in range(CUT_STEP, len(whole), CUT_STEP):
            yield f"{name}[:{end}]", format_name, whole[:end]


def record(originals: Originals) -> dict[str, Answer]:
    """What they answer to each case, by its name."""
    return {name: originals.send(format_name, body) for name, format_name, body in cases()}


def _answers(originals: Originals) -> bool:
    try:
        return originals.send("jaegerthrift", b"\0")[0] == 400 and originals.send("zipkin_json", b"[]")[0] == 202
    except (urllib.error.URLError, ConnectionError):
        return False


def main() -> None:
    """Write the file."""
    cache = Path(os.environ.get("LYMER_E2E_CACHE", Path.home() / ".cache" / "lymer-e2e"))
    with tempfile.TemporaryDirectory() as folder, running(cache, Path(folder)) as originals:
        lines = [f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in record(originals).items()]
    ANSWERS.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    sys.stdout.write(f"{len(lines)} answers in {ANSWERS}\n")


if __name__ == "__main__":
    main()
