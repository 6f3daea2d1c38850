"""`lymer demo`: the last hour at once, then on and on until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
import time

from lymer.component.clock import Clock, SystemClock
from lymer.component.errors import ConfigError
from lymer.demo.operation import Journey
from lymer.demo.sender import Sender
from lymer.demo.stories import SECOND, traffic

EPILOG = """\
Eight services of a shop: frontend, catalog, recommendation, cart, checkout, payment, inventory, shipping. In a
cycle of twenty minutes a deploy of payment fails, its provider is down, the cache of catalog is cold, and the
database of inventory is slow; recommendation asks too many queries for customers with a long history.
All resources say lymer.demo=true.
"""
REQUEST_TRACES_MAX = 50


def main(arguments: list[str]) -> int:
    """The command; returns when it is interrupted. Raises UnavailableError, ConfigError."""
    options = _parser().parse_args(arguments)
    if options.rate <= 0:
        raise ConfigError(f"--rate: must be above 0, not {options.rate:g}")
    if options.history < 0:
        raise ConfigError(f"--history: must not be negative, not {options.history:g}")
    clock = SystemClock()
    sender = Sender(options.endpoint, clock)
    try:
        run(
            sender,
            clock,
            seed=options.seed,
            traces_per_s=options.rate,
            history_s=round(options.history * 60),
            once=options.once,
        )
    except KeyboardInterrupt:
        return 0
    finally:
        sender.close()
    return 0


def run(sender: Sender, clock: Clock, *, seed: int, traces_per_s: float, history_s: int, once: bool) -> None:
    """The history, then, unless `once`, every second's traces as soon as they have ended."""
    sender.wait(patience_s=30.0)
    now_s = clock.now_unix_nano() // SECOND
    spans, waiting = _send_history(sender, seed, traces_per_s, range(now_s - history_s, now_s), clock)
    _say(f"demo: {spans:,} spans of the last {history_s // 60} minutes sent to {sender.endpoint}")
    if once:
        return
    _say(f"demo: {traces_per_s:g} traces a second from now on; Ctrl-C ends it")
    while True:
        waiting.extend(traffic(seed, now_s, traces_per_s))
        now_s += 1
        _sleep_until(now_s * SECOND, clock)
        _, waiting = _send_ended(sender, waiting, clock)


def _send_history(
    sender: Sender, seed: int, traces_per_s: float, seconds: range, clock: Clock
) -> tuple[int, list[Journey]]:
    spans, waiting = 0, []
    for second in seconds:
        waiting.extend(traffic(seed, second, traces_per_s))
        if len(waiting) >= REQUEST_TRACES_MAX and second < seconds.stop - 30:
            spans += sender.send(waiting)
            waiting = []
    sent, waiting = _send_ended(sender, waiting, clock)
    return spans + sent, waiting


def _send_ended(sender: Sender, waiting: list[Journey], clock: Clock) -> tuple[int, list[Journey]]:
    """Send what has ended; what is still going on waits."""
    now = clock.now_unix_nano()
    ended = [journey for journey in waiting if journey.end <= now]
    sent = sender.send(ended) if ended else 0
    return sent, [journey for journey in waiting if journey.end > now]


def _sleep_until(unix_nano: int, clock: Clock) -> None:
    time.sleep(max(0.0, (unix_nano - clock.now_unix_nano()) / SECOND))


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lymer demo",
        description="Send the traffic of a small shop to a Lymer that runs: the last hour at once, then steadily.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--endpoint", default="http://127.0.0.1:4318", metavar="URL", help="OTLP/HTTP (http://127.0.0.1:4318)")
    option("--rate", type=float, default=1.0, metavar="N", help="traces a second (1)")
    option("--history", type=float, default=60.0, metavar="MINUTES", help="how much of the past to send first (60)")
    option("--seed", type=int, default=1, metavar="N", help="other traffic, the same for the same seed (1)")
    option("--once", action="store_true", help="send the history and end")
    return parser
