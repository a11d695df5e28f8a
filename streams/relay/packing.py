"""Which packs carry the log's facts to which partitions?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from projections.decoding import StoredFact
from projections.partitions import is_shared, partition_of
from streams.packs import Pack, Packed, split


class Packer:
    """Packs the facts after position ``begin``, for each partition in a chain without gaps."""

    def __init__(self, epoch: str, begin: int, partitions: int) -> None:
        self._epoch = epoch
        self._through = [begin] * partitions
        self.position = begin
        """All facts up to here were taken."""

    def take(self, facts: Sequence[StoredFact]) -> list[tuple[int, Pack]]:
        """Return the packs of what follows, each with its partition; a partition that gets no fact
        gets no pack."""
        if not facts:
            return []
        self.position = facts[-1].position
        found = []
        for partition, own in enumerate(grouped(facts, len(self._through))):
            if own:
                after, self._through[partition] = self._through[partition], self.position
                packs = split(self._epoch, after, self.position, own)
                found += [(partition, pack) for pack in packs]
        return found

    @property
    def behind(self) -> bool:
        """Whether a partition was not told yet how far the log is."""
        return min(self._through) < self.position

    def watermarks(self, *, everywhere: bool = False) -> list[tuple[int, Pack]]:
        """Return empty packs for the partitions that were not told yet how far the log is, or for
        all."""
        found = []
        for partition, after in enumerate(self._through):
            if everywhere or after < self.position:
                found.append((partition, Pack(self._epoch, after, self.position, [])))
                self._through[partition] = self.position
        return found


def grouped(facts: Iterable[StoredFact], partitions: int) -> list[list[Packed]]:
    """Return for each partition the facts that go to it, in order."""
    groups: list[list[Packed]] = [[] for _ in range(partitions)]
    for position, recorded_at, version, stream, _, _, subject, body in facts:
        if subject is None or is_shared(stream, subject):
            packed = Packed(position, recorded_at, version, True, body)
            for group in groups:
                group.append(packed)
        else:
            packed = Packed(position, recorded_at, version, False, body)
            groups[partition_of(subject, partitions)].append(packed)
    return groups
