"""How is a command transacted? Load, decide, append, and decide again where others were first."""

from __future__ import annotations

from asyncio import Future, gather, get_running_loop
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from commands.attempt import Decided, Declined, Needs, attempt
from commands.contention import Contention
from commands.held_keys import HeldKeys
from commands.ports import (
    Append,
    Appended,
    Keys,
    Log,
    LogUnavailable,
    Lost,
    Outcome,
    Repeated,
)
from commands.requests import (
    Contended,
    FactSummary,
    KeyBusy,
    KeyReused,
    Recorded,
    Request,
    Unchanged,
)
from commands.stream_cache import StreamCache, landed
from domain.kernel import StreamRef
from domain.registry import Registry

ROUNDS_MAX = 16
LOADS_A_ROUND_MAX = 8

Answer = Recorded | Unchanged


class _Open(NamedTuple):
    """A request of a batch that has no answer yet."""

    place: int
    request: Request
    refs: tuple[StreamRef[Any], ...]


class Pipeline:
    """Transacts commands on a log: one for each process.

    What is decided is handed to the log at once, and the next command on the same stream is decided
    on the state that it leaves, so that a hot stream goes into one batch. An answer is given only
    after all that it rests on is recorded.
    """

    def __init__(
        self, log: Log, keys: Keys, registry: Registry, clock: Callable[[], datetime]
    ) -> None:
        self._log = log
        self._registry = registry
        self._clock = clock
        self._cache = StreamCache()
        self._subject_keys = HeldKeys(keys.for_subjects)
        self._running: set[str] = set()
        self._contention = Contention(log, self._cache)

    async def execute(self, request: Request) -> Answer:
        """Transact one command.

        Raises a Refusal, StaleVersion, KeyReused, KeyBusy, Contended or LogUnavailable.
        """
        swift = await self._execute_swiftly(request)
        if swift is not None:
            return swift
        (answer,) = await self.execute_many((request,))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _execute_swiftly(self, request: Request) -> Recorded | None:
        """Transact a command that has facts to record and loses no race; None: nothing was done.

        It does no more than ``execute_many`` would, without what a batch needs.
        """
        key = request.full_key
        if key is not None:
            if key in self._running:
                return None
            self._running.add(key)
        try:
            refs = request.decision.streams(request.command, request.principal.tenant)
            if not self._cache.holds_for(self._log.generation) or self._contention.gate(refs):
                return None
            missing = self._cache.missing(refs)
            if missing:
                await self._load(missing)
            for _ in range(LOADS_A_ROUND_MAX):
                result = self._attempt(request, refs, self._clock())
                if not isinstance(result, Needs):
                    break
                await self._fetch((result,))
            if not isinstance(result, Decided) or self._contention.gate(result.refs):
                return None
            future = self._log.submit(result.append, result.rests_on)
            self._adopt(result, future)
            await _all_done((future,))
            outcome = future.result()
            return _recorded(result, outcome) if isinstance(outcome, Appended) else None
        finally:
            if key is not None:
                self._running.discard(key)

    def _attempt(
        self, request: Request, refs: tuple[StreamRef[Any], ...], now: datetime
    ) -> Needs | Declined | Decided:
        return attempt(request, refs, self._cache, self._subject_keys, self._registry, now)

    def _adopt(self, decided: Decided, future: Future[Outcome]) -> None:
        """Let the next decisions rest on what this one leaves."""
        for name, (state, version) in decided.after.items():
            entry = self._cache.get(name)
            if entry is not None:
                entry.state, entry.version, entry.pending = state, version, future

    async def execute_many(self, requests: Sequence[Request]) -> list[Answer | Exception]:
        """Transact commands that each stand alone; those on one stream are taken in order.

        Returns for each its answer, or the exception that ``execute`` would raise.
        """
        answers: dict[int, Answer | Exception] = {}
        admitted: list[str] = []
        todo = []
        for index, request in enumerate(requests):
            key = request.full_key
            if key is not None:
                if key in self._running:
                    answers[index] = KeyBusy(request.key)
                    continue
                self._running.add(key)
                admitted.append(key)
            refs = request.decision.streams(request.command, request.principal.tenant)
            todo.append(_Open(index, request, refs))
        try:
            await self._rounds(todo, answers)
        except LogUnavailable as error:
            for index in range(len(requests)):
                answers.setdefault(index, error)
        finally:
            self._running.difference_update(admitted)
        return [answers[index] for index in range(len(requests))]

    async def _rounds(self, todo: list[_Open], answers: dict[int, Answer | Exception]) -> None:
        for _ in range(ROUNDS_MAX):
            if not todo:
                return
            todo = await _Round(self, todo, answers).run()
        for item in todo:
            answers[item.place] = Contended(item.request.decision.name)

    async def _fetch(self, needs: Sequence[Needs]) -> set[str]:
        """Load what decisions need, in one read of the log and one of the keys."""
        refs = {name: ref for need in needs for name, ref in need.streams.items()}
        wanted: dict[str, dict[str, None]] = {}
        for need in needs:
            for tenant, subject in need.keys:
                wanted.setdefault(tenant, {})[subject] = None

        fetch = self._subject_keys.fetch
        work = [fetch(tenant, list(subjects)) for tenant, subjects in wanted.items()]
        await gather(*([self._load(refs)] if refs else []), *work)
        return set(refs)

    async def _load(self, refs: Mapping[str, StreamRef[Any]]) -> None:
        found = await self._log.read_streams(dict.fromkeys(refs, 0))
        for name, ref in refs.items():
            self._cache.loaded(ref, found.get(name, ()))

    async def _repeated(self, item: Request, found: Repeated) -> Answer | Exception:
        """Give the first answer again."""
        if item.cause is None and found.body_hash != item.digest:
            return KeyReused(item.key)
        envelopes = await self._log.read_from(found.first_position, found.size)
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


class _Round:
    """Decides every open request once, records what comes of it, and says who must go again."""

    def __init__(
        self, pipeline: Pipeline, todo: list[_Open], answers: dict[int, Answer | Exception]
    ) -> None:
        self.p = pipeline
        self.todo = todo
        self.answers = answers
        self.fresh: set[str] = set()
        self.submitted: list[tuple[_Open, Decided, Future[Outcome]]] = []
        self.declined: list[tuple[_Open, Declined]] = []
        self.again: list[_Open] = []
        self.turns: list[Future[None]] = []

    async def run(self) -> list[_Open]:
        """Return the requests that must be decided again, in order."""
        waiting = self.todo
        self.p._cache.holds_for(self.p._log.generation)
        await self._preload()
        for _ in range(LOADS_A_ROUND_MAX):
            waiting, needs = self._pass(waiting)
            if not needs:
                break
            self.fresh |= await self.p._fetch(needs)
        self.again += waiting
        if self.turns:
            await gather(*self.turns)
        pending = [future for _, _, future in self.submitted]
        pending += [f for _, declined in self.declined for f in declined.rests_on if not f.done()]
        await _all_done(pending)
        await self._settle_submitted()
        await self._settle_declined()
        return sorted(self.again, key=lambda item: item.place)

    async def _preload(self) -> None:
        """Load the streams that are known to be read, for the whole batch in one read."""
        missing: dict[str, StreamRef[Any]] = {}
        for item in self.todo:
            missing.update(self.p._cache.missing(item.refs))
        if missing:
            await self.p._load(missing)
            self.fresh |= set(missing)

    def _pass(self, items: list[_Open]) -> tuple[list[_Open], list[Needs]]:
        """Decide what can be decided; what waits holds back those behind it on its streams."""
        p, now = self.p, self.p._clock()
        waiting: list[_Open] = []
        needs: list[Needs] = []
        blocked: set[str] = set()
        gated: dict[str, str] = {}
        for item in items:
            gate = p._contention.gate(item.refs)
            result = None if gate else p._attempt(item.request, item.refs, now)
            refs = item.refs
            if result is not None and not isinstance(result, Needs):
                refs = result.refs
                gate = p._contention.gate(refs)
            own = _own(refs)
            touched = [ref.name for ref in refs] if gate or gated else ()
            if not blocked.isdisjoint(own) or any(gated.get(n, gate) != gate for n in touched):
                waiting.append(item)
                blocked.update(own)
            elif gate is not None and not isinstance(result, Declined):
                self.turns.append(p._contention.turn(gate, partial(self._in_turn, item)))
                gated.update(dict.fromkeys(touched, gate))
            elif isinstance(result, Decided):
                self._submitted(item, result, p._log.submit(result.append, result.rests_on))
            elif isinstance(result, Declined):
                self.declined.append((item, result))
            elif result is not None:
                waiting.append(item)
                needs.append(result)
                blocked.update(own)
        return waiting, needs

    def _submitted(self, item: _Open, decided: Decided, future: Future[Outcome]) -> None:
        self.p._adopt(decided, future)
        self.submitted.append((item, decided, future))

    def _in_turn(self, item: _Open) -> tuple[Append, Future[Outcome]] | None:
        """Decide while a contended stream is held; what cannot be decided yet goes again."""
        p = self.p
        result = p._attempt(item.request, item.refs, p._clock())
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
                    self.answers[item.place] = _recorded(decided, appended)
                case Lost(streams=streams):
                    self.p._cache.drop(streams)
                    for ref in decided.refs:
                        if ref.name in streams and ref.name in decided.after:
                            self.p._contention.begin(ref)
                    self.again.append(item)
                case Repeated() as found:
                    self.answers[item.place] = await self.p._repeated(item.request, found)

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
        tails = await self.p._log.read_streams(doubtful) if doubtful else {}
        self.p._cache.caught_up(refs, tails)
        moved = {name: facts[-1].version for name, facts in tails.items() if facts}
        keys = [item.request.full_key for item, _ in held]
        known = await self.p._log.find_keys([key for key in keys if key is not None])
        head = await self.p._log.head()
        if not self.p._cache.holds_for(self.p._log.generation):
            self.again += [item for item, _ in held]
            return
        for item, declined in held:
            found = known.get(item.request.full_key or "")
            if found is not None:
                self.answers[item.place] = await self.p._repeated(item.request, found)
            elif any(moved.get(name, 0) > v for name, v in declined.versions.items()):
                self.again.append(item)
            elif declined.error is not None:
                self.answers[item.place] = declined.error
            else:
                self.answers[item.place] = Unchanged(head, declined.version)


def _own(refs: tuple[StreamRef[Any], ...]) -> list[str]:
    """Name the streams whose order within a batch matters: the primary one, and a learner's."""
    return [ref.name for index, ref in enumerate(refs) if index == 0 or ref.subject is not None]


def _recorded(decided: Decided, appended: Appended) -> Recorded:
    first = appended.first_position
    facts = [
        FactSummary(e.id, e.type, first + offset, e.stream, e.version)
        for offset, e in enumerate(decided.envelopes)
    ]
    return Recorded(first + len(facts) - 1, decided.version, tuple(facts), decided.extra)


async def _all_done(futures: Sequence[Future[Any]]) -> None:
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
