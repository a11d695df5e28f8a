"""Was this command answered a moment ago, and can its answer be given again without the log?

The log knows every idempotency key for as long as it counts. This only saves asking it: an answer
that is not found here is looked for there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from commands.requests import Answer, KeyReused, Recorded, Request


class Kept(NamedTuple):
    """What was recorded under a key, and the digest of the body that it was sent with."""

    digest: bytes
    answer: Recorded


class Answers(Protocol):
    """Keeps the answers of commands with a key for some minutes, one epoch of the log apart from
    another."""

    async def find(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        """Return what is kept under these full keys; absent: nothing is. Never raises."""

    def keep(self, kept: Mapping[str, Kept]) -> None:
        """Keep these, as far as that is possible. Never raises or waits."""


class Transacts(Protocol):
    """What takes commands: see ``commands.pipeline.Pipeline``."""

    async def execute(self, request: Request) -> Answer:
        """Transact one command."""

    async def execute_many(self, requests: Sequence[Request]) -> list[Answer | Exception]:
        """Transact commands that each stand alone."""


class Remembering:
    """A pipeline that gives answers again from what is kept, and keeps what is recorded."""

    def __init__(self, pipeline: Transacts, answers: Answers) -> None:
        self._pipeline = pipeline
        self._answers = answers

    async def execute(self, request: Request) -> Answer:
        """Transact one command. Raises as ``Pipeline.execute``."""
        key = request.full_key
        if key is None:
            return await self._pipeline.execute(request)
        kept = (await self._answers.find((key,))).get(key)
        if kept is not None:
            again = _again(request, kept)
            if isinstance(again, Exception):
                raise again
            return again
        answer = await self._pipeline.execute(request)
        self._keep([(request, answer)])
        return answer

    async def execute_many(self, requests: Sequence[Request]) -> list[Answer | Exception]:
        """Transact commands that each stand alone."""
        keys = [key for request in requests if (key := request.full_key) is not None]
        known = await self._answers.find(keys) if keys else {}
        answers: dict[int, Answer | Exception] = {}
        others: list[tuple[int, Request]] = []
        for place, request in enumerate(requests):
            kept = known.get(request.full_key or "")
            if kept is None:
                others.append((place, request))
            else:
                answers[place] = _again(request, kept)
        if others:
            sent = [request for _, request in others]
            found = await self._pipeline.execute_many(sent)
            self._keep(list(zip(sent, found, strict=True)))
            answers.update(zip((place for place, _ in others), found, strict=True))
        return [answers[place] for place in range(len(requests))]

    def _keep(self, answered: Sequence[tuple[Request, Answer | Exception]]) -> None:
        """Keep what stands in the log. A derived key is not held to a body, whose digest may be
        another one than the first."""
        kept = {
            request.full_key: Kept(request.digest, answer)
            for request, answer in answered
            if isinstance(answer, Recorded) and request.key is not None and request.cause is None
        }
        if kept:
            self._answers.keep({key: one for key, one in kept.items() if key is not None})


def _again(request: Request, kept: Kept) -> Recorded | KeyReused:
    if request.cause is None and kept.digest != request.digest:
        return KeyReused(request.key)
    return kept.answer._replace(replayed=True)
