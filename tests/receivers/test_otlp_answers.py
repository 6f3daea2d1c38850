"""Which errors make a sender come again. Oracle: the OTLP specification's tables."""

from __future__ import annotations

import pytest

from lymer.component.errors import (
    DecodeError,
    LymerError,
    OverloadedError,
    PermanentError,
    RetryableError,
    TooLargeError,
    UnavailableError,
)
from lymer.receivers.otlp_answers import UNEXPECTED_MESSAGE, refusal_for

RETRYABLE_HTTP = {429, 502, 503, 504}
RETRYABLE_GRPC = {1, 4, 10, 11, 14, 15}
RESOURCE_EXHAUSTED = 8


@pytest.mark.parametrize(
    "error",
    [OverloadedError("x"), UnavailableError("x"), RetryableError("x"), LymerError("x")],
    ids=lambda e: type(e).__name__,
)
def test_what_may_work_later_is_retryable_in_both(error: Exception) -> None:
    refusal = refusal_for(error)
    assert refusal.http_status in RETRYABLE_HTTP
    assert refusal.retry_after_s is not None
    assert refusal.grpc_code in RETRYABLE_GRPC | {RESOURCE_EXHAUSTED}


@pytest.mark.parametrize(
    "error",
    [DecodeError("x"), TooLargeError("x"), PermanentError("x"), RuntimeError("x")],
    ids=lambda e: type(e).__name__,
)
def test_what_never_works_is_not(error: Exception) -> None:
    refusal = refusal_for(error)
    assert refusal.http_status not in RETRYABLE_HTTP
    assert refusal.grpc_code not in RETRYABLE_GRPC | {RESOURCE_EXHAUSTED}
    assert refusal.retry_after is None


def test_an_unforeseen_error_tells_nothing_of_the_inside() -> None:
    assert refusal_for(RuntimeError("/secret/path")).message == UNEXPECTED_MESSAGE


@pytest.mark.parametrize(("seconds", "header"), [(0.2, b"1"), (1.0, b"1"), (2.1, b"3")])
def test_retry_after_is_whole_seconds_rounded_up(seconds: float, header: bytes) -> None:
    assert refusal_for(OverloadedError("x", retry_after_s=seconds)).retry_after == header
