"""Resource: who sends. The service's name, what the environment says, what the process knows of itself."""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from lymer_sdk.attributes import clean_mapping

VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class Resource:
    """Attributes of the sending process."""

    attributes: Mapping[str, Any] = field(default_factory=dict)
    schema_url: str = ""

    def __post_init__(self) -> None:
        cleaned, _ = clean_mapping(self.attributes, 1_000, None)
        object.__setattr__(self, "attributes", cleaned)

    @classmethod
    def detect(
        cls, attributes: Mapping[str, Any] | None = None, environment: Mapping[str, str] = os.environ
    ) -> Resource:
        """Host and process, then OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME, then the given ones."""
        known: dict[str, Any] = {
            "telemetry.sdk.language": "python",
            "telemetry.sdk.name": "lymer",
            "telemetry.sdk.version": VERSION,
            "host.name": socket.gethostname(),
            "process.pid": os.getpid(),
            "process.runtime.name": sys.implementation.name,
            "process.runtime.version": platform.python_version(),
        }
        known.update(read_pairs(environment.get("OTEL_RESOURCE_ATTRIBUTES", "")))
        if name := environment.get("OTEL_SERVICE_NAME"):
            known["service.name"] = name
        known.update(attributes or {})
        known.setdefault("service.name", f"unknown_service:{os.path.basename(sys.executable) or 'python'}")  # noqa: PTH119
        return cls(known)


def read_pairs(text: str) -> dict[str, str]:
    """`key=value,key2=value2`, values percent-encoded; what is no pair is left out."""
    pairs = (item.partition("=") for item in text.split(","))
    return {key.strip(): unquote(value.strip()) for key, equals, value in pairs if equals and key.strip()}
