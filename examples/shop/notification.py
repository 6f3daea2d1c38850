"""notification: writes to users when they have ordered; takes events (Kafka, or the list of the cache's server)."""

import json
import logging

import events
import lymer_sdk as lymer
from settings import pause, start

GROUP = "notification"
log = logging.getLogger("notification")


def handle(message: events.Any) -> None:
    """One event, its handler within its span."""
    with events.handling(message, GROUP):
        order = json.loads(message.value)
        with lymer.get_tracer().span("send-mail", kind="client", **{"user.id": str(order["user"])}):
            pause(0.002)
        log.info("wrote to user %d", order["user"])


def main() -> None:
    """Handles events until it is stopped."""
    start("notification")
    for message in events.messages(GROUP):
        handle(message)


if __name__ == "__main__":
    main()
