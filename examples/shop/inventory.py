"""inventory: what is there, over gRPC; its counts are in the cache (Redis)."""

import json
from concurrent.futures import ThreadPoolExecutor

import grpc
import redis
from lymer_sdk.middleware import GrpcServerInterceptor
from settings import is_on, port, start


def reserve(request: bytes, context: grpc.ServicerContext) -> bytes:
    """Counts the items down, all in one round trip."""
    if is_on("retry-storm"):
        context.abort(grpc.StatusCode.UNAVAILABLE, "the inventory is being counted")
    with redis.Redis(port=port("cache")).pipeline(transaction=False) as pipeline:
        for item in json.loads(request):
            pipeline.decr(f"stock:{item}")
        pipeline.execute()
    return b"reserved"


def main() -> None:
    """Serves until it is stopped."""
    start("inventory")
    server = grpc.server(ThreadPoolExecutor(4), interceptors=[GrpcServerInterceptor()])
    methods = {"Reserve": grpc.unary_unary_rpc_method_handler(reserve)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Inventory", methods),))
    server.add_insecure_port(f"127.0.0.1:{port('inventory')}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
