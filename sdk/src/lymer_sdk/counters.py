"""What the SDK did so far, in plain counters. Nothing is lost without being counted here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from lymer_sdk.forked import begins_again_in_child


@dataclass(slots=True, weakref_slot=True, eq=False)
class Stats:
    """Counters since the start of the process (a forked child begins anew)."""

    started: int = 0
    """Spans started, sampled or not."""
    reported: int = 0
    """Spans that a receiver has acknowledged."""
    dropped_queue_full: int = 0
    dropped_by_receiver: int = 0
    """Refused for good by the receiver (its partial success or a permanent error)."""
    dropped_after_retries: int = 0
    dropped_too_large: int = 0
    """Larger than a datagram."""
    dropped_at_exit: int = 0
    foreign_contexts: int = 0
    """Scopes that were left in another context than they were entered in (generators, callbacks); harmless."""
    last_error: str = ""

    def __post_init__(self) -> None:
        begins_again_in_child(self)

    @property
    def dropped(self) -> int:
        """All losses."""
        return (
            self.dropped_queue_full
            + self.dropped_by_receiver
            + self.dropped_after_retries
            + self.dropped_too_large
            + self.dropped_at_exit
        )

    def begin_in_child(self) -> None:
        """Count from zero: what the parent counted, the parent tells."""
        for counter in fields(self):
            setattr(self, counter.name, counter.default)

    def snapshot(self) -> dict[str, int | str]:
        """The counters as a dict, `dropped` included."""
        return {**asdict(self), "dropped": self.dropped}
