"""Which partition does a fact belong to, and which of several workers keeps a document?

A subject's facts lie in one partition, chosen as Kafka's default partitioner chooses by key
(murmur2), so that consumers in other languages find the same one. Facts that are shared, of courses
and runs, go to every partition.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from domain.catalogue.content import RUN_CONTENT
from domain.catalogue.state import COURSE, RUN
from domain.enrolment.seats import RUN_SEATS
from domain.peer_review.state import PEER_POOL

SUBJECTS_KEPT_MAX = 65_536
SHARED = frozenset(kind.name for kind in (COURSE, RUN, RUN_CONTENT, RUN_SEATS, PEER_POOL))
"""The kinds of stream that belong to a course or run, whomever a fact in them is about."""

_SEED, _MULTIPLIER, _SHIFT = 0x9747B28C, 0x5BD1E995, 24
_WORD, _POSITIVE = 0xFFFFFFFF, 0x7FFFFFFF


class Partition(NamedTuple):
    """One of so many partitions, numbered from 0."""

    number: int
    partitions: int

    def keeps(self, key_fields: tuple[str, ...], stream: str, subject: str | None) -> bool:
        """Whether this partition folds a fact that reached it into documents with such keys.

        A shared fact reaches all of them. A learner's document takes it where the learner is; one
        that is nobody's is kept by the first partition.
        """
        if not is_shared(stream, subject):
            return True
        if "subject" not in key_fields:
            return self.number == 0
        return subject is None or partition_of(subject, self.partitions) == self.number


def is_shared(stream: str, subject: str | None) -> bool:
    """Whether a fact goes to every partition."""
    return subject is None or stream.split("/", 2)[1] in SHARED


@lru_cache(SUBJECTS_KEPT_MAX)
def partition_of(subject: str, partitions: int) -> int:
    """Return which of so many partitions a subject's facts are in, counted from 0."""
    return (murmur2(subject.encode()) & _POSITIVE) % partitions


def murmur2(data: bytes) -> int:
    """Return the 32-bit MurmurHash2 with Kafka's seed (org.apache.kafka.common.utils.Utils)."""
    length = len(data)
    h = _SEED ^ length
    whole = length & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * _MULTIPLIER & _WORD
        k = (k ^ k >> _SHIFT) * _MULTIPLIER & _WORD
        h = (h * _MULTIPLIER & _WORD) ^ k
    if whole < length:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _WORD
    h = (h ^ h >> 13) * _MULTIPLIER & _WORD
    return h ^ h >> 15
