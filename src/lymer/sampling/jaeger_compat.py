"""What Jaeger's sampling endpoints answer, over HTTP and over gRPC, whoever listens: texts and statuses are Jaeger's.

Not here: sockets. `api.sampling`, and the receivers on Jaeger's collector ports, hand in what they were asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from lymer.component.errors import LymerError
from lymer.sampling.jaeger_json import encode_json
from lymer.sampling.jaeger_proto import decode_parameters, encode_strategy
from lymer.sampling.strategy import StrategyProvider

JSON_TYPE: Final = b"application/json"
TEXT_TYPE: Final = b"text/plain; charset=utf-8"

LEGACY_RATE_MAX: Final = 32_767
"""Traces in a second that the Thrift structure of the old dialect can say."""

_SERVICE_ONCE: Final = b"'service' parameter must be provided once\n"
_NO_BAGGAGE: Final = b"collector error: baggage not implemented\n"
_NOT_REPRESENTABLE: Final = b"cannot marshall to JSON\n"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What goes back over HTTP."""

    status: int
    content_type: bytes
    body: bytes


async def answer_http(query_string: bytes, provider: StrategyProvider, *, legacy: bool = False) -> HttpAnswer:
    """The answer to `GET /sampling?service=S`; with `legacy` to `GET /?service=S`. Never raises."""
    service = _service_in(query_string)
    if service is None:
        return HttpAnswer(400, TEXT_TYPE, _SERVICE_ONCE)
    try:
        strategy = await provider.strategy_for(service)
    except LymerError as error:
        return HttpAnswer(500, TEXT_TYPE, f"collector error: {error}\n".encode())
    if legacy and strategy.kind == "ratelimiting" and strategy.param > LEGACY_RATE_MAX:
        return HttpAnswer(500, TEXT_TYPE, _NOT_REPRESENTABLE)
    return HttpAnswer(200, JSON_TYPE, encode_json(strategy, legacy=legacy))


def answer_baggage(query_string: bytes) -> HttpAnswer:
    """The answer to `GET /baggageRestrictions?service=S`: Jaeger's collector never had any."""
    if _service_in(query_string) is None:
        return HttpAnswer(400, TEXT_TYPE, _SERVICE_ONCE)
    return HttpAnswer(500, TEXT_TYPE, _NO_BAGGAGE)


async def answer_grpc(request: bytes, provider: StrategyProvider) -> bytes:
    """The answer to `SamplingManager/GetSamplingStrategy`. Raises DecodeError, and what the provider raises."""
    return encode_strategy(await provider.strategy_for(decode_parameters(request)))


def _service_in(query_string: bytes) -> str | None:
    """The one service asked for; None where there is none or more than one."""
    parameters = parse_qs(query_string.decode("utf-8", "replace"), keep_blank_values=True)
    services = parameters.get("service", [])
    return services[0] if len(services) == 1 else None
