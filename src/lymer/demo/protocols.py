"""How the shop's services call each other and their databases, in the words of the semantic conventions."""

from __future__ import annotations

from lymer.demo.operation import Operation, Scalar, Service

GRPC_OK = 0


def http_call(caller: Operation, service: Service, method: str, route: str, path: str) -> tuple[Operation, Operation]:
    """An HTTP request: the caller's span and the called service's."""
    client = caller.child(
        method,
        "client",
        {
            "http.request.method": method,
            "url.full": f"http://{service.name}:8080{path}",
            "server.address": service.name,
            "server.port": 8080,
            "network.protocol.version": "1.1",
        },
    )
    client.passes(0.4)
    server = client.child(
        f"{method} {route}",
        "server",
        {
            "http.request.method": method,
            "http.route": route,
            "url.path": path.partition("?")[0],
            "url.scheme": "http",
            "server.address": service.name,
        },
        service=service,
    )
    server.passes(0.5)
    return client, server


def http_answer(client: Operation, server: Operation, status: int) -> Operation:
    """Both spans of an HTTP request end; 5xx is an error on both sides."""
    for side in (server, client):
        side.says(http__response__status_code=status)
        if status >= 500:
            side.says(error__type=str(status))
            if not side.failed:
                side.fails("")
    server.ends()
    client.waits_for(server)
    client.passes(0.4)
    return client.ends()


def grpc_call(caller: Operation, service: Service, package: str, method: str) -> tuple[Operation, Operation]:
    """A gRPC call: the caller's span and the called service's."""
    attributes: dict[str, Scalar] = {"rpc.system": "grpc", "rpc.service": package, "rpc.method": method}
    name = f"{package}/{method}"
    client = caller.child(name, "client", attributes | {"server.address": service.name, "server.port": 9090})
    client.passes(0.3)
    server = client.child(name, "server", attributes, service=service)
    server.passes(0.5)
    return client, server


def grpc_answer(client: Operation, server: Operation, code: int) -> Operation:
    """Both spans of a gRPC call end; any code but OK is an error of the caller."""
    server.says(rpc__grpc__status_code=code)
    client.says(rpc__grpc__status_code=code)
    server.ends()
    client.waits_for(server)
    client.passes(0.3)
    if code != GRPC_OK:
        client.fails(f"rpc failed with code {code}")
    return client.ends()


def sql(operation: str, table: str, host: str, text: str) -> dict[str, Scalar]:
    """Attributes of a query."""
    return {
        "db.system.name": "postgresql",
        "db.namespace": host.partition(".")[2],
        "db.operation.name": operation,
        "db.collection.name": table,
        "db.query.text": text,
        "server.address": host,
        "server.port": 5432,
    }


def redis(operation: str, host: str, text: str) -> dict[str, Scalar]:
    """Attributes of a cache command."""
    return {
        "db.system.name": "redis",
        "db.operation.name": operation,
        "db.query.text": text,
        "server.address": host,
        "server.port": 6379,
    }


def kafka(operation: str, key: str, partition: int) -> dict[str, Scalar]:
    """Attributes of a message."""
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": "orders",
        "messaging.operation.name": operation,
        "messaging.operation.type": "send" if operation == "send" else "process",
        "messaging.kafka.message.key": key,
        "messaging.destination.partition.id": str(partition),
    }
