"""The roles: one table of what each command is made of. `lymer` without a command is the all-in-one.

A role is a set of sections of the configuration: a part is there when its section is. What differs between roles beside
that is where they begin from (`defaults`): everything in it can be set.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from lymer.component.config import Settings

_STORE: Final = {"type": "embedded"}

_COLLECTOR_DOORS: Final[Settings] = {
    "otlp_grpc": {},
    "otlp_http": {},
    "jaeger_grpc": {},
    "jaeger_http": {},
    "zipkin": {},
}
_AGENT_DOORS: Final[Settings] = {"jaeger_udp_compact": {}, "jaeger_udp_binary": {}, "jaeger_udp_zipkin": {}}


@dataclass(frozen=True, slots=True)
class Role:
    """One command."""

    name: str
    """`lymer NAME`."""
    summary: str
    """What it does, in a line."""
    sections: frozenset[str]
    """The sections that it has parts for; settings of others say nothing here."""
    defaults: Settings = field(default_factory=dict)
    """What holds where nobody has said anything."""
    help: str = ""
    """What `--help` says behind the options: examples and ports."""

    def has(self, section: str) -> bool:
        """Whether it has the part of this section."""
        return section in self.sections


def _admin(port: int) -> dict[str, Any]:
    """The port of Jaeger's binary, and no other, so that roles fit on one machine."""
    return {"port": port, "status_port": None, "agent_port": None}


ALL_IN_ONE: Final = Role(
    "all-in-one",
    "everything in one process: takes spans in, keeps them, answers, shows",
    frozenset(
        {
            "receivers",
            "resource_attributes",
            "sanitizer",
            "sampling",
            "store",
            "remote_storage",
            "api",
            "query",
            "self_tracing",
        }
    ),
    {
        "store": _STORE,
        "receivers": {**_COLLECTOR_DOORS, **_AGENT_DOORS},
        "remote_storage": {"enabled": False},
        "sampling": {"default_ratio": 1.0},
    },
)

COLLECTOR: Final = Role(
    "collector",
    "takes spans in, keeps them, and lets `lymer query` and Jaeger ask for them",
    frozenset(
        {
            "receivers",
            "resource_attributes",
            "sanitizer",
            "sampling",
            "store",
            "remote_storage",
            "query",
            "self_tracing",
        }
    ),
    {
        "store": _STORE,
        "receivers": _COLLECTOR_DOORS,
        "sampling": {"http": {"enabled": False}, "grpc": {"enabled": False}},
        "admin": _admin(14269),
    },
    """\
examples:
  lymer collector --host 0.0.0.0 --retention 72h    spans of the network, kept three days
  lymer collector --data-dir /var/lib/lymer         and `lymer query` beside it shows them

OTLP 4317, 4318   Jaeger 14250, 14268   Zipkin 9411   asked on 17271   health and metrics 14269
""",
)

QUERY: Final = Role(
    "query",
    "the page and the APIs, over the store of a collector",
    frozenset({"store", "api", "query", "self_tracing"}),
    {"store": {"type": "grpc"}, "admin": _admin(16687)},
    """\
examples:
  lymer query                                       what the collector on this machine keeps
  GRPC_STORAGE_SERVER=store:17271 lymer query       or another one
  lymer query --storage embedded --data-dir /copy   or a data folder that nobody else has open

UI and APIs http://localhost:16686   health and metrics 16687
""",
)

REMOTE_STORAGE: Final = Role(
    "remote-storage",
    "a store that Jaeger and Lymer use over gRPC",
    frozenset({"store", "remote_storage", "query"}),
    {"store": _STORE, "admin": _admin(17270)},
    """\
examples:
  lymer remote-storage --data-dir /var/lib/lymer    keeps the spans of collectors elsewhere
  lymer collector --storage grpc                    such a one; GRPC_STORAGE_SERVER says where

In Jaeger v2: jaeger_storage: backends: main: grpc: {endpoint: "store:17271", tls: {insecure: true}}

gRPC 17271: jaeger.storage.v2 and OTLP   health and metrics 17270
""",
)

AGENT: Final = Role(
    "agent",
    "takes spans in beside the applications and sends them on to collectors",
    frozenset({"receivers", "resource_attributes", "sampling", "forward"}),
    {"receivers": _AGENT_DOORS, "admin": _admin(14271)},
    """\
examples:
  REPORTER_GRPC_HOST_PORT=collector:14250 lymer agent   beside applications, as Jaeger's agent was
  lymer agent --config agent.yaml                       several collectors, the size of the spool, …

What no collector takes waits in the spool below --data-dir, over restarts too.
UDP 6831, 6832, 5775   sampling 5778   health and metrics 14271
""",
)

ROLES: Final = {role.name: role for role in (ALL_IN_ONE, AGENT, COLLECTOR, QUERY, REMOTE_STORAGE)}
"""By the name of the command."""

SECTIONS: Final = frozenset[str]().union(*(role.sections for role in ROLES.values()))
"""Those of all roles."""
