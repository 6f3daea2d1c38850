"""When what goes wrong in the shop. A cycle of twenty minutes, so that an hour of history shows each trouble thrice."""

from __future__ import annotations

from dataclasses import dataclass

CYCLE_S = 20 * 60


@dataclass(frozen=True, slots=True)
class Troubles:
    """What is wrong at a moment, each from 0 (nothing) to 1 (as bad as it gets)."""

    bad_deploy: float
    """`payment` 2.5.0 is out: some cards raise an error. It is rolled back after three minutes."""
    provider_down: float
    """The card provider answers 503: `payment` tries again and again."""
    cold_cache: float
    """The cache of `catalog` was emptied: every look-up goes to the database until it is warm."""
    slow_database: float
    """A vacuum in `inventory`'s database: rows are locked for long."""


def troubles_at(unix_s: int) -> Troubles:
    """What is wrong in this second."""
    minute = unix_s % CYCLE_S / 60
    return Troubles(
        bad_deploy=1.0 if 2 <= minute < 5 else 0.0,
        provider_down=1.0 if 7 <= minute < 9 else 0.0,
        cold_cache=max(0.0, 1 - (minute - 11) / 3) if 11 <= minute < 14 else 0.0,
        slow_database=1.0 if 16 <= minute < 18 else 0.0,
    )
