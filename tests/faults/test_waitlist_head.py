"""Is each seat that is given back offered to another one, however many are at once?"""

from __future__ import annotations

import asyncio
from collections import Counter

import psycopg

from tests.faults.racer import Race
from tests.faults.racing import PROCESSES, RUN, Processes, run_with, send

RACERS = 12
SEATS = PROCESSES * RACERS


def race(processes: Processes, dsn: str, *, heedless: bool) -> list[str]:
    """Let all who are in leave at once, where as many wait; return who was offered a seat, in the
    order of the log."""
    names = [f"p{process}-{number}-0" for process in range(PROCESSES) for number in range(RACERS)]
    inside = [("enrol-learner", {"run": RUN, "subject": one, "mode": "honor"}) for one in names]
    waiting = [
        ("join-waitlist", {"run": RUN, "subject": f"w{place}", "mode": "honor"})
        for place in range(SEATS)
    ]
    asyncio.run(send(dsn, *run_with(SEATS), *inside, *waiting))
    asked = Race(dsn, RUN, RACERS, 1, heedless, about="withdrawal")
    answers = sum(processes.take_part(asked), Counter[str]())
    assert answers == {"recorded": SEATS}
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select subject from log.facts where type = 'SeatOffered' order by position"
        ).fetchall()
    return [subject for (subject,) in rows]


def test_seats_given_back_at_once_are_offered_in_order(processes: Processes, dsn: str) -> None:
    """First in, first offered, one seat each, whichever process frees which."""
    assert race(processes, dsn, heedless=False) == [f"w{place}" for place in range(SEATS)]


def test_without_the_condition_seats_would_be_lost(processes: Processes, dsn: str) -> None:
    """The control: what was decided on the waitlist of before offers its head two seats, and
    another one none."""
    offered = Counter(race(processes, dsn, heedless=True))
    assert max(offered.values()) > 1
    assert len(offered) < SEATS
