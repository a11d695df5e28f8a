"""Which requests may share one call, and how do they rest on each other?

The order of a batch is the order of submission, as if one were recorded after the other. What a
request expects of a stream that an earlier one in the batch writes is settled here and becomes a
tie between the two; everything else is asked of the server.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Sequence

from commands.ports import Outcome
from infra.log.pending import Pending

BATCH_REQUESTS_MAX = 512
BATCH_FACTS_MAX = 4_096
BATCH_BYTES_MAX = 8 * 1024 * 1024


class Batch:
    """Requests that go to the server in one call, numbered from 1.

    ``writes`` and ``reads`` are what is asked of the server: the number of a request, a stream,
    and the version that it must be at. ``ties`` are pairs of requests, of which the first rests on
    the second. ``keys`` are the idempotency keys of all.
    """

    def __init__(self) -> None:
        self.requests: list[Pending] = []
        self.facts = 0
        self.size = 0
        self.keys: set[str] = set()
        self.writes: list[tuple[int, str, int]] = []
        self.reads: list[tuple[int, str, int]] = []
        self.ties: list[tuple[int, int]] = []
        self.contradicted: tuple[str, ...] = ()
        """The stream on which the last request that was not taken in contradicts the batch."""
        self._written: dict[str, tuple[int, int]] = {}
        self._numbers: dict[Future[Outcome], int] = {}

    @property
    def full(self) -> bool:
        """Whether nothing more should go in."""
        return (
            len(self.requests) >= BATCH_REQUESTS_MAX
            or self.facts >= BATCH_FACTS_MAX
            or self.size >= BATCH_BYTES_MAX
        )

    def add(self, pending: Pending) -> bool:
        """Take a request in; False: it has to wait for what is in the batch, or before it."""
        self.contradicted = ()
        number = len(self.requests) + 1
        key = pending.request.key
        if key is not None and key.key in self.keys:
            return False
        ties: set[int] = set()
        for future in pending.after:
            if not future.done():
                on = self._numbers.get(future)
                if on is None:
                    return False
                ties.add(on)
        writes = self._resting(number, pending.writes, ties)
        if writes is None:
            return False
        conditions = pending.request.conditions
        if conditions:
            reads = self._resting(number, conditions, ties)
            if reads is None:
                return False
            self.reads += reads
        self.writes += writes
        if ties:
            self.ties += [(number, on) for on in sorted(ties)]
        for stream, version in pending.last.items():
            self._written[stream] = (version, number)
        if key is not None:
            self.keys.add(key.key)
        self._numbers[pending.future] = number
        self.requests.append(pending)
        self.facts += len(pending.request.facts)
        self.size += pending.size
        return True

    def _resting(
        self, number: int, expected: Sequence[tuple[str, int]], ties: set[int]
    ) -> list[tuple[int, str, int]] | None:
        """Tie to earlier requests what rests on them; return the rest. None: they contradict."""
        rest = []
        for stream, version in expected:
            earlier = self._written.get(stream)
            if earlier is None:
                rest.append((number, stream, version))
            elif earlier[0] == version:
                ties.add(earlier[1])
            else:
                self.contradicted = (stream,)
                return None
        return rest
