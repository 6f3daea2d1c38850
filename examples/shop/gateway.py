"""gateway: the shop's door, over HTTP (FastAPI). Takes or makes X-Trace-ID; switches faults."""

import asyncio

import httpx
import lymer_sdk as lymer
import uvicorn
from fastapi import FastAPI, HTTPException
from lymer_sdk.middleware import ASGIMiddleware, AsyncHttpxTransport
from settings import port, start, switch

app = FastAPI()
client = httpx.AsyncClient(transport=AsyncHttpxTransport(), timeout=10)


@app.post("/checkout")
async def checkout(user: int = 7, items: str = "1,2,3") -> dict[str, object]:
    """Buys what is in the basket."""
    lymer.current_span().set_attribute("user.id", str(user))
    person, basket = await asyncio.gather(client.get(f"http://127.0.0.1:{port('user')}/users/{user}"), check(items))
    if person.is_error:
        raise HTTPException(person.status_code)
    bought = await client.post(f"http://127.0.0.1:{port('order')}/orders", json={"user": user, "items": basket})
    if bought.is_error:
        raise HTTPException(502, "the order failed")
    return {"user": person.json(), "order": bought.json()}


@lymer.trace("check-basket")
async def check(items: str) -> list[int]:
    """The basket's items as numbers."""
    return [int(item) for item in items.split(",")]


@app.put("/faults/{name}", status_code=204)
async def fault(name: str, on: bool = True) -> None:
    """Switches a fault: PUT /faults/slow-query?on=false."""
    try:
        switch(name, on=on)
    except KeyError:
        raise HTTPException(404) from None


def main() -> None:
    """Serves until it is stopped."""
    start("gateway")
    wrapped = ASGIMiddleware(app, exclude=["/faults"], access_log="access")
    uvicorn.run(wrapped, host="127.0.0.1", port=port("gateway"), access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
