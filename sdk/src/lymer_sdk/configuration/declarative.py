"""OpenTelemetry's declarative configuration file, in YAML, as our keys; and plain YAML of our own keys.

Schema: opentelemetry-configuration 1.x, `tracer_provider`, `resource`, `propagator`, `attribute_limits`, `disabled`.
What belongs to metrics and logs is left alone. What we cannot do stops the start with its path in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_VARIABLE = re.compile(r"\$(\$)|\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\n]*))?\}")
_OTHERS = frozenset(
    ("file_format", "log_level", "meter_provider", "logger_provider", "instrumentation/development", "distribution")
)


def read_file(path: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Our keys from a file. Raises ValueError that says where in the file something is wrong."""
    try:
        import yaml
    except ImportError as error:
        raise ValueError("a configuration file needs PyYAML: pip install 'lymer-sdk[yaml]'") from error
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise ValueError(f"{path}: it is no mapping")
    filled = _filled(document, environment, yaml.safe_load)
    try:
        return from_declarative(filled) if "file_format" in filled else filled
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{path}: a value is of another kind than it should be: {error}") from error


def from_declarative(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document of OpenTelemetry's schema as our keys. Raises ValueError with the path."""
    found: dict[str, Any] = {}
    readers: dict[str, Callable[[Any], dict[str, Any]]] = {
        "disabled": lambda value: {"enabled": not value},
        "resource": _resource,
        "propagator": _propagator,
        "attribute_limits": _limits,
        "tracer_provider": _tracer_provider,
        "lymer": dict,
    }
    for name, value in document.items():
        if name not in readers and name not in _OTHERS:
            raise ValueError(f"{name}: not known")
        if name in readers and value is not None:
            found.update(readers[name](value))
    return found


def _filled(node: Any, environment: Mapping[str, str], read: Callable[[str], Any]) -> Any:
    """`${NAME}`, `${env:NAME}` and `${NAME:-default}` in values; a value that is only one has the type of its text."""
    if isinstance(node, dict):
        return {key: _filled(value, environment, read) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, environment, read) for value in node]
    if not isinstance(node, str) or "$" not in node:
        return node
    text = _VARIABLE.sub(lambda found: "$" if found[1] else environment.get(found[2]) or found[3] or "", node)
    whole = _VARIABLE.fullmatch(node)
    return (read(text) if text else None) if whole is not None and not whole[1] else text


def _resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    listed = (pair.partition("=") for pair in str(resource.get("attributes_list") or "").split(",") if pair)
    tags: dict[str, Any] = {key.strip(): value.strip() for key, _, value in listed}
    tags.update((attribute["name"], attribute["value"]) for attribute in resource.get("attributes") or ())
    service = tags.pop("service.name", None)
    return {"tags": tags, **({"service": service} if service else {})}


def _propagator(propagator: Mapping[str, Any]) -> dict[str, Any]:
    names = [name for one in propagator.get("composite") or () for name in one]
    listed = str(propagator.get("composite_list") or "").split(",")
    names += [name.strip() for name in listed if name.strip() and name.strip() not in names]
    return {"propagators": tuple(names)} if names else {}


def _limits(limits: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "attribute_value_length_limit": "attribute_length_max",
        "attribute_count_limit": "attribute_count_max",
        "event_count_limit": "event_count_max",
        "link_count_limit": "link_count_max",
        "event_attribute_count_limit": "event_attribute_count_max",
        "link_attribute_count_limit": "link_attribute_count_max",
    }
    return {names[name]: value for name, value in limits.items() if value is not None and name in names}


def _tracer_provider(provider: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    reporters: list[str] = []
    for number, processor in enumerate(provider.get("processors") or ()):
        path = f"tracer_provider.processors[{number}]"
        ((kind, given),) = processor.items()
        if kind not in ("batch", "simple"):
            raise ValueError(f"{path}.{kind}: not known")
        if kind == "batch":
            found.update(_batch(given))
        reporter, settings = _exporter(given.get("exporter") or {}, f"{path}.{kind}.exporter")
        if reporter in reporters:
            raise ValueError(f"{path}: a second {reporter} exporter; there is one of each kind")
        reporters.append(reporter)
        found.update(settings)
    if reporters:
        found["reporter"] = tuple(reporters)
    found.update(_limits(provider.get("limits") or {}))
    if sampler := provider.get("sampler"):
        found.update(_sampler(sampler, "tracer_provider.sampler"))
    return found


def _batch(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "schedule_delay": ("interval_s", 1e-3),
        "export_timeout": ("send_timeout_s", 1e-3),
        "max_queue_size": ("queue_spans_max", 1),
        "max_export_batch_size": ("batch_spans_max", 1),
    }
    return {key: given[name] * unit for name, (key, unit) in names.items() if given.get(name) is not None}


def _exporter(exporter: Mapping[str, Any], path: str) -> tuple[str, dict[str, Any]]:
    if len(exporter) != 1:
        raise ValueError(f"{path}: one exporter is wanted")
    ((kind, given),) = exporter.items()
    given = given or {}
    kind = kind.removesuffix("/development")
    if kind in ("otlp_http", "otlp_grpc"):
        return "otlp", _otlp(kind, given)
    if kind == "console":
        return "log", {}
    if kind == "zipkin":
        return "zipkin", {"zipkin_endpoint": given["endpoint"]} if given.get("endpoint") else {}
    if kind == "otlp_file":
        stream = str(given.get("output_stream") or "stdout")
        return "file", {"file_path": "-" if stream == "stdout" else stream.removeprefix("file://")}
    raise ValueError(f"{path}.{kind}: not known")


def _otlp(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    listed = (pair.partition("=") for pair in str(given.get("headers_list") or "").split(",") if pair)
    headers = {key.strip(): value.strip() for key, _, value in listed}
    headers.update((header["name"], header["value"]) for header in given.get("headers") or ())
    tls = given.get("tls") or {}
    encoding = "http/json" if given.get("encoding") == "json" else "http/protobuf"
    found = {
        "protocol": "grpc" if kind == "otlp_grpc" else encoding,
        "endpoint": given.get("endpoint"),
        "headers": headers or None,
        "compress": given.get("compression") == "gzip" or None,
        "send_timeout_s": given["timeout"] / 1000 if given.get("timeout") is not None else None,
        "certificate": tls.get("ca_file"),
        "client_certificate": tls.get("cert_file"),
        "client_key": tls.get("key_file"),
    }
    return {key: value for key, value in found.items() if value is not None}


def _sampler(sampler: Mapping[str, Any], path: str) -> dict[str, Any]:
    ((kind, given),) = sampler.items()
    given = given or {}
    name = kind.removesuffix("/development")
    if name in ("always_on", "always_off"):
        return {"sampler": name}
    if name == "trace_id_ratio_based":
        return {"sampler": "traceidratio", "sampler_param": given.get("ratio", 1.0)}
    if name == "probability":
        return {"sampler": "consistent", "sampler_param": given.get("ratio", 1.0)}
    if name == "jaeger_remote":
        return {"sampler": "jaeger_remote", "sampler_param": _remote_param(given, f"{path}.{kind}")}
    if name == "parent_based":
        return _parent_based(given, f"{path}.{kind}")
    raise ValueError(f"{path}.{kind}: not known")


def _remote_param(given: Mapping[str, Any], path: str) -> str:
    if not given.get("endpoint"):
        raise ValueError(f"{path}.endpoint: it is needed")
    said = [f"endpoint={given['endpoint']}"]
    if given.get("interval") is not None:
        said.append(f"pollingIntervalMs={given['interval']}")
    initial = _sampler(given["initial_sampler"], f"{path}.initial_sampler") if given.get("initial_sampler") else {}
    shares = {"parentbased_always_on": 1.0, "always_on": 1.0, "always_off": 0.0}
    share = initial.get("sampler_param", shares.get(initial.get("sampler", "")))
    return ",".join([*said, f"initialSamplingRate={share}"] if share is not None else said)


def _parent_based(given: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The parent decides; a file that says otherwise for some parents asks for what we do not do."""
    for name in ("remote_parent", "local_parent"):
        for end, default in (("sampled", "always_on"), ("not_sampled", "always_off")):
            if (chosen := given.get(f"{name}_{end}")) is not None and list(chosen) != [default]:
                raise ValueError(f"{path}.{name}_{end}: only {default} can be had")
    root = _sampler(given.get("root") or {"always_on": None}, f"{path}.root")
    name = root["sampler"]
    return {**root, "sampler": name if name == "consistent" else f"parentbased_{name}"}
