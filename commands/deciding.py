"""What does a process hold to decide commands with, and how does it decide one?"""

from __future__ import annotations

from asyncio import Future, gather, get_running_loop
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from commands.attempt import attempt
from commands.contention import Contention
from commands.held_keys import HeldKeys
from commands.ports import Appended, Keys, Log, Outcome, Repeated
from commands.requests import Answer, FactSummary, KeyReused, Recorded, Request
from commands.stream_cache import StreamCache
from commands.verdicts import Decided, Declined, Needs
from domain.kernel import StreamRef
from domain.registry import Registry


class Decider:
    """Decides on the states of streams that it holds, and fetches those that it does not."""

    def __init__(
        self, log: Log, keys: Keys, registry: Registry, clock: Callable[[], datetime]
    ) -> None:
        self.log = log
        self.clock = clock
        self.cache = StreamCache()
        self.contention = Contention(log, self.cache)
        self._registry = registry
        self._subject_keys = HeldKeys(keys.for_subjects)

    def attempt(
        self, request: Request, refs: tuple[StreamRef[Any], ...], now: datetime
    ) -> Needs | Declined | Decided:
        """Decide a request on what is held, or say what is not."""
        return attempt(request, refs, self.cache, self._subject_keys, self._registry, now)

    def adopt(self, decided: Decided, future: Future[Outcome]) -> None:
        """Let the next decisions rest on what this one leaves."""
        for name, (state, version) in decided.after.items():
            entry = self.cache.get(name)
            if entry is not None:
                entry.state, entry.version, entry.pending = state, version, future

    async def fetch(self, needs: Sequence[Needs]) -> set[str]:
        """Load what decisions need, in one read of the log and one of the keys."""
        refs = {name: ref for need in needs for name, ref in need.streams.items()}
        wanted: dict[str, dict[str, None]] = {}
        for need in needs:
            for tenant, subject in need.keys:
                wanted.setdefault(tenant, {})[subject] = None

        fetch = self._subject_keys.fetch
        work = [fetch(tenant, list(subjects)) for tenant, subjects in wanted.items()]
        await gather(*([self.load(refs)] if refs else []), *work)
        return set(refs)

    async def load(self, refs: Mapping[str, StreamRef[Any]]) -> None:
        """Read streams into the cache."""
        found = await self.log.read_streams(dict.fromkeys(refs, 0))
        for name, ref in refs.items():
            self.cache.loaded(ref, found.get(name, ()))

    async def repeated(self, item: Request, found: Repeated) -> Answer | Exception:
        """Give the first answer again."""
        if item.cause is None and found.body_hash != item.digest:
            return KeyReused(item.key)
        envelopes = await self.log.read_from(found.first_position, found.size)
        primary = item.decision.streams(item.command, item.principal.tenant)[0]
        names = {e.stream for e in envelopes}
        if primary.name not in names:  # a name that the request had drawn: what was drawn first
            names = {n for n in names if n.split("/")[1] == primary.kind.name}
        else:
            names = {primary.name}
        return Recorded(
            found.first_position + found.size - 1,
            max((e.version for e in envelopes if e.stream in names), default=0),
            tuple(FactSummary(e.id, e.type, e.position, e.stream, e.version) for e in envelopes),
            item.decision.answer(tuple(e.fact for e in envelopes)),
            replayed=True,
        )


def recorded(decided: Decided, appended: Appended) -> Recorded:
    """Return the answer to a command whose facts were appended."""
    first = appended.first_position
    facts = [
        FactSummary(e.id, e.type, first + offset, e.stream, e.version)
        for offset, e in enumerate(decided.envelopes)
    ]
    return Recorded(first + len(facts) - 1, decided.version, tuple(facts), decided.extra)


async def all_done(futures: Sequence[Future[Any]]) -> None:
    """Wait until all are done, whatever came of them; leave them alone when cancelled.

    ``asyncio.wait`` does the same at several times the cost.
    """
    open_ones = [future for future in futures if not future.done()]
    if not open_ones:
        return
    left = len(open_ones)
    waiter = get_running_loop().create_future()

    def count(_: Future[Any]) -> None:
        nonlocal left
        left -= 1
        if left == 0 and not waiter.done():
            waiter.set_result(None)

    for future in open_ones:
        future.add_done_callback(count)
    await waiter
