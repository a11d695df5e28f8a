"""One process of a race: a pipeline on a database that others share.

``python -m tests.faults.racer NAME`` reads a race a line (the fields of Race as JSON), says
``ready``, waits for another line, lets its racers ask each for what the race is about, round after
round, and prints what they were answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio import Future
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

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


class Race(NamedTuple):
    """One race: where, for which run, by how many, whether heedless of who was first, and about
    what: one of ASKED."""

    dsn: str
    run: str
    racers: int
    rounds: int
    heedless: bool
    about: str = "seat"


ASKED: dict[str, Callable[[str, int, int], tuple[str, dict[str, Any]]]] = {
    "seat": lambda name, number, turn: (
        "enrol-learner",
        {"subject": f"{name}-{number}-{turn}", "mode": "honor"},
    ),
    "attempt": lambda name, number, turn: (
        "submit-work",
        {"subject": f"s{turn}", "item": "q", "attempt": f"{name}-{number}"},
    ),
    "slot": lambda name, number, _: (
        "claim-review",
        {"subject": f"{name}-{number}", "item": "essay", "review": "r1"},
    ),
    "withdrawal": lambda name, number, turn: (
        "withdraw-learner",
        {"subject": f"{name}-{number}-{turn}"},
    ),
    "certificate": lambda _, __, turn: ("issue-certificate", {"subject": f"s{turn}"}),
}
"""What the racer of a number asks for in a turn, given the name of its process."""


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


async def take_part(name: str, race: Race) -> Counter[str]:
    """Take part, and return the answers by kind."""
    async with PostgresLog(race.dsn, REGISTRY) as log:
        reader = CommandReader(DECISIONS, b"secret" * 6, clock)
        used: Any = Heedless(log) if race.heedless else log
        pipeline = Pipeline(used, MemoryKeys(), REGISTRY, clock)

        async def ask(command: str, **fields: Any) -> str:
            body = json.dumps({"run": race.run} | fields).encode()
            try:
                answer = await pipeline.execute(reader.read(command, body, DEVELOPMENT))
            except Refusal as refusal:
                return refusal.rule
            return "recorded" if isinstance(answer, Recorded) else "unchanged"

        async def racer(number: int) -> list[str]:
            asked = [ASKED[race.about](name, number, turn) for turn in range(race.rounds)]
            return [await ask(command, **fields) for command, fields in asked]

        await ask("withdraw-learner", subject="nobody")  # all begin with the run in their caches
        print("ready", flush=True)  # noqa: T201 - the test reads it
        await asyncio.to_thread(sys.stdin.readline)
        answers = await asyncio.gather(*(racer(number) for number in range(race.racers)))
    return Counter(answer for each in answers for answer in each)


def main() -> None:
    """Race until there are no more races."""
    for line in iter(sys.stdin.readline, ""):
        answers = asyncio.run(take_part(sys.argv[1], Race(**json.loads(line))))
        print(json.dumps(answers), flush=True)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main()
