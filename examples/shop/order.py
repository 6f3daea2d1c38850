"""order: takes orders over HTTP (FastAPI): SQL, the inventory over gRPC, the payment over HTTP, an event at the end."""

import json
import logging

import events
import grpc
import httpx
import lymer_sdk as lymer
import uvicorn
from database import Database
from fastapi import FastAPI, HTTPException
from lymer_sdk.middleware import ASGIMiddleware, GrpcClientInterceptor, HttpxTransport
from pydantic import BaseModel
from settings import is_on, port, start

ITEMS = "".join(f"INSERT INTO items VALUES ({n}, {n * 100});" for n in range(1, 101))
ATTEMPTS = 5
log = logging.getLogger("order")
app = FastAPI()
database = Database(
    "orders", "CREATE TABLE items (id INTEGER, price INTEGER); CREATE TABLE orders (user INTEGER);" + ITEMS
)
client = httpx.Client(transport=HttpxTransport(), timeout=10)


class Order(BaseModel):
    """Who buys what."""

    user: int
    items: list[int]


@app.post("/orders")
def create(order: Order) -> dict[str, int]:
    """All steps of one order, one after the other."""
    total = price(order.items)
    reserve(order.items)
    answer = client.post(f"http://127.0.0.1:{port('payment')}/charge", json={"user": order.user, "amount": total})
    if answer.is_error:
        raise HTTPException(502, "the payment failed")
    database.query("INSERT INTO orders VALUES (?)", order.user)
    log.info("order of user %d over %d", order.user, total)
    announce(order)
    return {"total": total}


@lymer.trace("price")
def price(items: list[int]) -> int:
    """What the items cost."""
    if is_on("n-plus-one"):
        return sum(database.query("SELECT price FROM items WHERE id = ?", item)[0][0] for item in items)
    marks = ", ".join("?" * len(items))
    return sum(row[0] for row in database.query(f"SELECT price FROM items WHERE id IN ({marks})", *items))


@lymer.trace("reserve")
def reserve(items: list[int]) -> None:
    """Takes the items out of the inventory; tries again while it is unavailable."""
    target = f"127.0.0.1:{port('inventory')}"
    with grpc.insecure_channel(target) as plain:
        call = grpc.intercept_channel(plain, GrpcClientInterceptor(target)).unary_unary("/shop.Inventory/Reserve")
        for attempt in range(1, ATTEMPTS + 1):
            try:
                call(json.dumps(items).encode(), timeout=5)
            except grpc.RpcError as error:
                lymer.current_span().add_event("retry", {"attempt": attempt, "code": error.code().name})
                if attempt == ATTEMPTS:
                    raise HTTPException(503, "the inventory is unavailable") from error
            else:
                return


def announce(order: Order) -> None:
    """Tells everybody of the order."""
    sender = events.producer(traced=not is_on("lost-context"))
    sender.produce(events.TOPIC, order.model_dump_json().encode(), key=str(order.user))
    sender.flush()


def main() -> None:
    """Serves until it is stopped."""
    start("order")
    wrapped = ASGIMiddleware(app, access_log="access")
    uvicorn.run(wrapped, host="127.0.0.1", port=port("order"), access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
