"""`Body.discard`: who is refused can send the rest of a body of that size and then reads the answer."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest

from lymer.component.errors import TooLargeError
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.http_body import Body

LIMIT_BYTES = 1000


class Sender:
    """Sends a body in pieces, as the server hands them on."""

    def __init__(self, size: int, piece: int) -> None:
        self.left, self._piece = size, piece

    async def receive(self) -> MutableMapping[str, Any]:
        """The next piece."""
        piece = min(self._piece, self.left)
        self.left -= piece
        return {"type": "http.request", "body": bytes(piece), "more_body": self.left > 0}


@pytest.mark.parametrize("piece", [1, 70, 999])
@pytest.mark.parametrize("announced", [None, b"1950"])
async def test_a_refused_body_is_read_to_its_end_so_that_its_sender_sees_the_answer(
    piece: int, announced: bytes | None
) -> None:
    sender = Sender(1950, piece)
    body = Body(sender.receive, announced)
    with InFlight(1 << 20).request() as reservation, pytest.raises(TooLargeError):
        await body.read(bytes_max=LIMIT_BYTES, timeout_s=5, reservation=reservation)
    await body.discard(bytes_max=2 * LIMIT_BYTES)
    assert sender.left == 0


async def test_an_endless_body_is_not_read_for_ever() -> None:
    sender = Sender(1 << 40, 100)
    await Body(sender.receive, None).discard(bytes_max=2 * LIMIT_BYTES)
    assert sender.left == (1 << 40) - 2100
