"""The store that keeps spans in memory, in the plainest way: the oracle that every other store is compared with."""

from lymer.storage.memory.store import MemoryStore

__all__ = ["MemoryStore"]
