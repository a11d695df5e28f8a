"""Are appends as fast after ten thousand erasures as after as many facts that erase nobody?

A log that is longer is appended to more slowly by a little, whatever made it so. So there is a
control: a second registrar with the same learners, on whose streams legal holds are placed and
lifted until its log is as long. Afterwards both are appended to in turns.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import chain
from uuid import uuid4

import msgspec

from bench.report import Report, median_ratio
from bench.rig import run, server
from infra.compose.embedded import Registrar, embedded
from infra.process import calm_garbage_collection
from infra.settings.fields import Settings

ERASURES, ERASURES_QUICK = 10_000, 500
BATCH = 250
ROUNDS, ROUNDS_QUICK = 9, 3
ROUND_COMMANDS = 1_000
RATIO_MIN = 0.9
DONE_SECONDS_MAX = 1_800
RUN = "AAA-2013J"
_SET_UP = (
    ("create-course", {"course": "AAA", "title": "AAA"}),
    (
        "schedule-run",
        {
            "run": RUN,
            "course": "AAA",
            "title": RUN,
            "starts": "2013-10-01T00:00:00Z",
            "ends": "2014-06-26T00:00:00Z",
            "modes": ["audit"],
            "certificate_modes": [],
            "occurred_at": "2013-05-01T00:00:00Z",
        },
    ),
)


def measure(*, quick: bool) -> Report:
    """Append to two registrars in turns, erase in one, fill the other, append in turns again."""
    return run(_measure(ERASURES_QUICK, ROUNDS_QUICK) if quick else _measure(ERASURES, ROUNDS))


async def _measure(count: int, rounds: int) -> Report:
    async with _registrar(count, rounds) as erasing, _registrar(count, rounds) as control:
        calm_garbage_collection()
        before = await _in_turns(erasing, control, rounds, "before")
        begun = time.perf_counter()
        facts = await _erase(erasing, count)
        seconds = time.perf_counter() - begun
        await _send(control, _holds(count, facts))
        await _caught_up(control)
        after = await _in_turns(erasing, control, rounds, "after")
    figures = {
        "erasures": float(count),
        "erasures_a_second": count / seconds,
        "facts_of_the_erasures": float(facts),
        "appends_before_a_second": max(before[0]),
        "appends_after_a_second": max(after[0]),
        "control_before_a_second": max(before[1]),
        "control_after_a_second": max(after[1]),
    }
    ratios = {"after_to_control": median_ratio(*after), "before_to_control": median_ratio(*before)}
    return Report("erasures", ratios, {"after_to_control": RATIO_MIN}, figures)


@asynccontextmanager
async def _registrar(count: int, rounds: int) -> AsyncIterator[Registrar]:
    """Have one that has enrolled so many learners, and taken commands until it is warm."""
    with server() as postgres, tempfile.TemporaryDirectory(prefix="registrar-bench-") as folder:
        settings = Settings(database_url=postgres.dsn, data=folder, access="off")
        async with embedded(settings) as registrar:
            enrolled = (("enrol-learner", _enrolment(f"e{n}")) for n in range(count))
            await _send(registrar, chain(_SET_UP, enrolled))
            for number in range(rounds):  # until the cache of streams is full
                await _round(registrar, f"warm{number}")
            yield registrar


async def _in_turns(
    one: Registrar, other: Registrar, rounds: int, name: str
) -> tuple[list[float], list[float]]:
    """Return how many enrolments with a personal field a second, in each round of each."""
    rates: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for registrar, found in zip((one, other), rates, strict=True):
            found.append(await _round(registrar, f"{name}{number}"))
    return rates


async def _round(registrar: Registrar, name: str) -> float:
    """Return how many a second; what the readings are behind by is waited for and not counted."""
    some = [("enrol-learner", _enrolment(f"{name}-{n}")) for n in range(ROUND_COMMANDS)]
    begun = time.perf_counter()
    await _send(registrar, iter(some))
    seconds = time.perf_counter() - begun
    await _caught_up(registrar)
    return ROUND_COMMANDS / seconds


async def _erase(registrar: Registrar, count: int) -> int:
    """Erase everybody, and return how many facts that took."""
    before = (await registrar.reads.log.head()).position
    orders = ({"subject": f"e{n}", "ground": "objection"} for n in range(count))
    await _send(registrar, (("erase-learner", order) for order in orders))
    async with asyncio.timeout(DONE_SECONDS_MAX):
        await _all_erased(registrar, count)
    return (await registrar.reads.log.head()).position - before


def _holds(count: int, facts: int) -> Iterator[tuple[str, object]]:
    """Yield commands that make so many facts, on the streams that erasures write to."""
    for number in range(facts):
        turn, learner = divmod(number, count)
        hold: dict[str, object] = {"subject": f"e{learner}", "hold": f"case-{turn // 2}"}
        if turn % 2:
            yield "lift-legal-hold", hold
        else:
            yield "place-legal-hold", hold | {"ground": "legal-claim"}


async def _send(registrar: Registrar, commands: Iterator[tuple[str, object]]) -> None:
    batch: list[dict[str, object]] = []
    for name, body in commands:
        batch.append({"name": name, "body": body, "key": uuid4().hex})
        if len(batch) == BATCH:
            await _batch(registrar, batch)
            batch = []
    if batch:
        await _batch(registrar, batch)


async def _batch(registrar: Registrar, batch: list[dict[str, object]]) -> None:
    answer = await registrar.commands.batch(msgspec.json.encode({"commands": batch}))
    results = msgspec.json.decode(answer)["results"]
    refused = [one for one in results if one["status"] != "recorded"]
    assert not refused, refused[0]


async def _all_erased(registrar: Registrar, count: int) -> None:
    """Wait until the log ends with the last one's last step, and the readings know of all."""
    log = registrar.reads.log
    names = [f"main/erasure/e{n}" for n in (0, count // 2, count - 1)]
    while True:
        facts = await log.streams("main", names)
        if sum(fact.type == "SubjectErased" for fact in facts) == len(names):
            await _caught_up(registrar)
            return
        await asyncio.sleep(0.2)


async def _caught_up(registrar: Registrar) -> None:
    """Wait until the readings know of all."""
    head = (await registrar.reads.log.head()).position
    await registrar.reads.positions.wait(["history"], head, DONE_SECONDS_MAX)


def _enrolment(subject: str) -> dict[str, object]:
    demographics = {"region": "Wales", "age_band": "35-55"}
    return {"run": RUN, "subject": subject, "mode": "audit", "demographics": demographics}
