"""What every decoder of the native core does with its answer: a batch that knows its payload, refusals, DecodeError."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from lymer import _native
from lymer.component.errors import DecodeError
from lymer.model.batch import Payload, SpanBatch
from lymer.wire.decoded import Decoded, Refusal

NativeDecoder: TypeAlias = Callable[[bytes], tuple[_native.Batch, list[tuple[str, int]]]]


def decoded_by(decoder: NativeDecoder, payload: bytes, format_name: str, wanted: str) -> Decoded:
    """The spans of a payload. Raises DecodeError, which says what was wanted and what is wrong."""
    try:
        columns, refused = decoder(payload)
    except ValueError as error:
        raise DecodeError(f"not {wanted}: {error}") from error
    batch = SpanBatch(columns, Payload(format_name, payload))
    return Decoded(batch, tuple(Refusal(reason, count) for reason, count in refused))
