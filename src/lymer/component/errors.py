"""The errors that travel between components.

    LymerError
    ├── ConfigError            bad configuration; names the path of the bad key; stops the start
    ├── StartError             the start failed for a cause outside: port taken, store locked or damaged; names the cure
    ├── PermanentError         the same input will fail again; the sender must not resend
    │   ├── DecodeError        the payload is not of its format
    │   └── TooLargeError      the payload or the answer passes a limit
    ├── RetryableError         the same input may succeed later; carries after how long
    │   ├── OverloadedError    a queue or a buffer is full
    │   └── UnavailableError   the store cannot write or read now (disk full, connection lost)
    └── QueryError             a read that cannot be answered
        ├── BadQueryError      it makes no sense: unknown field, bad cursor, bad regex
        ├── NotSupportedError  this store cannot answer it; empty would be a lie
        ├── BudgetError        it ran out of its time or memory
        └── NotFoundError      the one thing asked for is not there

Two kinds matter in flow: permanent and retryable. Choose on purpose.
"""

from __future__ import annotations


class LymerError(Exception):
    """Every error of ours."""


class ConfigError(LymerError):
    """Bad configuration. The message begins with the path of the key."""


class StartError(LymerError):
    """The start failed for a cause outside. The message says the cause and the cure in one line."""


class PermanentError(LymerError):
    """The same input will fail again."""


class DecodeError(PermanentError):
    """The payload is not of its format."""


class TooLargeError(PermanentError):
    """The payload passes a limit."""


class RetryableError(LymerError):
    """The same input may succeed later."""

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OverloadedError(RetryableError):
    """A queue or a buffer is full."""


class UnavailableError(RetryableError):
    """The store cannot write or read now."""


class QueryError(LymerError):
    """A read that cannot be answered."""


class BadQueryError(QueryError):
    """The question makes no sense."""


class NotSupportedError(QueryError):
    """This store cannot answer the question."""


class BudgetError(QueryError):
    """The question ran out of its time or memory."""


class NotFoundError(QueryError):
    """The one thing asked for is not there."""
