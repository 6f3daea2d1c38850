"""What a failed call means here: the other Lymer's error again, or that it cannot be reached."""

from __future__ import annotations

from typing import Any

import grpc

from lymer.component import errors
from lymer.component.errors import BudgetError, LymerError, PermanentError, RetryableError, UnavailableError
from lymer.wire.store_calls import ERROR_KEY, RETRY_KEY


def error_of(failure: Any, *, server: str) -> LymerError:
    """The error to raise for an AioRpcError."""
    metadata = {str(key): str(value) for key, value in failure.trailing_metadata() or ()}
    message = str(failure.details())
    kind = getattr(errors, metadata.get(ERROR_KEY, ""), None)
    if isinstance(kind, type) and issubclass(kind, RetryableError):
        return kind(message, retry_after_s=float(metadata.get(RETRY_KEY, "1")))
    if isinstance(kind, type) and issubclass(kind, LymerError):
        return kind(message)
    match failure.code():
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return BudgetError(f"the store at {server} did not answer in time")
        case grpc.StatusCode.INVALID_ARGUMENT:
            return PermanentError(f"the store at {server}: {message}")
        case grpc.StatusCode.UNIMPLEMENTED:
            return errors.NotSupportedError(
                f"the store at {server} is no Lymer's; for Jaeger's set the storage type jaeger_grpc: {message}"
            )
    return UnavailableError(f"the store at {server} cannot be reached: {message}")
