"""`jaeger.api_v2.SamplingManager` for any gRPC server. Bytes in, bytes out: no generated code."""

from __future__ import annotations

from typing import Any

import grpc

from lymer.component.errors import DecodeError, LymerError
from lymer.component.events import Events
from lymer.sampling.jaeger_compat import answer_grpc
from lymer.sampling.jaeger_proto import METHOD, SERVICE
from lymer.sampling.strategy import StrategyProvider


def strategy_handler(provider: StrategyProvider, events: Events) -> grpc.GenericRpcHandler:
    """What `add_generic_rpc_handlers` of an asyncio server takes."""

    async def get_strategy(request: bytes, context: Any) -> bytes:
        try:
            return await answer_grpc(request, provider)
        except DecodeError as error:
            return await _abort(context, grpc.StatusCode.INTERNAL, str(error))
        except LymerError as error:
            return await _abort(context, grpc.StatusCode.UNAVAILABLE, str(error))
        except Exception as error:
            events.unexpected("sampling_grpc", error)
            return await _abort(context, grpc.StatusCode.INTERNAL, "unexpected error")

    method = grpc.unary_unary_rpc_method_handler(get_strategy)
    return grpc.method_handlers_generic_handler(SERVICE, {METHOD: method})


async def _abort(context: Any, code: grpc.StatusCode, message: str) -> bytes:
    await context.abort(code, message)
    raise AssertionError("abort raises")
