"""Is a submission's last slot for a review ever given twice, however many processes race for it?"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import psycopg

from tests.faults.racer import Race
from tests.faults.racing import PROCESSES, RUN, Processes, run_with, send

RACERS = 8
LEARNERS = [f"p{process}-{number}" for process in range(PROCESSES) for number in range(RACERS)]
"""Each has handed in, and asks for one review of another's work."""
ESSAY = {
    "item": "essay",
    "kind": "peer-task",
    "title": "Essay",
    "peer": {
        "must_grade": 1,
        "must_be_graded_by": 1,
        "criteria": [{"name": "all", "possible": 5}],
    },
}


def race(processes: Processes, dsn: str, *, heedless: bool) -> tuple[Counter[str], list[int]]:
    """Let all claim at once; return the answers, and how often each submission was claimed."""
    handed_in: list[tuple[str, dict[str, Any]]] = []
    for learner in LEARNERS:
        own = {"run": RUN, "subject": learner}
        handed_in.append(("enrol-learner", {**own, "mode": "honor"}))
        handed_in.append(("submit-work", {**own, "item": "essay", "attempt": "1"}))
    content = ("publish-content", {"run": RUN, "items": [ESSAY]})
    asyncio.run(send(dsn, *run_with(None), content, *handed_in))
    asked = Race(dsn, RUN, RACERS, 1, heedless, about="slot")
    answers = sum(processes.take_part(asked), Counter[str]())
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            """select count(*) from (
                 select convert_from(body, 'UTF8')::jsonb -> 'data' ->> 'author' as author
                 from log.facts where type = 'ReviewClaimed') claimed
               group by author"""
        ).fetchall()
    return answers, [int(count) for (count,) in rows]


def test_no_slot_is_given_twice(processes: Processes, dsn: str) -> None:
    """Every submission wants one review: so each is claimed once at most, and who gets none is told
    that there is nothing to review now."""
    answers, claimed = race(processes, dsn, heedless=False)
    assert set(claimed) == {1}
    assert sum(claimed) == answers["recorded"] >= len(LEARNERS) - 1
    assert answers.total() == len(LEARNERS) == answers["recorded"] + answers["nothing-to-review"]


def test_without_the_condition_some_would_be(processes: Processes, dsn: str) -> None:
    """The control: the same race, where what was decided on a state of before is written."""
    _, claimed = race(processes, dsn, heedless=True)
    assert max(claimed) > 1
