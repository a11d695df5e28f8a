"""Can it be asked who could do what, now and on a past day?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from domain.access import Principal, Role
from domain.streams import REGISTRY
from infra.access.grants import LoggedGrants
from infra.identity.grants import Granted
from infra.pools import async_pool
from tests.read_api.world import World

RUN = "AAA-2013J"
STARTS = datetime(2030, 1, 1, tzinfo=UTC)


def held(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Return the roles and runs that hold in an answer."""
    return [(one["role"], one["run"]) for one in answer["grants"] if one["holds"]]


def test_who_could_do_what_on_a_past_day(furnished: World) -> None:
    """By position, by the time that it was recorded, and by the time that it occurred."""
    body = {"holder": "tutor-17", "role": "instructor", "run": RUN}
    given = furnished.command("grant-role", **body, occurred_at="2013-09-01T08:00:00Z")
    furnished.command("grant-role", holder="tutor-17", role="analyst", until="2200-01-01T00:00:00Z")
    taken = furnished.command("revoke-role", **body, occurred_at="2014-07-01T08:00:00Z")
    now = furnished.get("access/tutor-17")
    assert held(now) == [("analyst", None)]
    assert now["grants"][0]["revoked_by"] == "developer"
    at = furnished.get("access/tutor-17", as_of_position=taken["position"] - 1)
    assert held(at) == [("instructor", RUN), ("analyst", None)]
    assert at["grants"][0]["revoked_at"] is None
    early = furnished.get("access/tutor-17", as_of_position=given["position"] - 1)
    assert (early["grants"], early["permissions"]) == ([], [])
    then = furnished.get("access/tutor-17", as_of_occurred="2014-01-01T00:00:00Z")
    assert held(then) == [("instructor", RUN)]
    allowed = {one["permission"]: one for one in then["permissions"]}
    assert allowed["grade"] == {"permission": "grade", "own": False, "runs": [RUN], "tenant": False}
    assert "certify" not in allowed


def test_grants_are_listed_in_parts_by_role_and_run(furnished: World) -> None:
    for number in range(3):
        furnished.command("grant-role", holder=f"grader-{number}", role="grader", run=RUN)
    furnished.command("revoke-role", holder="grader-1", role="grader", run=RUN)
    found: list[str] = []
    cursor: str | None = None
    while not found or cursor:
        part = furnished.get("access", role="grader", run=RUN, limit=1, next=cursor)
        found += [one["holder"] for one in part["grants"]]
        cursor = part["next"]
    assert found == ["grader-0", "grader-2"]
    ended = furnished.get("access", role="grader", ended="true")["grants"]
    assert [one["holds"] for one in ended] == [True, False, True]


def test_everybody_sees_their_own_grants_and_nobody_elses(furnished: World) -> None:
    learner = furnished.asked_by(Principal("s1", "main", "app", frozenset({Role.LEARNER})))
    assert learner.get("access/s1")["grants"] == []
    problem = learner.refused("/v1/access/s2", 403)
    assert problem["type"] == "/problems/not-permitted"
    assert problem["permission"] == "read-grants"
    learner.refused("/v1/access", 403)


def test_what_is_granted_holds_at_once_and_ends_when_it_is_taken(furnished: World) -> None:
    """For whoever asks, by the log itself, whichever reading lags."""

    async def granted(now: datetime = STARTS) -> Granted:
        async with async_pool(furnished.registrar.store._lead._dsn, 1, autocommit=True) as pool:
            return await LoggedGrants(pool, REGISTRY, lambda: now).of("main", "newcomer")

    assert furnished.run(granted()) == Granted()
    furnished.command("grant-role", holder="newcomer", role="grader", run=RUN)
    furnished.command("grant-role", holder="newcomer", role="analyst", until="2100-01-01T00:00:00Z")
    runs = {Role.GRADER: frozenset({RUN})}
    assert furnished.run(granted()) == Granted(frozenset({Role.ANALYST}), runs)
    assert furnished.run(granted(datetime(2100, 1, 1, tzinfo=UTC))) == Granted(frozenset(), runs)
    furnished.command("revoke-role", holder="newcomer", role="grader", run=RUN)
    assert furnished.run(granted()) == Granted(frozenset({Role.ANALYST}))
