"""How is a batch of commands decided once, recorded, and what must be decided again?"""

from __future__ import annotations

from asyncio import Future, gather, get_running_loop
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from commands.deciding import Decider, all_done, recorded
from commands.ports import Append, Appended, LogUnavailable, Lost, Outcome, Repeated
from commands.requests import Answer, Request, Unchanged
from commands.stream_cache import landed
from commands.verdicts import Decided, Declined, Needs
from domain.kernel import StreamRef

LOADS_A_ROUND_MAX = 8


class Open(NamedTuple):
    """A request of a batch that has no answer yet."""

    place: int
    request: Request
    refs: tuple[StreamRef[Any], ...]


class InTurn(NamedTuple):
    """A command is to be decided in the next turn on the stream ``gate``, which is contended."""

    gate: str


class Attempted(NamedTuple):
    """What came of a command for now: the streams that it reads, as far as they are known, and the
    first of them that is contended."""

    refs: tuple[StreamRef[Any], ...]
    gate: str | None
    result: Needs | InTurn | Declined | Decided


class Round:
    """Decides every open request once, records what comes of it, and says who must go again."""

    def __init__(
        self, decider: Decider, todo: list[Open], answers: dict[int, Answer | Exception]
    ) -> None:
        self.d = decider
        self.todo = todo
        self.answers = answers
        self.fresh: set[str] = set()
        self.submitted: list[tuple[Open, Decided, Future[Outcome]]] = []
        self.declined: list[tuple[Open, Declined]] = []
        self.again: list[Open] = []
        self.turns: list[Future[None]] = []

    async def run(self) -> list[Open]:
        """Return the requests that must be decided again, in order."""
        waiting = self.todo
        self.d.cache.holds_for(self.d.log.generation)
        await self._preload()
        for _ in range(LOADS_A_ROUND_MAX):
            waiting, needs = self._pass(waiting)
            if not needs:
                break
            self.fresh |= await self.d.fetch(needs)
        self.again += waiting
        if self.turns:
            await gather(*self.turns)
        pending = [future for _, _, future in self.submitted]
        pending += [f for _, declined in self.declined for f in declined.rests_on if not f.done()]
        await all_done(pending)
        await self._settle_submitted()
        await self._settle_declined()
        return sorted(self.again, key=lambda item: item.place)

    async def _preload(self) -> None:
        """Load the streams that are known to be read, for the whole batch in one read."""
        missing: dict[str, StreamRef[Any]] = {}
        for item in self.todo:
            missing.update(self.d.cache.missing(item.refs))
        if missing:
            await self.d.load(missing)
            self.fresh |= set(missing)

    def _pass(self, items: list[Open]) -> tuple[list[Open], list[Needs]]:
        """Decide what can be decided; what waits holds back those behind it on its streams."""
        now = self.d.clock()
        waiting: list[Open] = []
        needs: list[Needs] = []
        blocked: set[str] = set()
        gated: dict[str, str] = {}
        for item in items:
            refs, gate, result = self._attempt(item, now)
            own = _own(refs)
            touched = [ref.name for ref in refs] if gate or gated else ()
            if not blocked.isdisjoint(own) or any(gated.get(n, gate) != gate for n in touched):
                waiting.append(item)
                blocked.update(own)
                continue
            match result:
                case Needs():
                    waiting.append(item)
                    needs.append(result)
                    blocked.update(own)
                case InTurn(gate=stream):
                    turn = self.d.contention.turn(stream, partial(self._in_turn, item))
                    self.turns.append(turn)
                    gated.update(dict.fromkeys(touched, stream))
                case Decided():
                    self._submitted(item, result, self.d.log.submit(result.append, result.rests_on))
                case Declined():
                    self.declined.append((item, result))
        return waiting, needs

    def _attempt(self, item: Open, now: datetime) -> Attempted:
        """Decide a command now, or find that it must be decided in its turn.

        What is held of a contended stream may be old, so that what comes of deciding on it counts
        for nothing. It tells all the same whether streams or keys must be fetched first, which
        cannot be done in a turn: then the others would wait for it.
        """
        d, refs = self.d, item.refs
        result = d.attempt(item.request, refs, now)
        gate = d.contention.gate(refs)
        if isinstance(result, Needs):
            return Attempted(refs, gate, result)
        if gate is not None:
            return Attempted(refs, gate, InTurn(gate))
        refs = result.refs
        gate = d.contention.gate(refs)
        if gate is not None and isinstance(result, Decided):
            return Attempted(refs, gate, InTurn(gate))
        return Attempted(refs, gate, result)

    def _submitted(self, item: Open, decided: Decided, future: Future[Outcome]) -> None:
        self.d.adopt(decided, future)
        self.submitted.append((item, decided, future))

    def _in_turn(self, item: Open) -> tuple[Append, Future[Outcome]] | None:
        """Decide while a contended stream is held; what cannot be decided yet goes again."""
        d = self.d
        result = d.attempt(item.request, item.refs, d.clock())
        match result:
            case Decided():
                future: Future[Outcome] = get_running_loop().create_future()
                self._submitted(item, result, future)
                return result.append, future
            case Declined():
                self.declined.append((item, result))
            case Needs():
                self.again.append(item)
        return None

    async def _settle_submitted(self) -> None:
        for item, decided, future in self.submitted:
            error = future.exception()
            if error is not None:
                self.answers[item.place] = (
                    error if isinstance(error, Exception) else LogUnavailable(str(error))
                )
                continue
            match future.result():
                case Appended() as appended:
                    self.answers[item.place] = recorded(decided, appended)
                case Lost(streams=streams):
                    self.d.cache.drop(streams)
                    for ref in decided.refs:
                        if ref.name in streams and ref.name in decided.after:
                            self.d.contention.begin(ref)
                    self.again.append(item)
                case Repeated() as found:
                    self.answers[item.place] = await self.d.repeated(item.request, found)

    async def _settle_declined(self) -> None:
        """Confirm what was answered without an append against the streams' tails."""
        held = []
        for item, declined in self.declined:
            if all(landed(append) for append in declined.rests_on):
                held.append((item, declined))
            else:
                self.again.append(item)
        if not held:
            return
        refs = {ref.name: ref for _, declined in held for ref in declined.refs}
        doubtful: dict[str, int] = {}
        for _, declined in held:
            for name, version in declined.versions.items():
                if name not in self.fresh:
                    doubtful[name] = min(version, doubtful.get(name, version))
        tails = await self.d.log.read_streams(doubtful) if doubtful else {}
        self.d.cache.caught_up(refs, tails)
        moved = {name: facts[-1].version for name, facts in tails.items() if facts}
        keys = [item.request.full_key for item, _ in held]
        known = await self.d.log.find_keys([key for key in keys if key is not None])
        head = await self.d.log.head()
        if not self.d.cache.holds_for(self.d.log.generation):
            self.again += [item for item, _ in held]
            return
        for item, declined in held:
            found = known.get(item.request.full_key or "")
            if found is not None:
                self.answers[item.place] = await self.d.repeated(item.request, found)
            elif any(moved.get(name, 0) > v for name, v in declined.versions.items()):
                self.again.append(item)
            elif declined.error is not None:
                self.answers[item.place] = declined.error
            else:
                self.answers[item.place] = Unchanged(head, declined.version)


def _own(refs: tuple[StreamRef[Any], ...]) -> list[str]:
    """Name the streams whose order within a batch matters: the primary one, and a learner's."""
    return [ref.name for index, ref in enumerate(refs) if index == 0 or ref.subject is not None]
