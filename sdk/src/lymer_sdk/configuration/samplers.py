"""The sampler that the settings name."""

from __future__ import annotations

import logging
from typing import NamedTuple

from lymer_sdk.configuration.parse import boolean, pairs
from lymer_sdk.configuration.resolve import Settings
from lymer_sdk.sampling import (
    AlwaysOff,
    AlwaysOn,
    ConsistentProbability,
    Delayed,
    LowerBound,
    Probabilistic,
    RateLimiting,
    Remote,
    Sampler,
    Tiers,
    TraceIdRatio,
)

_log = logging.getLogger(__name__)


class Sampling(NamedTuple):
    """The sampler, and whether a parent's decision holds."""

    sampler: Sampler
    parent_decides: bool = True


def sampling_of(settings: Settings, service: str) -> Sampling:
    """What `sampler`, `sampler_param`, `tier` and the `keep_` settings ask for. Raises ValueError with the key."""
    kind = settings["sampler"]
    sampler = _with_param(kind, settings, service)
    if settings["tier"]:
        sampler = Tiers(sampler, tier=settings["tier"])
    if settings["keep_errors"] or settings["keep_slow_s"] is not None:
        sampler = Delayed(sampler, errors=settings["keep_errors"], slow_s=settings["keep_slow_s"])
    return Sampling(sampler, parent_decides=kind not in ("always_on", "always_off", "traceidratio"))


def _with_param(kind: str, settings: Settings, service: str) -> Sampler:
    """A parameter of the environment that the sampler cannot use is said, and the sampler's own default is used."""
    name, param, source = kind.removeprefix("parentbased_"), settings["sampler_param"], settings.source("sampler_param")
    try:
        return _named(name, param, settings, service)
    except (ValueError, TypeError) as error:
        if not _is_variable(source):
            raise ValueError(f"sampler_param ({source}) of sampler {kind}: {error}") from error
        _log.warning("%s is not used by sampler %s: %s", source, kind, error)
        return _named(name, None, settings, service)


def _is_variable(source: str) -> bool:
    """Code, dict and files stop the start."""
    return source.startswith(("LYMER_", "JAEGER_", "OTEL_"))


def _named(kind: str, param: str | None, settings: Settings, service: str) -> Sampler:
    if kind == "always_on" or (kind == "const" and (param is None or _truth(param))):
        return AlwaysOn()
    if kind in ("always_off", "const"):
        return AlwaysOff()
    if kind == "traceidratio":
        return TraceIdRatio(1.0 if param is None else float(param))
    if kind == "probabilistic":
        return Probabilistic(0.001 if param is None else float(param))
    if kind == "consistent":
        return ConsistentProbability(1.0 if param is None else float(param))
    if kind == "ratelimiting":
        return RateLimiting(10.0 if param is None else float(param))
    if kind == "lowerbound":
        share, _, rate = str(param or "0.001,0.1").partition(",")
        return LowerBound(float(share), float(rate or 0.1))
    if kind == "jaeger_remote":
        return _otel_remote(str(param or ""), settings, service)
    return _remote(settings, service, initial=0.001 if param is None else float(param))


def _truth(param: str) -> bool:
    """Jaeger's const takes 1, 1.0 and true."""
    try:
        return bool(float(param))
    except ValueError:
        return boolean(param)


def _remote(
    settings: Settings, service: str, *, initial: float, endpoint: str = "", interval_s: float | None = None
) -> Remote:
    return Remote(
        endpoint or settings["sampling_endpoint"],
        service,
        initial=Probabilistic(initial),
        interval_s=settings["sampling_interval_s"] if interval_s is None else interval_s,
        operations_max=settings["operations_max"],
        last_good_path=settings["strategy_path"] or None,
    )


def _otel_remote(argument: str, settings: Settings, service: str) -> Remote:
    """OTEL_TRACES_SAMPLER_ARG: `endpoint=...,pollingIntervalMs=5000,initialSamplingRate=0.25`."""
    given = pairs(argument)
    return _remote(
        settings,
        service,
        initial=float(given.get("initialSamplingRate", 0.001)),
        endpoint=str(given.get("endpoint", "")),
        interval_s=float(given["pollingIntervalMs"]) / 1000 if "pollingIntervalMs" in given else None,
    )
