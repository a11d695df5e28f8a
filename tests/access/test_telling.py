"""Is what only its answer shows to be somebody's, not there for who may not see it?"""

from __future__ import annotations

import pytest

from domain.access import Principal, Role
from tests.read_api.world import World

RUN = "AAA-2013J"


def somebody(actor: str, role: Role, *runs: str) -> Principal:
    """Return somebody with a role in runs, or in the tenant."""
    held = {role: frozenset(runs)} if runs else {}
    everybody = frozenset({Role.LEARNER})
    return Principal(actor, "main", "app", everybody if runs else frozenset({role}), held)


SEEING = [
    (somebody("s1", Role.LEARNER), True),
    (somebody("s2", Role.LEARNER), False),
    (somebody("tutor", Role.INSTRUCTOR, RUN), True),
    (somebody("tutor", Role.INSTRUCTOR, "BBB-2014B"), False),
    (somebody("auditor", Role.AUDITOR), True),
]


@pytest.mark.parametrize(("asking", "sees"), SEEING)
def test_facts_and_certificates_are_told_to_who_may_see_the_record(
    furnished: World, asking: Principal, sees: bool
) -> None:
    """Others are told what they would be told if there were none."""
    facts = furnished.get("learners/s1/history")["facts"]
    certificate = furnished.get(f"enrolments/{RUN}/s1")["certificate"]
    one = furnished.asked_by(asking)
    for path in (
        f"/v1/facts/{facts[0]['position']}",
        f"/console/facts/{facts[0]['position']}",
        f"/v1/certificates/{certificate}",
    ):
        assert one.ask(path).status_code == (200 if sees else 404), path
    assert one.ask(f"/console/certificates/{certificate}").status_code == 200


def test_people_are_found_by_who_may_see_everybody(furnished: World) -> None:
    def found(asking: Principal) -> dict[str, int]:
        answer = furnished.asked_by(asking).get("search", q="s1")
        return {kind: count for kind, count in answer["facets"].items() if count}

    assert found(somebody("auditor", Role.AUDITOR))["learner"] == 1
    assert found(somebody("tutor", Role.INSTRUCTOR, RUN)) == {}
    assert found(somebody("s1", Role.LEARNER)) == {}


def test_tallies_are_seen_of_runs_that_one_teaches(furnished: World) -> None:
    def tallies(asking: Principal) -> int | None:
        (run,) = furnished.asked_by(asking).get("runs")["runs"]
        number: int | None = run["enrolled"]
        return number

    assert tallies(somebody("tutor", Role.INSTRUCTOR, RUN)) == 2
    assert tallies(somebody("tutor", Role.INSTRUCTOR, "BBB-2014B")) is None
    learner = somebody("s1", Role.LEARNER)
    assert tallies(learner) is None
    furnished.asked_by(learner).refused("/v1/runs?sort=-passed", 422)
    assert furnished.asked_by(learner).ask("/console/runs").status_code == 200


def test_the_console_begins_with_what_one_may_see(furnished: World) -> None:
    def begins(asking: Principal) -> str | None:
        return furnished.asked_by(asking).ask("/console").headers.get("location")

    assert begins(somebody("s1", Role.LEARNER)) == "/console/learners/s1"
    assert begins(somebody("tutor", Role.INSTRUCTOR, RUN)) == "/console/runs"
    assert begins(somebody("auditor", Role.AUDITOR)) is None
