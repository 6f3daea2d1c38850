"""A web service whose middleware takes or makes X-Trace-ID, answers with it, and logs it with every line.

python examples/web/web.py          # serves on PORT (8000)
curl -i -H 'X-Trace-ID: order/77' localhost:8000/orders/77
"""

import logging
import os

import lymer_sdk as lymer
import uvicorn
from fastapi import FastAPI, HTTPException
from lymer_sdk.logs import LOG_FORMAT, correlate_logs
from lymer_sdk.middleware import ASGIMiddleware

log = logging.getLogger("orders")
app = FastAPI()


@app.get("/orders/{number}")
async def order(number: int) -> dict[str, int]:
    """An order, as far as there is one."""
    with lymer.get_tracer().span("load-order", kind="client", **{"db.system.name": "sqlite"}) as span:
        log.info("loads order %d", number)
        span.log("cache_miss", key=f"order_{number}")
    if number > 1000:
        raise HTTPException(404)
    if number == 0:
        raise ZeroDivisionError("no order has this number")
    return {"number": number}


def main() -> None:
    """Serves until it is stopped."""
    correlate_logs()
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    lymer.init("web", propagators="tracecontext,baggage,x-trace-id", flush_on_sigterm=True, interval_s=0.2)
    wrapped = ASGIMiddleware(app, access_log="access", exclude=["/health"])
    uvicorn.run(wrapped, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")), access_log=False)


if __name__ == "__main__":
    main()
