"""Is an item ever handed in more often than it may be, however many processes hand in at once?"""

from __future__ import annotations

import asyncio
from collections import Counter

import psycopg

from tests.faults.racer import Race
from tests.faults.racing import PROCESSES, RUN, Processes, run_with, send

LEARNERS = 10
RACERS = 4
ALLOWED = 2


def race(processes: Processes, dsn: str, *, heedless: bool) -> tuple[Counter[str], list[int]]:
    """Let all hand in attempts of their own for learners who have one attempt left; return the
    answers, and how many attempts each learner made in all."""
    quiz = {"item": "q", "kind": "quiz", "title": "Quiz", "attempts": ALLOWED}
    begun = (
        command
        for number in range(LEARNERS)
        for command in (
            ("enrol-learner", {"run": RUN, "subject": f"s{number}", "mode": "honor"}),
            ("submit-work", {"run": RUN, "subject": f"s{number}", "item": "q", "attempt": "first"}),
        )
    )
    content = ("publish-content", {"run": RUN, "items": [quiz]})
    asyncio.run(send(dsn, *run_with(None), content, *begun))
    asked = Race(dsn, RUN, RACERS, LEARNERS, heedless, about="attempt")
    answers = sum(processes.take_part(asked), Counter[str]())
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select count(*) from log.facts where type = 'SubmissionReceived' group by stream"
        ).fetchall()
    return answers, [count for (count,) in rows]


def test_the_last_attempt_is_made_once(processes: Processes, dsn: str) -> None:
    """One is taken, and all others are told that no attempts are left."""
    answers, made = race(processes, dsn, heedless=False)
    asked = PROCESSES * RACERS * LEARNERS
    assert answers == {"recorded": LEARNERS, "attempts-exhausted": asked - LEARNERS}
    assert made == [ALLOWED] * LEARNERS


def test_without_the_condition_it_would_be_made_twice(processes: Processes, dsn: str) -> None:
    """The control: the same race, where what was decided on a state of before is written."""
    answers, made = race(processes, dsn, heedless=True)
    assert answers["recorded"] > LEARNERS
    assert max(made) > ALLOWED
