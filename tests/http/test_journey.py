"""Does a learner's whole way through a course come out right over HTTP?"""

from __future__ import annotations

from typing import Any

import pytest

from infra.compose import Registrar
from tests.http.test_wrong_input import assert_problem
from tests.http.university import Made, done, enrol, make
from tests.server import Server, eventually

POLICY_SECONDS_MAX = 20.0
LEARNER = "wanderer"


class Journey:
    """A learner in a run, and the last position that a command reached."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.made: Made = make(server)
        self.position = self.made.position

    def do(self, name: str, **fields: Any) -> dict[str, Any]:
        """Send a command of this learner in this run, and remember how far it got."""
        body = {"run": self.made.run, "subject": LEARNER} | fields
        told = done(self.server.command(name, body))
        self.position = told["position"]
        return told

    def ask(self, path: str, **parameters: Any) -> Any:
        """Ask for what the last command wrote."""
        query = "&".join(f"{k}={v}" for k, v in parameters.items())
        answer = self.server.get(f"{path}?min_position={self.position}&{query}")
        assert answer.status == 200, answer
        assert answer.body["as_of"]["position"] >= self.position
        return answer.body

    def enrolment(self, below: str = "", **parameters: Any) -> Any:
        """Ask for the enrolment."""
        return self.ask(f"/v1/enrolments/{self.made.run}/{LEARNER}{below}", **parameters)


@pytest.fixture(scope="module")
def journey(server: Server) -> Journey:
    """From enrolment to a graded essay and a film watched to the end."""
    journey = Journey(server)
    journey.do("enrol-learner", mode="verified", demographics={"region": "Nowhere Region"})
    for start in range(0, 60_000, 20_000):
        watched = {"item": "film", "start_ms": start, "end_ms": start + 20_000}
        journey.do("watch-video", session="sofa", rate=4, **watched)
    journey.do("submit-work", item="essay", attempt="first")
    journey.do("grade-submission", item="essay", attempt="first", raw="62.5", grader="g1")
    return journey


def test_what_was_written_is_read(journey: Journey) -> None:
    """A query that takes the command's position has the command in it."""
    run, course = journey.made.run, journey.made.course
    assert journey.ask(f"/v1/courses/{course}")["course"]["course"] == course
    assert journey.ask(f"/v1/runs/{run}")["run"]["items"] == 2
    enrolment = journey.enrolment()["enrolment"]
    assert (enrolment["status"], enrolment["submissions"], enrolment["graded"]) == ("active", 1, 1)
    assert enrolment["watched_ms"] == 60_000
