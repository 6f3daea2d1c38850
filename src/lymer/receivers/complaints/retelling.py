"""How a complaint is found: the steps of the original are retold, up to the one at which it gives up.

They are asked only about bodies that our decoders have refused already, or refused spans of: nothing is decoded here.
Long bodies are not retold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lymer.component.errors import DecodeError
from lymer.wire.decoded import Decoded, Decoder

RETOLD_BYTES_MAX: Final = 64 << 10
"""Bodies above this are told our reason alone: retelling costs some milliseconds for each 10 KiB."""


class Complaint(Exception):  # noqa: N818 - it is no error of ours.
    """The step at which the original gives up, in its words."""


class RetellingDecoder:
    """Decodes one body, and keeps what the original would have complained of."""

    def __init__(self, decode: Decoder, complain: Callable[[str, bytes], str | None]) -> None:
        self._decode = decode
        self._complain = complain
        self.complaint: str | None = None

    def __call__(self, format_name: str, body: bytes) -> Decoded:
        """Raises DecodeError."""
        try:
            decoded = self._decode(format_name, body)
        except DecodeError:
            self.complaint = self._complain(format_name, body)
            raise
        if decoded.refused:
            self.complaint = self._complain(format_name, body)
        return decoded


def retold(retell: Callable[[bytes], None], body: bytes) -> str | None:
    """What stopped the steps of the original; None where it would have taken the body, and for bodies that are long."""
    if len(body) > RETOLD_BYTES_MAX:
        return None
    try:
        retell(body)
    except Complaint as complaint:
        return str(complaint)
    except RecursionError:  # Its stack ends elsewhere than ours.
        return None
    return None
