"""Are appends as fast after ten thousand erasures as they were before?"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator

import msgspec

from bench.report import Report
from bench.rig import run, server
from infra.compose.embedded import Registrar, embedded
from infra.process import calm_garbage_collection
from infra.settings.fields import Settings

ERASURES, ERASURES_QUICK = 10_000, 500
BATCH = 250
ROUNDS = 9
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
    """Append in rounds, erase, and append in rounds again, all in one registrar."""
    count = ERASURES_QUICK if quick else ERASURES
    with server() as postgres, tempfile.TemporaryDirectory(prefix="registrar-bench-") as folder:
        before, after, seconds = run(_measure(postgres.dsn, folder, count))
    figures = {
        "erasures": float(count),
        "erasures_a_second": count / seconds,
        "appends_before_a_second": before,
        "appends_after_a_second": after,
    }
    ratios = {"after_to_before": after / before}
    return Report("erasures", ratios, {"after_to_before": RATIO_MIN}, figures)


async def _measure(dsn: str, folder: str, count: int) -> tuple[float, float, float]:
    async with embedded(Settings(database_url=dsn, data=folder, access="off")) as registrar:
        await _send(registrar, iter(_SET_UP))
        await _send(registrar, (("enrol-learner", _enrolment(f"e{n}")) for n in range(count)))
        await _rounds(registrar, "warm")  # until the cache of streams is full
        calm_garbage_collection()
        before = await _rounds(registrar, "before")
        begun = time.perf_counter()
        await _send(
            registrar,
            (("erase-learner", {"subject": f"e{n}", "ground": "objection"}) for n in range(count)),
        )
        async with asyncio.timeout(DONE_SECONDS_MAX):
            await _all_erased(registrar, count)
        seconds = time.perf_counter() - begun
        return before, await _rounds(registrar, "after"), seconds


async def _rounds(registrar: Registrar, name: str) -> float:
    """Return how many enrolments with a personal field a second: the best of rounds, as whatever
    else the machine does only slows them."""
    rates = []
    for number in range(ROUNDS):
        some = [("enrol-learner", _enrolment(f"{name}{number}-{n}")) for n in range(ROUND_COMMANDS)]
        begun = time.perf_counter()
        await _send(registrar, iter(some))
        rates.append(ROUND_COMMANDS / (time.perf_counter() - begun))
    return max(rates)


async def _send(registrar: Registrar, commands: Iterator[tuple[str, object]]) -> None:
    batch: list[dict[str, object]] = []
    for name, body in commands:
        batch.append({"name": name, "body": body})
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
    while True:
        head = (await log.head()).position
        names = [f"main/erasure/e{n}" for n in (0, count // 2, count - 1)]
        facts = await log.streams("main", names)
        if sum(fact.type == "SubjectErased" for fact in facts) == len(names):
            await registrar.reads.positions.wait(["history"], head, DONE_SECONDS_MAX)
            return
        await asyncio.sleep(0.2)


def _enrolment(subject: str) -> dict[str, object]:
    demographics = {"region": "Wales", "age_band": "35-55"}
    return {"run": RUN, "subject": subject, "mode": "audit", "demographics": demographics}
