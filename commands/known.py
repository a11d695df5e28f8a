"""Is anything known of the learner whom a client names?

A slip in a pseudonym would otherwise look like a success, where what is asked for cannot fail.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from commands.ports import LogUnavailable
from commands.remembered import Transacts
from commands.requests import Answer, Request
from domain.privacy.rules import NothingKnown


class Known(Protocol):
    """Looks for learners: in the log, among who has signed in, and in the store of keys."""

    async def of(self, tenant: str, subjects: Collection[str]) -> frozenset[str]:
        """Return those of whom there is anything. Raises LogUnavailable."""


class KnownOnly:
    """A pipeline that refuses commands about learners of whom nothing is known, where the decision
    says that it takes only such: a command rests on no other of its batch.

    Policies are not asked: whom they send a command about they found, be it in a ledger alone.
    """

    def __init__(self, pipeline: Transacts, known: Known) -> None:
        self._pipeline = pipeline
        self._known = known

    async def execute(self, request: Request) -> Answer:
        """Transact one command. Raises as ``Pipeline.execute``, and NothingKnown."""
        if _asks(request):
            for error in (await self._refused([request])).values():
                raise error
        return await self._pipeline.execute(request)

    async def execute_many(self, requests: Sequence[Request]) -> list[Answer | Exception]:
        """Transact commands that each stand alone."""
        if not any(map(_asks, requests)):
            return await self._pipeline.execute_many(requests)
        answers: dict[int, Answer | Exception] = dict(await self._refused(requests))
        others = [place for place in range(len(requests)) if place not in answers]
        found = await self._pipeline.execute_many([requests[place] for place in others])
        answers.update(zip(others, found, strict=True))
        return [answers[place] for place in range(len(requests))]

    async def _refused(self, requests: Sequence[Request]) -> dict[int, Exception]:
        """Return by place what is not to be decided, and why."""
        asked: dict[str, dict[int, str]] = {}
        for place, request in enumerate(requests):
            if _asks(request):
                subject: str = request.command.subject  # type: ignore[attr-defined]
                asked.setdefault(request.principal.tenant, {})[place] = subject
        refused: dict[int, Exception] = {}
        for tenant, places in asked.items():
            try:
                known = await self._known.of(tenant, frozenset(places.values()))
            except LogUnavailable as error:
                refused |= dict.fromkeys(places, error)
                continue
            refused |= {
                place: NothingKnown(subject)
                for place, subject in places.items()
                if subject not in known
            }
        return refused


def _asks(request: Request) -> bool:
    return request.decision.known_only and request.cause is None
