"""Which state does each stream have, with what was decided on it and is not yet recorded?"""

from __future__ import annotations

from asyncio import Future
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from commands.ports import Appended, Outcome
from domain.kernel import Envelope, StreamRef

STREAMS_CACHED_MAX = 6_000


class Entry:
    """One stream's state at ``version``; ``pending`` is the last append that it rests on."""

    __slots__ = ("pending", "state", "version")

    def __init__(self, state: Any, version: int) -> None:
        self.state = state
        self.version = version
        self.pending: Future[Outcome] | None = None


def landed(append: Future[Outcome]) -> bool:
    """Whether an append is done and was recorded."""
    return (
        append.done()
        and not append.cancelled()
        and append.exception() is None
        and isinstance(append.result(), Appended)
    )


class StreamCache:
    """States by stream, the least recently used dropped first.

    An entry whose pending append failed is no state of the stream, and is never handed out.
    """

    def __init__(self, limit: int = STREAMS_CACHED_MAX) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._limit = limit
        self._generation = 0

    def holds_for(self, generation: int) -> bool:
        """Whether what is cached was read in this generation of the log; if not, forget it."""
        if generation == self._generation:
            return True
        self._entries.clear()
        self._generation = generation
        return False

    def get(self, name: str) -> Entry | None:
        """Return the usable entry, or None."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        if entry.pending is not None and entry.pending.done():
            if not landed(entry.pending):
                del self._entries[name]
                return None
            entry.pending = None
        self._entries.move_to_end(name)
        return entry

    def missing(self, refs: Iterable[StreamRef[Any]]) -> dict[str, StreamRef[Any]]:
        """Return those that must be loaded first, by name."""
        return {ref.name: ref for ref in refs if self.get(ref.name) is None}

    def loaded(self, ref: StreamRef[Any], facts: Sequence[Envelope]) -> None:
        """Take in a whole stream, unless it came in meanwhile."""
        if self.get(ref.name) is not None:
            return
        state, evolve = ref.kind.initial, ref.kind.evolve
        for envelope in facts:
            state = evolve(state, envelope.fact, envelope.occurred_at)
        self._entries[ref.name] = Entry(state, facts[-1].version if facts else 0)
        if len(self._entries) > self._limit:
            self._evict()

    def caught_up(self, refs: Mapping[str, StreamRef[Any]], tails: Mapping[str, Any]) -> None:
        """Take in what others added to streams that are held here without a pending append."""
        for name, facts in tails.items():
            entry = self.get(name)
            if entry is None or not facts:
                continue
            if entry.pending is not None or entry.version != facts[0].version - 1:
                self.drop((name,))
                continue
            evolve = refs[name].kind.evolve
            for envelope in facts:
                entry.state = evolve(entry.state, envelope.fact, envelope.occurred_at)
            entry.version = facts[-1].version

    def drop(self, names: Iterable[str]) -> None:
        """Forget these streams."""
        for name in names:
            self._entries.pop(name, None)

    def _evict(self) -> None:
        for name, entry in self._entries.items():
            if entry.pending is None or entry.pending.done():
                del self._entries[name]
                return
