"""How is a command transacted? Load, decide, append, and decide again where others were first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from commands.deciding import Decider, all_done, recorded
from commands.ports import Appended, Keys, Log, LogUnavailable
from commands.requests import Answer, Contended, KeyBusy, Recorded, Request
from commands.round import LOADS_A_ROUND_MAX, Open, Round
from commands.verdicts import Decided, Needs
from domain.registry import Registry

ROUNDS_MAX = 16


class Pipeline:
    """Transacts commands on a log: one for each process.

    What is decided is handed to the log at once, and the next command on the same stream is decided
    on the state that it leaves, so that a hot stream goes into one batch. An answer is given only
    after all that it rests on is recorded.
    """

    def __init__(
        self, log: Log, keys: Keys, registry: Registry, clock: Callable[[], datetime]
    ) -> None:
        self._decider = Decider(log, keys, registry, clock)
        self._running: set[str] = set()

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
        d, key = self._decider, request.full_key
        if key is not None:
            if key in self._running:
                return None
            self._running.add(key)
        try:
            refs = request.decision.streams(request.command, request.principal.tenant)
            if not d.cache.holds_for(d.log.generation) or d.contention.gate(refs):
                return None
            missing = d.cache.missing(refs)
            if missing:
                await d.load(missing)
            for _ in range(LOADS_A_ROUND_MAX):
                result = d.attempt(request, refs, d.clock())
                if not isinstance(result, Needs):
                    break
                await d.fetch((result,))
            if not isinstance(result, Decided) or d.contention.gate(result.refs):
                return None
            future = d.log.submit(result.append, result.rests_on)
            d.adopt(result, future)
            await all_done((future,))
            outcome = future.result()
            return recorded(result, outcome) if isinstance(outcome, Appended) else None
        finally:
            if key is not None:
                self._running.discard(key)

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
            todo.append(Open(index, request, refs))
        try:
            await self._rounds(todo, answers)
        except LogUnavailable as error:
            for index in range(len(requests)):
                answers.setdefault(index, error)
        finally:
            self._running.difference_update(admitted)
        return [answers[index] for index in range(len(requests))]

    async def _rounds(self, todo: list[Open], answers: dict[int, Answer | Exception]) -> None:
        for _ in range(ROUNDS_MAX):
            if not todo:
                return
            todo = await Round(self._decider, todo, answers).run()
        for item in todo:
            answers[item.place] = Contended(item.request.decision.name)
