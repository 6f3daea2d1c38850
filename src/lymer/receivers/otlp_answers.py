"""What a sender of OTLP is told when its request is refused, over HTTP and over gRPC.

By the OTLP specification ("Failures", "Retryable Response Codes") a sender comes again after 429, 502, 503, 504 and
after UNAVAILABLE; after RESOURCE_EXHAUSTED only with a RetryInfo. Errors that stay must use none of these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lymer.component.errors import (
    DecodeError,
    LymerError,
    OverloadedError,
    PermanentError,
    RetryableError,
    TooLargeError,
)

INVALID_ARGUMENT = 3
RESOURCE_EXHAUSTED = 8
INTERNAL = 13
UNAVAILABLE = 14

UNEXPECTED_MESSAGE = "internal error; the server's log says more"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a whole request is refused, in the words of HTTP, of gRPC and of our metrics."""

    http_status: int
    grpc_code: int
    cause: str
    message: str
    retry_after_s: float | None = None

    @property
    def retry_after(self) -> bytes | None:
        """The value of the header Retry-After: whole seconds, at least one."""
        return None if self.retry_after_s is None else str(max(1, math.ceil(self.retry_after_s))).encode()


def refusal_for(error: Exception) -> Refusal:
    """How an error is told to the sender. Errors that are not ours tell nothing of the inside."""
    message = str(error)
    match error:
        case OverloadedError():
            return Refusal(429, RESOURCE_EXHAUSTED, "overloaded", message, error.retry_after_s)
        case RetryableError():
            return Refusal(503, UNAVAILABLE, "unavailable", message, error.retry_after_s)
        case TooLargeError():
            return Refusal(413, INVALID_ARGUMENT, "too_large", message)
        case DecodeError():
            return Refusal(400, INVALID_ARGUMENT, "malformed", message)
        case PermanentError():
            return Refusal(400, INVALID_ARGUMENT, "refused", message)
        case LymerError():
            return Refusal(503, UNAVAILABLE, "unavailable", message, 1.0)
    return Refusal(500, INTERNAL, "unexpected", UNEXPECTED_MESSAGE)
