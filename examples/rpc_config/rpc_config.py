"""A wrapper around the handlers of any RPC framework, and settings from a config centre that change while it runs.

The config centre here is a JSON file (`{"service": "orders", "sample": 1.0}`), or an HTTP address that answers such
JSON: Consul's `/v1/kv/orders?raw` does.

python examples/rpc_config/rpc_config.py [FILE or http://...]
"""

import json
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lymer_sdk as lymer
from lymer_sdk import Sampler
from lymer_sdk.middleware import rpc_handler


class Settings:
    """What the config centre says now."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.values: dict[str, Any] = {}
        self.refresh()

    def refresh(self) -> None:
        """Ask again; call it from a timer."""
        if self._source.startswith("http"):
            with urllib.request.urlopen(self._source, timeout=2) as answer:
                self.values = json.load(answer)
        else:
            self.values = json.loads(Path(self._source).read_text())


class SampledBySettings:
    """Keeps the share of traces that the settings say at the time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def decide(self, question: Any) -> Any:
        """The decision for one new trace."""
        make: Callable[[str], Any] = Sampler.probabilistic(float(self._settings.values["sample"]))
        return make("").decide(question)


@rpc_handler("orders.Orders/Create", system="go-micro", headers=lambda metadata, order: metadata)
def create(metadata: dict[str, str], order: dict[str, Any]) -> str:
    """A handler, as a framework calls it: with its caller's metadata."""
    if not order.get("items"):
        raise ValueError("an order needs items")
    return "created"


def main() -> None:
    """Calls the handler with one setting, and with another."""
    source = sys.argv[1] if len(sys.argv) > 1 else made_source()
    settings = Settings(source)
    tracer = lymer.init(settings.values["service"], sampler=SampledBySettings(settings))
    with tracer.span("call", kind="client") as span:
        print(create(lymer.inject({}), {"items": [7]}))
        try:
            create(lymer.inject({}), {})
        except ValueError as error:
            span.log("refused", message=str(error))
    print(f"trace {span.trace_id:032x}")
    if not source.startswith("http"):
        Path(source).write_text(json.dumps({**settings.values, "sample": 0.0}))
    settings.refresh()
    with tracer.span("call", kind="client") as span:
        create(lymer.inject({}), {"items": [7]})
    print(f"unsampled {span.trace_id:032x}")
    lymer.close()


def made_source() -> str:
    """A file to begin with."""
    path = Path(tempfile.mkdtemp()) / "orders.json"
    path.write_text(json.dumps({"service": "orders", "sample": 1.0}))
    return str(path)


if __name__ == "__main__":
    main()
