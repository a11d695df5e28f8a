"""How does an immutable map with thousands of entries change without being copied whole?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar
from zlib import crc32

V = TypeVar("V")
SHARDS = 256
"""A change copies one shard and this many references: for 10,000 entries, 40 and 256."""
_EMPTY: tuple[dict[str, object], ...] = ({},) * SHARDS


class Sharded(Generic[V]):
    """A map from texts that is never changed: ``with_entry`` makes another one."""

    __slots__ = ("_shards", "_size")

    def __init__(self, shards: tuple[dict[str, V], ...] = _EMPTY, size: int = 0) -> None:  # type: ignore[assignment]
        self._shards = shards
        self._size = size

    def __len__(self) -> int:
        return self._size

    def get(self, key: str) -> V | None:
        """Return what stands there, or None."""
        return self._shards[_shard(key)].get(key)

    def with_entry(self, key: str, value: V) -> Sharded[V]:
        """Return a map that has this entry."""
        at = _shard(key)
        old = self._shards[at]
        shards = (*self._shards[:at], {**old, key: value}, *self._shards[at + 1 :])
        return Sharded(shards, self._size + (key not in old))

    def items(self) -> Iterator[tuple[str, V]]:
        """Yield every entry, in no order that means anything."""
        for shard in self._shards:
            yield from shard.items()


def _shard(key: str) -> int:
    return crc32(key.encode()) % SHARDS
