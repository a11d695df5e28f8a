"""Which course, run and learners do the tests of a server use?"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

from tests.server import Answer, Server

_numbers = itertools.count(1)

ITEMS = [
    {"item": "essay", "kind": "assignment", "title": "Essay", "category": "Work",
     "attempts": 2, "due": "2099-01-01T00:00:00Z"},
    {"item": "film", "kind": "video", "title": "A film of one minute", "duration_ms": 60_000},
]  # fmt: skip
POLICY = {
    "categories": [{"name": "Work", "weight": "1"}],
    "cutoffs": [{"letter": "A", "percent": 80}, {"letter": "C", "percent": 50}],
}


class Made(NamedTuple):
    """A course and a run of it that nobody else has, and the position they were made at."""

    course: str
    run: str
    position: int


def done(answer: Answer) -> dict[str, Any]:
    """Return the body of a command that was recorded."""
    assert answer.status == 201, answer
    body: dict[str, Any] = answer.body
    return body


def make(server: Server, capacity: int | None = None) -> Made:
    """Make a course with a run, its content and its grading policy, from now on for years."""
    number = next(_numbers)
    course, run = f"C{number}", f"C{number}-2026"
    done(server.command("create-course", {"course": course, "title": f"Kupferstich {number}"}))
    scheduled = {
        "run": run,
        "course": course,
        "title": f"Kupferstich {number}, 2026",
        "starts": "2020-01-01T00:00:00Z",
        "ends": "2099-06-01T00:00:00Z",
        "modes": ["audit", "verified"],
        "certificate_modes": ["verified"],
    }
    done(server.command("schedule-run", scheduled | {"capacity": capacity}))
    done(server.command("publish-content", {"run": run, "items": ITEMS}))
    last = done(server.command("publish-grading-policy", {"run": run, "policy": POLICY}))
    return Made(course, run, last["position"])


def enrol(made: Made, subject: str, **more: Any) -> dict[str, Any]:
    """Return the body that enrols a learner."""
    return {"run": made.run, "subject": subject, "mode": "verified"} | more
