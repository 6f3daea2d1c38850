"""The dict of jaeger-client's `Config(config={...})` in our keys: all that it knew, under its names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lymer_sdk.configuration.parse import boolean

_SAME = {
    "service_name": "service",
    "enabled": "enabled",
    "logging": "log_spans",
    "tags": "tags",
    "reporter_batch_size": "batch_spans_max",
    "reporter_queue_size": "queue_spans_max",
    "reporter_flush_interval": "interval_s",
    "sampling_refresh_interval": "sampling_interval_s",
    "max_operations": "operations_max",
    "max_tag_value_length": "attribute_length_max",
    "trace_id_header": "trace_id_header",
    "baggage_header_prefix": "baggage_prefix",
    "debug_id_header": "debug_id_header",
    "generate_128bit_trace_id": "trace_id_128bit",
}
WITHOUT_EFFECT = ("metrics", "throttler", "max_traceback_length")
"""Taken and not used: metrics are in `stats()`, stacks have their limit. No server gives a throttler
credits any more: `debug_per_second_max` is ours."""


def looks_like_jaegers(config: Mapping[str, Any]) -> bool:
    """Whether a dict is one of jaeger-client's."""
    return any(key in config for key in (*_SAME, "local_agent", "propagation", *WITHOUT_EFFECT) if key not in _OURS)


_OURS = frozenset(("enabled", "tags", "trace_id_header", "debug_id_header"))


def from_jaeger(config: Mapping[str, Any]) -> dict[str, Any]:
    """The same in our keys. Spans go to the agent by UDP, as they did. Raises ValueError for a key nobody knows."""
    found: dict[str, Any] = {
        "reporter": "udp",
        "sampler": "remote",
        "sampler_param": 0.001,
        "propagators": ("jaeger",),
        "trace_id_128bit": False,
    }
    parts: dict[str, Callable[[Any], dict[str, Any]]] = {
        "local_agent": _local_agent,
        "sampler": _sampler,
        "propagation": lambda name: {"propagators": (name,)},
    }
    for key, value in config.items():
        if key in parts:
            found.update(parts[key](value))
        elif key in _SAME:
            found[_SAME[key]] = value
        elif key not in WITHOUT_EFFECT:
            raise ValueError(f"jaeger-client had no key {key!r}")
    return found


def _local_agent(agent: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    host = agent.get("reporting_host", "localhost")
    if not boolean(agent.get("enabled", True)):
        found["reporter"] = "none"
    if "reporting_host" in agent:
        found["agent_host"] = host
    if "reporting_port" in agent:
        found["agent_port"] = agent["reporting_port"]
    if "sampling_port" in agent or "reporting_host" in agent:
        found["sampling_endpoint"] = f"http://{host}:{agent.get('sampling_port', 5778)}/sampling"
    return found


def _sampler(sampler: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    if "type" in sampler:
        found["sampler"] = sampler["type"]
    if "param" in sampler:
        found["sampler_param"] = sampler["param"]
    return found
