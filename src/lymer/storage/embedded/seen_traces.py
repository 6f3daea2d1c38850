"""Which trace ids may have been sealed: a Bloom filter over all of them, so that new traces are compared in passing.

About 16 bits an id; 1 answer in 400 is a false yes. Never a false no.
"""

from __future__ import annotations

from typing import Any

import numpy as np

ID_BYTES = 16
_BITS_PER_ID = 16
_PROBES = 4
_SMALLEST_BITS = 1 << 20
# Odd constants of splitmix64 and xxHash; ids can be sequential numbers.
_MIX_LOW = np.uint64(0x9E3779B97F4A7C15)
_MIX_HIGH = np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT = np.uint64(32)

Ids = np.ndarray[Any, np.dtype[np.void]]


class SeenTraces:
    """Grows by `add`; whoever forgets ids makes a new one. Not for several threads at once."""

    def __init__(self, expected: int = 0) -> None:
        bits = _SMALLEST_BITS
        while bits < expected * _BITS_PER_ID:
            bits *= 2
        self._words = np.zeros(bits // 64, np.uint64)
        self._mask = np.uint64(bits - 1)
        self.count = 0

    @property
    def nbytes(self) -> int:
        return self._words.nbytes

    @property
    def crowded(self) -> bool:
        """Whether it should be replaced by a larger one."""
        return self.count * _BITS_PER_ID > 64 * len(self._words)

    def add(self, ids: bytes) -> None:
        """These ids, concatenated, are sealed."""
        for word, bit in self._probes(ids):
            np.bitwise_or.at(self._words, word, bit)
        self.count += len(ids) // ID_BYTES

    def filter(self, ids: bytes) -> bytes:
        """Those of the ids that may have been added."""
        maybe = np.ones(len(ids) // ID_BYTES, np.bool_)
        for word, bit in self._probes(ids):
            maybe &= (self._words[word] & bit) != 0
        return np.frombuffer(ids, f"V{ID_BYTES}")[maybe].tobytes()

    def _probes(self, ids: bytes) -> list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        halves = np.frombuffer(ids, np.uint64).reshape(-1, 2)
        low = _mixed(halves[:, 0] ^ _mixed(halves[:, 1] + _MIX_HIGH))
        step = _mixed(low + _MIX_LOW) | np.uint64(1)
        probes = []
        for _ in range(_PROBES):
            position = low & self._mask
            probes.append(((position >> np.uint64(6)).astype(np.intp), np.uint64(1) << (position & np.uint64(63))))
            low = low + step
        return probes


def _mixed(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    values = (values ^ (values >> _SHIFT)) * _MIX_LOW
    values = (values ^ (values >> np.uint64(29))) * _MIX_HIGH
    mixed: np.ndarray[Any, Any] = values ^ (values >> _SHIFT)
    return mixed
