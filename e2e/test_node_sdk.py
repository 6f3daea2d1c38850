"""The Node SDK, the one that sends OTLP as JSON."""

import json
import subprocess
from pathlib import Path

from e2e.server import Server
from e2e.spans import plain_spans

CLIENT = Path(__file__).parent / "clients" / "node_client.mjs"


def test_every_span_of_the_node_sdk_comes_back(lymer: Server, cache: Path) -> None:
    script = cache / "node" / CLIENT.name  # Node looks for packages beside the script.
    script.write_bytes(CLIENT.read_bytes())
    command = ["node", str(script), lymer.url("otlp_http") + "/v1/traces"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    sent = json.loads(done.stdout)
    assert len(sent) == 20
    for span in sent:
        found = plain_spans(lymer.otlp_trace(span["trace_id"]))[span["span_id"]]
        assert {key: found[key] for key in ("name", "kind", "status", "status_message", "attributes", "resource")} == {
            key: span[key] for key in ("name", "kind", "status", "status_message", "attributes", "resource")
        }
        assert (found["start"], found["end"]) == (int(span["start"]), int(span["end"]))
        assert found["events"] == [(name, int(time), attributes) for name, time, attributes in span["events"]]
        assert list(found["scope"]) == span["scope"]
