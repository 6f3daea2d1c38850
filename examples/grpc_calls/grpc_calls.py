"""gRPC with interceptors at both ends: the server's name is resolved, a stream is read, an error keeps its code.

python examples/grpc_calls/grpc_calls.py
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
import lymer_sdk as lymer
from lymer_sdk.middleware import GrpcClientInterceptor, GrpcServerInterceptor

SERVICE = "greeter.Greeter"


def hello(request: bytes, context: grpc.ServicerContext) -> bytes:
    """One answer; nobody has no name."""
    with lymer.get_tracer().span("compose") as span:
        span.tag("tenant", lymer.baggage("tenant_id"))
        if not request:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a name is needed")
        return b"hello " + request


def hello_often(request: bytes, context: grpc.ServicerContext):
    """Three answers."""
    for _ in range(3):
        yield b"hello " + request


def serve() -> None:
    """The server's process: says its port, and ends with its input."""
    lymer.init("greeter", interval_s=0.1)
    server = grpc.server(ThreadPoolExecutor(2), interceptors=[GrpcServerInterceptor()])
    methods = {
        "Hello": grpc.unary_unary_rpc_method_handler(hello),
        "HelloOften": grpc.unary_stream_rpc_method_handler(hello_often),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
    server.stop(None).wait()
    lymer.close()


def ask(port: int) -> None:
    """The client's process. `dns:///` looks the name up, as `etcd:///` would with its own resolver."""
    tracer = lymer.init("greeter-client")
    target = f"dns:///localhost:{port}"
    with grpc.insecure_channel(target) as plain, tracer.span("ask") as span:
        channel = grpc.intercept_channel(plain, GrpcClientInterceptor(target))
        span.baggage["tenant_id"] = "blue"
        print(channel.unary_unary(f"/{SERVICE}/Hello")(b"world").decode())
        print(len(list(channel.unary_stream(f"/{SERVICE}/HelloOften")(b"world"))))
        try:
            channel.unary_unary(f"/{SERVICE}/Hello")(b"")
        except grpc.RpcError as error:
            span.log("refused", code=error.code().name, details=error.details())
        print(f"trace {span.trace_id:032x}")
    lymer.close()


def main() -> None:
    """Starts the server, asks it, stops it."""
    if "serve" in sys.argv:
        serve()
        return
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        ask(int(server.stdout.readline()))
        server.stdin.close()


if __name__ == "__main__":
    main()
