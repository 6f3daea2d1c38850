"""Which method of a gRPC port is answered by what. Takes what generated code gives to a server of grpcio."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import grpc


class _Asked(NamedTuple):
    """What a generic handler looks at."""

    method: str
    invocation_metadata: tuple[()] = ()


class GrpcMethods:
    """Methods by their path. Looks to servicers like a server."""

    def __init__(self) -> None:
        self._handlers: list[grpc.GenericRpcHandler] = []
        self._found: dict[str, grpc.RpcMethodHandler] = {}

    def add_generic_rpc_handlers(self, handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """Who comes first answers."""
        self._handlers.extend(handlers)

    def add_registered_method_handlers(self, service: str, methods: dict[str, Any]) -> None:
        """The same methods once more, as generated code gives them."""

    def find(self, path: str) -> grpc.RpcMethodHandler | None:
        """Who answers `/package.Service/Method`."""
        found = self._found.get(path)
        if found is None:
            asked = _Asked(path)
            found = next(filter(None, (handler.service(asked) for handler in self._handlers)), None)
            if found is not None:
                self._found[path] = found
        return found
