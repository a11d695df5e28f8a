"""Is a certificate issued once, however many processes are asked for it at once?"""

from __future__ import annotations

import asyncio
from collections import Counter

import psycopg

from tests.faults.racer import Race
from tests.faults.racing import PROCESSES, RUN, Processes, run_with, send

LEARNERS = 10
RACERS = 8


def race(processes: Processes, dsn: str, *, heedless: bool) -> tuple[Counter[str], int]:
    """Let all ask for the certificates of learners who passed; return the answers, and how many
    were issued."""
    passed = (
        command
        for number in range(LEARNERS)
        for command in (
            ("enrol-learner", {"run": RUN, "subject": f"s{number}", "mode": "honor"}),
            ("record-outcome", {"run": RUN, "subject": f"s{number}", "result": "pass"}),
        )
    )
    asyncio.run(send(dsn, *run_with(None, certificate_modes=["honor"]), *passed))
    asked = Race(dsn, RUN, RACERS, LEARNERS, heedless, about="certificate")
    answers = sum(processes.take_part(asked), Counter[str]())
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select count(*) from log.facts where type = 'CertificateIssued'"
        ).fetchone()
    assert row is not None
    return answers, int(row[0])


def test_each_certificate_is_issued_once(processes: Processes, dsn: str) -> None:
    """One asker is answered with what was issued, all others that it is so already."""
    answers, issued = race(processes, dsn, heedless=False)
    assert answers == {"recorded": LEARNERS, "unchanged": (PROCESSES * RACERS - 1) * LEARNERS}
    assert issued == LEARNERS


def test_without_the_condition_some_would_be_issued_twice(processes: Processes, dsn: str) -> None:
    """The control: the same race, where what was decided on a state of before is written."""
    answers, issued = race(processes, dsn, heedless=True)
    assert issued == answers["recorded"] > LEARNERS
