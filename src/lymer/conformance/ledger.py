"""The ledger of a contract's binding: which promises a plugin does not keep, and why. A strict expected failure each.

    class TestOurStore(StoreContract):
        never = {"test_a_trace_can_be_archived": "the engine has no second place"}
        notyet = {"test_order[most_errors]": Gap("needs version 3 of the engine", raises=NotSupportedError)}

`notimpl`: we could and have not. `notyet`: somebody else must first. `never`: it will not be. The day that a line is no
longer true the suite fails and says so. A name without brackets stands for all its parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple

import pytest


class Gap(NamedTuple):
    """Why a promise is not kept, and what is raised instead."""

    reason: str
    raises: type[BaseException] | tuple[type[BaseException], ...] | None = None


Gaps = Mapping[str, str | Gap]


class LedgerContract:
    """What a contract inherits to have a ledger."""

    notimpl: ClassVar[Gaps] = {}
    notyet: ClassVar[Gaps] = {}
    never: ClassVar[Gaps] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for word, name, _ in _lines(cls):
            if not hasattr(cls, name.partition("[")[0]):
                raise TypeError(f"{cls.__name__}.{word}: there is no test {name!r}")

    @pytest.fixture(autouse=True)
    def expect_gaps(self, request: pytest.FixtureRequest) -> None:
        """Expect the test to fail when the ledger says so."""
        for word, name, gap in _lines(type(self)):
            if name in (request.node.name, request.node.originalname):
                reason = f"{word}: {gap.reason}"
                request.node.add_marker(pytest.mark.xfail(strict=True, reason=reason, raises=gap.raises))


def _lines(contract: type[LedgerContract]) -> Iterator[tuple[str, str, Gap]]:
    for word in ("notimpl", "notyet", "never"):
        for name, gap in getattr(contract, word).items():
            yield word, name, gap if isinstance(gap, Gap) else Gap(gap)
