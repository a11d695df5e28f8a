"""How are all commands sent, in order for each enrolment, each exactly once in effect?"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import chain
from typing import Protocol

from infra.importers.oulad.catalogue import catalogue_parcels
from infra.importers.oulad.enrolments import Enrolments
from infra.importers.oulad.fates import Answer, Fates, Sendable
from infra.importers.oulad.tables import Tables

BATCH_COMMANDS_MAX = 500
CONNECTIONS = 4
BACKOFF_SECONDS_FIRST = 0.1
BACKOFF_SECONDS_MAX = 5.0
RETRIES_MAX = 40
"""With the back-off above: a server may be away for about three minutes."""


class Unreachable(Exception):
    """The server did not answer, or asked to be asked again; the same batch may be sent again."""


class ReplayFailed(Exception):
    """The replay cannot go on. Says what happened; what was acknowledged stays."""


class Sender(Protocol):
    """Something that takes commands: a server over HTTP, or the product in this process."""

    async def send(self, commands: Sequence[Sendable]) -> Sequence[Answer]:
        """Return one answer for each, in order. Raises Unreachable or ReplayFailed."""


Progress = Callable[[int], None]
"""Told how many commands have just been answered."""


Sleep = Callable[[float], Awaitable[None]]
"""Waits for so many seconds."""


class Replay:
    """One replay of tables: what it will send, and what became of it so far."""

    def __init__(self, tables: Tables, sleep: Sleep = asyncio.sleep) -> None:
        """Raises WrongData."""
        self._sleep = sleep
        self._catalogue = [parcel for parcel in catalogue_parcels(tables) if parcel]
        self._enrolments = Enrolments(tables)
        self.total = sum(map(len, self._catalogue)) + self._enrolments.count()
        self.done = 0
        self.fates = Fates(
            {
                "courses": len(tables.courses),
                "assessments": len(tables.assessments),
                "vle": len(tables.vle),
                "studentInfo": len(tables.infos),
                "studentRegistration": len(tables.registrations),
                "studentAssessment": len(tables.submissions),
            }
        )

    async def run(self, sender: Sender, progress: Progress, connections: int = CONNECTIONS) -> None:
        """Send the catalogue in order, then the enrolments over several connections.

        An enrolment's commands are in one parcel, so their order holds whoever takes it. A key
        for each command makes it safe to run again after any interruption. Raises ReplayFailed.
        """
        await self._lane(iter(self._catalogue), sender, progress)
        parcels = self._enrolments.parcels(BATCH_COMMANDS_MAX)
        lanes = [
            asyncio.create_task(self._lane(parcels, sender, progress)) for _ in range(connections)
        ]
        try:
            await asyncio.gather(*lanes)
        finally:
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)

    async def _lane(
        self, parcels: Iterator[list[Sendable]], sender: Sender, progress: Progress
    ) -> None:
        batches = chain.from_iterable(map(_batches, parcels))
        for batch in batches:
            answers = await self._persistently(sender, batch)
            self.fates.settle(batch, answers)
            self.done += len(batch)
            progress(len(batch))

    async def _persistently(self, sender: Sender, batch: Sequence[Sendable]) -> Sequence[Answer]:
        """Send a batch until every command has its final answer.

        It is sent whole each time: what followed an unavailable command was judged without it, and
        what was recorded is answered as before by its key.
        """
        reason = ""
        for retry in range(RETRIES_MAX):
            try:
                answers = await sender.send(batch)
            except Unreachable as error:
                reason = str(error)
            else:
                if all(answer.status != "unavailable" for answer in answers):
                    return answers
                reason = next(a.detail or "" for a in answers if a.status == "unavailable")
            pause = min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS_FIRST * 2**retry)
            await self._sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries
        raise ReplayFailed(f"gave up after {RETRIES_MAX} tries: {reason}")


def _batches(parcel: list[Sendable]) -> Iterator[list[Sendable]]:
    for start in range(0, len(parcel), BATCH_COMMANDS_MAX):
        yield parcel[start : start + BATCH_COMMANDS_MAX]
