"""Does a learner's whole way through a course come out right over HTTP?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.test_wrong_input import assert_problem
from tests.http.university import Made, done, make
from tests.server import Server, eventually

POLICY_SECONDS_MAX = 20.0
LEARNER = "wanderer"


def at(day: int, minute: int = 0) -> str:
    """Return a time in January of 2021."""
    return f"2021-01-{day:02}T12:{minute:02}:00Z"


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
        if not any(name.startswith("as_of") for name in parameters):
            assert answer.body["as_of"]["position"] >= self.position
        return answer.body

    def enrolment(self, below: str = "", **parameters: Any) -> Any:
        """Ask for the enrolment."""
        return self.ask(f"/v1/enrolments/{self.made.run}/{LEARNER}{below}", **parameters)


@pytest.fixture(scope="module")
def journey(server: Server) -> Journey:
    """From enrolment to a graded essay and a film watched to the end, in January of 2021."""
    journey = Journey(server)
    told = {"region": "Nowhere Region"}
    journey.do("enrol-learner", mode="verified", demographics=told, occurred_at=at(1))
    for minute, start in enumerate(range(0, 60_000, 20_000)):
        watched = {"item": "film", "start_ms": start, "end_ms": start + 20_000}
        journey.do("watch-video", session="sofa", occurred_at=at(2, minute), **watched)
    journey.do("submit-work", item="essay", attempt="first", occurred_at=at(3))
    score = {"item": "essay", "attempt": "first", "raw": "62.5", "grader": "g1"}
    journey.do("grade-submission", occurred_at=at(4), **score)
    journey.do("record-outcome", result="pass", occurred_at=at(5))
    return journey


@pytest.fixture(scope="module")
def certificate(journey: Journey) -> str:
    """The certificate that the policy issued, without anybody asking for it."""
    found = eventually(
        lambda: journey.enrolment()["certificate"], POLICY_SECONDS_MAX, "a certificate by policy"
    )
    return str(found)


def test_what_was_written_is_read(journey: Journey) -> None:
    """A query that takes the command's position has the command in it."""
    made = journey.made
    assert journey.ask(f"/v1/courses/{made.course}")["course"] == made.course
    assert len(journey.ask(f"/v1/runs/{made.run}")["items"]) == 2
    enrolment = journey.enrolment()
    assert (enrolment["status"], enrolment["mode"]) == ("active", "verified")
    assert (enrolment["submissions"], enrolment["graded"], enrolment["late"]) == (1, 1, 0)
    assert enrolment["demographics"]["value"] == {"region": "Nowhere Region"}
    (learner,) = journey.ask(f"/v1/runs/{made.run}/learners")["learners"]
    assert (learner["subject"], learner["outcome"]) == (LEARNER, "pass")
    totals = journey.ask(f"/v1/analytics/runs/{made.run}")["totals"]
    assert (totals["enrolled"], totals["submissions"], totals["passed"]) == (1, 1, 1)


def test_progress_and_grade_tell_the_same_way(journey: Journey) -> None:
    """The film is covered in unique milliseconds, and the grade is exact and explained."""
    progress = journey.enrolment("/progress")
    assert progress["watched_ms"] == 60_000
    assert (progress["items_done"], progress["items_total"]) == (2, 2)
    grade = journey.enrolment("/grade", explain="true")
    assert (grade["current"]["exact"], grade["current"]["percent"]) == ("5/8", 63)
    assert grade["outcome"] is not None
    assert grade["explanation"]["categories"][0]["items"][0]["raw"] == "62.5"


def test_the_certificate_comes_by_itself_and_can_be_taken_back(
    journey: Journey, certificate: str
) -> None:
    """Passed by the board, certified by the policy, once; a revoked one stays readable."""
    held = journey.ask(f"/v1/certificates/{certificate}")
    assert (held["subject"], held["run"]) == (LEARNER, journey.made.run)
    again = {"run": journey.made.run, "subject": LEARNER}
    assert journey.server.command("issue-certificate", again).body["status"] == "unchanged"
    journey.do("revoke-certificate", certificate=certificate, reason="by mistake")
    assert journey.ask(f"/v1/certificates/{certificate}")["revoked_at"] is not None


def test_the_etag_of_a_record_is_what_a_command_matches(journey: Journey) -> None:
    """Read, change, and be refused where somebody was faster."""
    path = f"/v1/enrolments/{journey.made.run}/{LEARNER}?min_position={journey.position}"
    tag = journey.server.get(path).headers["etag"]
    viewed = {"run": journey.made.run, "subject": LEARNER, "item": "essay"}
    journey.position = done(journey.server.command("view-item", viewed, if_match=tag))["position"]
    late = journey.server.command("view-item", viewed | {"item": "film"}, if_match=tag)
    assert_problem(late, 412, "stale-version")


def test_history_tells_everything_in_order_and_as_it_was(
    journey: Journey, certificate: str
) -> None:
    """All facts; those recorded by a position; those that had occurred by a time."""
    path = f"/v1/learners/{LEARNER}/history"
    everything = journey.ask(path)["facts"]
    assert [fact["position"] for fact in everything] == sorted(
        fact["position"] for fact in everything
    )
    types = [fact["type"] for fact in everything]
    assert types[0] == "LearnerEnrolled"
    assert types.count("VideoWatched") == 3
    assert types.count("CertificateIssued") == 1
    third = everything[2]["position"]
    assert journey.ask(path, as_of_position=third)["facts"] == everything[:3]
    occurred = journey.ask(path, as_of_occurred=at(3))["facts"]
    assert [fact["type"] for fact in occurred][-1] == "SubmissionReceived"
    before = journey.enrolment("/progress", as_of_occurred=at(2, 1))
    assert (before["submissions"], before["watched_ms"]) == (0, 40_000)
    pages, token = [], None
    while not pages or token:
        page = journey.ask(path, limit=2, **({"next": token} if token else {}))
        pages.append(page["facts"])
        token = page["next"]
    assert [fact for page in pages for fact in page] == everything


def test_everything_can_be_searched_for(journey: Journey, certificate: str) -> None:
    """Learner by pseudonym, course by a word of its title, certificate by its id."""
    for words, kind in (
        (LEARNER, "learner"),
        ("Kupferstich", "course"),
        (certificate, "certificate"),
    ):
        hits = journey.ask("/v1/search", q=words)["hits"]
        assert kind in {hit["kind"] for hit in hits}, words


def test_a_query_waits_within_a_bound_for_what_is_not_there(server: Server) -> None:
    """A position that nobody has reached: 503, which says how far it is and when to ask again."""
    head = server.get("/v1/log").body["position"]
    answer = server.get(f"/v1/runs?min_position={head + 1_000_000}")
    problem = assert_problem(answer, 503, "not-yet")
    assert problem["reached"] >= head
    assert int(answer.headers["retry-after"]) >= 1
