"""The command line, as a process: programs run traced without a change, the doctor, spans from scripts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

COMMAND = str(Path(sys.executable).parent / "lymer-sdk")


@pytest.fixture
def lymer_sdk(http_receiver):
    def run(*arguments, endpoint=None, **environment):
        known = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TRACEPARENT")}
        where = {"LYMER_ENDPOINT": endpoint or http_receiver.endpoint}
        return subprocess.run(
            [COMMAND, *arguments],
            env={**known, **where, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def spans_at(receiver):
    requests = [ExportTraceServiceRequest.FromString(request.body) for request in receiver.received]
    return {
        span.name: (group.resource, span)
        for request in requests
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    }


PROGRAM = """
import subprocess, sys
from opentelemetry import trace
with trace.get_tracer("app").start_as_current_span(sys.argv[1]):
    if sys.argv[1] == "parent":
        subprocess.run([sys.executable, __file__, "child"], check=True)
print("done")
"""


def test_a_program_is_traced_without_a_change_and_so_are_its_children(lymer_sdk, http_receiver, tmp_path):
    program = tmp_path / "app.py"
    program.write_text(PROGRAM)
    (tmp_path / "sitecustomize.py").write_text("print('theirs')")
    ended = lymer_sdk("run", "--service", "shop", "--instrument", "none", sys.executable, str(program), "parent",
                      PYTHONPATH=str(tmp_path))  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines().count("theirs") == 3  # the command, the program, its child
    spans = spans_at(http_receiver)
    assert set(spans) == {"parent", "child"}
    resource, _ = spans["child"]
    assert {"shop"} == {pair.value.string_value for pair in resource.attributes if pair.key == "service.name"}


def test_a_program_that_is_not_there_and_one_that_is_wrongly_configured(lymer_sdk):
    assert lymer_sdk("run", "no-such-program").returncode == 127
    assert lymer_sdk("run").returncode == 2
    ended = lymer_sdk("run", sys.executable, "-c", "print('runs')", LYMER_CONFIG_FILE="/nowhere.yaml")
    assert (ended.returncode, ended.stdout) == (0, "runs\n")
    assert "this program is not traced" in ended.stderr


def test_the_exit_code_is_the_programs(lymer_sdk):
    assert lymer_sdk("run", sys.executable, "-c", "raise SystemExit(7)").returncode == 7


def test_the_doctor_shows_each_value_with_its_source_and_sends_a_trace(lymer_sdk, http_receiver):
    ended = lymer_sdk("doctor", LYMER_SERVICE="shop", JAEGER_USER="u", JAEGER_PASSWORD="secret")
    assert ended.returncode == 0, ended.stdout
    assert "service = 'shop' (LYMER_SERVICE)" in ended.stdout
    assert "interval_s = 1.0 (default)" in ended.stdout
    assert "secret" not in ended.stdout
    assert "acknowledged" in ended.stdout
    assert "lymer-sdk doctor" in spans_at(http_receiver)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"endpoint": "http://127.0.0.1:9"}, "is the port published"),
        ({"LYMER_REPORTER": "udp", "JAEGER_AGENT_HOST": "127.0.0.1", "JAEGER_AGENT_PORT": "9"}, "did not arrive"),
        ({"endpoint": "http://no-such-host.invalid:4318"}, "did not arrive"),
    ],
)
def test_the_doctor_says_what_is_wrong(lymer_sdk, environment, said):
    ended = lymer_sdk("doctor", "--timeout", "2", **environment)
    assert ended.returncode == 1
    assert said in ended.stdout


def test_the_doctor_names_the_path_and_the_credentials(lymer_sdk, http_receiver):
    http_receiver.answers = [(404, {}, b""), (401, {}, b"")]
    assert "The path is wrong" in lymer_sdk("doctor").stdout
    assert "Credentials" in lymer_sdk("doctor").stdout


def test_wrong_settings_are_named(lymer_sdk):
    ended = lymer_sdk("doctor", "--no-send", LYMER_CONFIG_FILE="/nowhere.yaml")
    assert ended.returncode == 1
    assert "/nowhere.yaml" in ended.stdout


def test_a_span_from_a_script(lymer_sdk, http_receiver):
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    ended = lymer_sdk("emit", "build", "--service", "ci", "--tag", "branch=main", "--error", TRACEPARENT=traceparent)
    assert ended.returncode == 0, ended.stderr
    _, span = spans_at(http_receiver)["build"]
    assert span.trace_id.hex() == ended.stderr.strip() == traceparent[3:35]
    assert span.parent_span_id.hex() == "b7ad6b7169203331"
    assert {pair.key: pair.value.string_value for pair in span.attributes} == {"branch": "main"}
    assert span.status.code == 2


def test_a_span_around_a_command(lymer_sdk, http_receiver):
    program = "import os; print(os.environ['TRACEPARENT']); raise SystemExit(3)"
    ended = lymer_sdk("emit", "build", "--", sys.executable, "-c", program)
    assert ended.returncode == 3
    _, span = spans_at(http_receiver)["build"]
    assert ended.stdout.strip() == f"00-{span.trace_id.hex()}-{span.span_id.hex()}-03"
    assert lymer_sdk("emit", "x", "--timeout", "1", endpoint="http://127.0.0.1:9").returncode == 1
