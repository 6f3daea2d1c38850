"""Jaeger's remote sampling over gRPC: `api_v2.SamplingManager`, at a collector's port 14250. Needs `lymer-sdk[grpc]`.

The answer is read by hand and handed on as the JSON that the same server gives over HTTP, so that one reader and one
kept file serve both.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

from lymer_sdk.grpc_channel import GrpcChannel
from lymer_sdk.tls import Tls

_METHOD = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy"
_TIMEOUT_S = 10.0
_TYPES = ("PROBABILISTIC", "RATE_LIMITING")
_U64 = (1 << 64) - 1


class GrpcStrategies:
    """Called like `fetch_http`: the answer as JSON; raises OSError and gRPC's error."""

    def __init__(self, endpoint: str, service: str) -> None:
        self._channel = GrpcChannel(endpoint, port=14250, tls=Tls())
        name = service.encode()
        self._request = b"\x0a" + _varint(len(name)) + name

    def __call__(self, url: str) -> bytes:
        return json.dumps(read_strategy(self._channel.call(_METHOD, self._request, _TIMEOUT_S))).encode()


def read_strategy(message: bytes) -> dict[str, Any]:
    """A SamplingStrategyResponse as its JSON. Raises ValueError for what is none."""
    strategy: dict[str, Any] = {"strategyType": "PROBABILISTIC"}
    for number, value in _fields(message):
        if number == 1:
            strategy["strategyType"] = _TYPES[value] if value < len(_TYPES) else value
        elif number == 2:
            strategy["probabilisticSampling"] = {"samplingRate": _double_of(value, 1)}
        elif number == 3:
            rates = [rate for field, rate in _fields(value) if field == 1]
            strategy["rateLimitingSampling"] = {"maxTracesPerSecond": rates[-1] if rates else 0}
        elif number == 4:
            strategy["operationSampling"] = _operations(value)
    if strategy["strategyType"] == "PROBABILISTIC":
        strategy.setdefault("probabilisticSampling", {"samplingRate": 0.0})
    return strategy


def _operations(message: bytes) -> dict[str, Any]:
    return {
        "defaultSamplingProbability": _double_of(message, 1),
        "defaultLowerBoundTracesPerSecond": _double_of(message, 2),
        "perOperationStrategies": [_operation(value) for number, value in _fields(message) if number == 3],
    }


def _operation(message: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {"operation": ""}
    for number, value in _fields(message):
        if number == 1:
            found["operation"] = value.decode()
        elif number == 2:
            found["probabilisticSampling"] = {"samplingRate": _double_of(value, 1)}
    return found


def _double_of(message: bytes, number: int) -> float:
    found = [value for field, value in _fields(message) if field == number]
    return float(struct.unpack("<d", found[-1])[0]) if found else 0.0


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field: an int of a varint, else bytes."""
    place = 0
    while place < len(message):
        tag, place = _read_varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _read_varint(message, place)
            yield tag >> 3, value
            continue
        if kind == 2:
            size, place = _read_varint(message, place)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind} in a sampling strategy")
        if place + size > len(message):
            raise ValueError("a sampling strategy that ends early")
        yield tag >> 3, message[place : place + size]
        place += size


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(message) and shift < 70:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value & _U64, place
    raise ValueError("a sampling strategy that ends early")


def _varint(n: int) -> bytes:
    groups = bytearray()
    while n > 127:
        groups.append(n & 127 | 128)
        n >>= 7
    groups.append(n)
    return bytes(groups)
