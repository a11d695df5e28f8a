"""How long does it take to say whose grade would change under another policy?

A run with many learners, each with ten pieces of work, every third of them late, every fifth tried
twice; every second learner has a grade on record. All facts are replayed under another policy with
groups, drops and late penalties, and where no grade is on record under the policy in force too, as
a job that is asked for through the application without a socket.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta

import httpx

from bench.report import Report
from bench.rig import run, server
from bench.university import STARTS, enveloped, fill
from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import (
    Category,
    ContentVersionPublished,
    CourseCreated,
    Cutoff,
    GradingPolicyPublished,
    Item,
    RunScheduled,
    WeightedPolicy,
)
from domain.enrolment.facts import LearnerEnrolled
from domain.grading.facts import CourseGradeComputed, SubmissionGraded
from domain.kernel import Fact
from infra.compose.embedded import embedded
from infra.settings.fields import Settings
from infra.web.apps import full_app
from infra.web.authentication import open_to_all
from infra.web.metrics import Metrics

LEARNERS, LEARNERS_QUICK = 10_000, 1_000
SECONDS_MAX = 20.0
ITEMS = 10
RUN = "AAA-2013J"
READ_SECONDS_MAX = 600.0
POLL_SECONDS = 0.1
OTHER = {
    "policy": {
        "kind": "grouped",
        "groups": [
            {"name": "TMA", "weight": 40, "drop_lowest": 1},
            {"name": "CMA", "weight": 60, "drop_lowest": 1},
        ],
        "cutoffs": [{"letter": "A", "percent": 80}, {"letter": "Pass", "percent": 40}],
    },
    "late": {"rate": 10, "floor": 40},
}


def measure(*, quick: bool) -> Report:
    """Load, wait until the readings have read all, and ask."""
    learners = LEARNERS_QUICK if quick else LEARNERS
    with server() as postgres:
        count, _ = fill(postgres.dsn, enveloped(_facts(learners)))
        seconds, used, changed = run(_ask(postgres.dsn, count))
    figures = {
        "learners": float(learners),
        "facts": float(count),
        "grades that would change": float(changed),
        "seconds": seconds,
        "of this process's CPU": used,
    }
    return Report("what_if", {}, {}, figures, {"seconds": SECONDS_MAX * learners / LEARNERS})


async def _ask(dsn: str, count: int) -> tuple[float, float, int]:
    with tempfile.TemporaryDirectory(prefix="registrar-bench-") as folder:
        async with embedded(Settings(database_url=dsn, data=folder, access="off")) as registrar:
            readings = ["progress", "catalogue"]
            await registrar.reads.positions.wait(readings, count, READ_SECONDS_MAX)
            app = open_to_all(full_app(registrar.commands.dependencies, registrar.reads, Metrics()))
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://registrar"
            ) as client:
                began, used = time.perf_counter(), time.process_time()
                answer = await client.post(f"/v1/runs/{RUN}/what-if", json=OTHER, timeout=None)
                job = answer.headers["location"]
                told = {"result": None}
                while told["result"] is None:
                    await asyncio.sleep(POLL_SECONDS)
                    told = (await client.get(job)).json()
                answer = await client.get(f"{job}/result", timeout=None)
                took = time.perf_counter() - began
                used = time.process_time() - used
    answer.raise_for_status()
    result = json.loads(answer.text.splitlines()[-1])
    return took, used, result["grades"]


def _facts(learners: int) -> Iterator[tuple[str, str | None, Fact]]:
    items = tuple(
        Item(f"i{n}", "assignment", f"Essay {n}", category=("TMA", "CMA")[n % 2])
        for n in range(ITEMS)
    )
    policy = WeightedPolicy(
        (Category("TMA", "0.5"), Category("CMA", "0.5")), (Cutoff("A", 80), Cutoff("Pass", 40))
    )
    ends = STARTS + timedelta(days=240)
    yield "main/course/AAA", None, CourseCreated("AAA", "Module AAA")
    scheduled = RunScheduled(RUN, "AAA", RUN, STARTS, ends, None, None, None, ("audit",), ())
    yield f"main/run/{RUN}", None, scheduled
    yield f"main/run/{RUN}", None, GradingPolicyPublished(RUN, 1, policy)
    yield f"main/run-content/{RUN}", None, ContentVersionPublished(RUN, 1, items)
    for n in range(learners):
        subject = f"s{n}"
        stream = f"main/enrolment/{RUN}/{subject}"
        yield stream, subject, LearnerEnrolled("audit")
        for at in range(ITEMS):
            late = 100_000 if (n + at) % 3 == 0 else 0
            for attempt in range(1 + ((n + at) % 5 == 0)):
                name, raw = str(attempt), str((n * 37 + at * 11 + attempt * 7) % 101)
                yield (
                    stream,
                    subject,
                    SubmissionReceived(f"i{at}", name, attempt + 1, 1, None, late),
                )
                yield stream, subject, SubmissionGraded(f"i{at}", name, raw, "100", "grader")
        if n % 2:
            yield stream, subject, CourseGradeComputed(n % 101, None, f"{n % 101}/100", "0" * 64, 1)
