"""StoreContract: every promise of `storage.base` as tests. Bind it to a store, and run pytest.

    class TestOurStore(StoreContract):
        def make_store(self, directory):
            return OurStore(directory)

What the store does not promise goes into the ledger (`conformance.ledger`). `settle` moves spans between the store's
places; bind the contract once for each place and once for a mix. Random searches carry the mark `slow`, which pytest's
configuration has to know.
"""

from __future__ import annotations

import pytest

from lymer.conformance.store.catalog import CatalogContract
from lymer.conformance.store.graph import GraphContract
from lymer.conformance.store.jaeger_suite import JaegerSuiteContract
from lymer.conformance.store.lifecycle import LifecycleContract
from lymer.conformance.store.odd_traces import OddTracesContract
from lymer.conformance.store.oracle import OracleContract
from lymer.conformance.store.pages import PagesContract
from lymer.conformance.store.predicates import PredicatesContract
from lymer.conformance.store.round_trip import RoundTripContract


class StoreContract(
    RoundTripContract,
    OddTracesContract,
    PredicatesContract,
    PagesContract,
    JaegerSuiteContract,
    CatalogContract,
    GraphContract,
    LifecycleContract,
    OracleContract,
):
    """All of it."""

    pytestmark = pytest.mark.asyncio
