"""payment: charges cards, over HTTP (a bare ASGI application: the middleware needs no framework)."""

import asyncio
import json

import lymer_sdk as lymer
import uvicorn
from lymer_sdk.middleware import ASGIMiddleware
from settings import is_on, port, start


class CardRefusedError(Exception):
    """The provider said no."""


async def application(scope, receive, send) -> None:
    """POST /charge."""
    if scope["type"] != "http":
        return
    charge = json.loads((await receive())["body"] or b"{}")
    status = 200
    try:
        await provider(charge)
    except CardRefusedError:
        status = 500
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def provider(charge: dict[str, int]) -> None:
    """The card's company, somewhere else."""
    with lymer.get_tracer().span("charge-card", kind="client", tier="S", **{"payment.amount": charge["amount"]}):
        await asyncio.sleep(0.005)
        if is_on("leaf-error"):
            raise CardRefusedError("limit exceeded")


def main() -> None:
    """Serves until it is stopped."""
    start("payment")
    wrapped = ASGIMiddleware(application, access_log="access")
    uvicorn.run(wrapped, host="127.0.0.1", port=port("payment"), access_log=False, log_level="warning", lifespan="off")


if __name__ == "__main__":
    main()
