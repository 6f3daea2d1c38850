"""What a store must promise, as tests."""

from lymer.conformance.store.contract import StoreContract

__all__ = ["StoreContract"]
