"""Who makes, rebuilds and mends readings that workers keep up?"""

from __future__ import annotations

from collections.abc import Sequence

from domain.registry import Registry
from projections.ports import LogReader, PartitionStore
from projections.reading import Reading
from projections.requests import ReadingRequests
from streams.runner.retry import retry_in_partitions
from streams.runner.runner import Runner


class Keeper(Runner):
    """A runner that leaves live generations to the workers, each in so many partitions.

    It makes the first generations, rebuilds beside the live ones from the log, lets the new ones
    take over, and retries what is put aside. Its thread ends as soon as somebody else leads.
    """

    keeps_live = False

    def __init__(
        self,
        log: LogReader,
        store: PartitionStore,
        requests: ReadingRequests,
        readings: Sequence[Reading],
        registry: Registry,
        partitions: int,
    ) -> None:
        super().__init__(log, store, requests, readings, registry)
        self.partitions = partitions
        self._parts = store

    def step(self) -> bool:
        """Do what is to be done. Returns whether there was anything. Raises StoreUnavailable."""
        if not self._store.lead():
            self._stopping.set()
            return False
        return super().step()

    @property
    def doing(self) -> str:
        """In a few words, where it is."""
        rebuilding = [f"{name} at {track.position:,}" for name, track in dict(self._beside).items()]
        if rebuilding:
            return f"rebuilds {', '.join(rebuilding)}"
        return f"keeps {len(self._live)} readings"

    def _retry(self, name: str) -> str:
        reading = self._readings[name]
        return retry_in_partitions(self._parts, reading, self._log, self._registry)
