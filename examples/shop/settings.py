"""What the six services share: where the others are, which faults are on, how tracing starts."""

import logging
import os
import time
from pathlib import Path
from typing import Any

import lymer_sdk as lymer
from lymer_sdk.logs import LOG_FORMAT, correlate_logs
from lymer_sdk.middleware import redis

FAULTS = {
    "slow-query": "the user's row is looked for without an index: the database takes 300 ms",
    "n-plus-one": "the order's items are read one by one instead of at once",
    "leaf-error": "the payment provider refuses every card",
    "retry-storm": "the inventory is unavailable, and the order service tries five times without waiting",
    "lost-context": "the order's event is sent without its headers: the notification is a trace of its own",
}
_FOLDER = Path(os.environ.get("SHOP_FAULTS", "/tmp/shop-faults"))


def port(service: str) -> int:
    """Where a service listens; `run.py` chooses."""
    return int(os.environ[f"SHOP_{service.upper()}_PORT"])


def start(service: str) -> Any:
    """Tracing and logs of one service; the tracer."""
    correlate_logs()
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    redis.install()
    return lymer.init(service, tags={"service.version": "1.0"}, interval_s=0.2, flush_on_sigterm=True)


def is_on(fault: str) -> bool:
    """Whether somebody has switched this fault on: there is a file of its name."""
    return (_FOLDER / fault).exists()


def switch(fault: str, *, on: bool) -> None:
    """Switch a fault on or off. Raises KeyError for one that there is not."""
    FAULTS[fault]
    _FOLDER.mkdir(parents=True, exist_ok=True)
    if on:
        (_FOLDER / fault).touch()
    else:
        (_FOLDER / fault).unlink(missing_ok=True)


def pause(seconds: float) -> None:
    """Work that takes time."""
    time.sleep(seconds)
