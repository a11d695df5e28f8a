"""One process of a race for seats: a pipeline on a database that others share.

``python -m tests.faults.racer DSN RUN NAME RACERS ROUNDS [heedless]`` says ``ready``, waits for a
line, lets its racers ask for a seat each, round after round, and prints what they were answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio import Future
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from commands.batch import CommandReader
from commands.pipeline import Pipeline
from commands.ports import Append, Lost, Outcome
from commands.register import DECISIONS
from commands.requests import Recorded
from domain.access import DEVELOPMENT
from domain.kernel import Refusal
from domain.streams import REGISTRY
from infra.keys.memory import MemoryKeys
from infra.log.postgres import PostgresLog


class Heedless:
    """A log for those who decide once: what lost is sent again as it is, for the versions of now.

    The control of the race: so the seats are written without the condition they were decided on.
    """

    def __init__(self, log: PostgresLog) -> None:
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def submit(self, request: Append, after: Sequence[Future[Outcome]] = ()) -> Future[Outcome]:
        """Insist until it is recorded."""
        return asyncio.ensure_future(self._insist(request, after))

    async def _insist(self, request: Append, after: Sequence[Future[Outcome]]) -> Outcome:
        if after:
            await asyncio.wait(after)
        while True:
            outcome = await self._log.submit(request)
            if not isinstance(outcome, Lost):
                return outcome
            found = await self._log.read_streams({fact.stream: 0 for fact in request.facts})
            tails = {stream: len(facts) for stream, facts in found.items()}
            request = request._replace(facts=_renumbered(request, tails), conditions=())


def _renumbered(request: Append, tails: dict[str, int]) -> tuple[Any, ...]:
    facts = []
    for fact in request.facts:
        tails[fact.stream] = tails.get(fact.stream, 0) + 1
        facts.append(fact._replace(version=tails[fact.stream]))
    return tuple(facts)


def clock() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


async def race(dsn: str, run: str, name: str, racers: int, rounds: int, *, heedless: bool) -> None:
    """Take part, and print the answers by kind."""
    async with PostgresLog(dsn, REGISTRY) as log:
        reader = CommandReader(DECISIONS, b"secret" * 6, clock)
        pipeline = Pipeline(Heedless(log) if heedless else log, MemoryKeys(), REGISTRY, clock)  # type: ignore[arg-type]

        async def ask(command: str, **fields: Any) -> str:
            body = json.dumps({"run": run} | fields).encode()
            try:
                answer = await pipeline.execute(reader.read(command, body, DEVELOPMENT))
            except Refusal as refusal:
                return refusal.rule
            return "recorded" if isinstance(answer, Recorded) else "unchanged"

        async def racer(number: int) -> list[str]:
            return [
                await ask("enrol-learner", subject=f"{name}-{number}-{turn}", mode="honor")
                for turn in range(rounds)
            ]

        await ask("reschedule-run", starts="2020-01-01T00:00:00Z", ends="2099-01-01T00:00:00Z")
        await ask("withdraw-learner", subject="nobody")
        print("ready", flush=True)  # noqa: T201 - the test reads it
        await asyncio.to_thread(sys.stdin.readline)
        answers = await asyncio.gather(*(racer(number) for number in range(racers)))
        print(json.dumps(Counter(a for each in answers for a in each)), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(
        race(
            sys.argv[1],
            sys.argv[2],
            sys.argv[3],
            int(sys.argv[4]),
            int(sys.argv[5]),
            heedless=sys.argv[6:] == ["heedless"],
        )
    )
