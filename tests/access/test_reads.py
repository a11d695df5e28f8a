"""Is it noted who reads which record, before it is answered, and who is told?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from domain.access import Principal, Role
from infra.access.reads import PENDING_READS_MAX, PostgresReads
from projections.ports import StoreUnavailable
from read_api.reads import NotedRead, Read, ReadsAsked
from tests.read_api.world import World

RUN = "AAA-2013J"
ONE = f"enrolments/{RUN}/s1"


def who(actor: str, role: Role, *runs: str) -> Principal:
    """Return somebody with a role in runs, or in the tenant."""
    if runs:
        return Principal(actor, "main", "app", frozenset(), {role: frozenset(runs)})
    return Principal(actor, "main", "app", frozenset({role}), strong=True)


AUDITOR = who("auditor-1", Role.AUDITOR)
TUTOR = who("tutor-1", Role.INSTRUCTOR, RUN)
SELF = who("s1", Role.LEARNER)


def told(one: World, path: str, **parameters: str) -> list[tuple[str, str | None, str]]:
    """Return actor, subject and address of what was noted, latest first, but for other tests'."""
    found = one.get(path, min_position=None, **parameters)["reads"]
    told = [(read["actor"], read["subject"], read["address"]) for read in found]
    return [one for one in told if one[0] in ("tutor-1", "registrar-1")]


def test_a_read_is_noted_and_told_to_auditors_and_whom_it_is_of(furnished: World) -> None:
    """What learners read of themselves is not noted."""
    tutor, auditor, own = (furnished.asked_by(one) for one in (TUTOR, AUDITOR, SELF))
    tutor.get(ONE)
    tutor.get(f"runs/{RUN}/gradebook")
    tutor.get("learners/s1/history", run=RUN)
    own.get(ONE)
    expected = [
        ("tutor-1", "s1", "/v1/learners/{subject}/history"),
        ("tutor-1", None, "/v1/runs/{run}/gradebook"),
        ("tutor-1", "s1", "/v1/enrolments/{run}/{subject}"),
    ]
    assert told(auditor, "access-log", actor="tutor-1") == expected
    assert told(own, "learners/s1/reads") == expected
    assert told(auditor, "learners/s2/reads") == [expected[1]]
    assert told(auditor, "access-log", subject="s1", to="2020-01-01T00:00:00Z") == []
    first = auditor.get("access-log", min_position=None, actor="tutor-1", limit=2)
    rest = told(auditor, "access-log", actor="tutor-1", next=first["next"])
    assert rest == expected[2:]
    for other in (TUTOR, who("s2", Role.LEARNER), who("x", Role.ADMINISTRATOR)):
        furnished.asked_by(other).refused("/v1/learners/s1/reads", 403)
    own.refused("/v1/access-log", 403)


def test_what_only_the_answer_shows_is_noted_as_well(furnished: World) -> None:
    reader = furnished.asked_by(who("registrar-1", Role.REGISTRAR))
    position = furnished.get("learners/s2/history")["facts"][0]["position"]
    reader.get(f"facts/{position}", min_position=None)
    auditor = furnished.asked_by(AUDITOR)
    noted = told(auditor, "access-log", actor="registrar-1")
    assert noted == [("registrar-1", "s2", "/v1/facts/{position}")]
    page = reader.ask(f"/console/facts/{position}")
    assert page.status_code == 200
    assert len(told(auditor, "access-log", actor="registrar-1")) == 2


def test_a_search_for_learners_is_noted_without_what_was_looked_for(furnished: World) -> None:
    """It opens the names of many: everybody whose name may be among them is told."""
    registrar = furnished.asked_by(who("registrar-2", Role.REGISTRAR))
    registrar.get("learners", q="Lovelace")
    auditor, own = furnished.asked_by(AUDITOR), furnished.asked_by(SELF)
    (noted,) = auditor.get("access-log", min_position=None, actor="registrar-2")["reads"]
    assert (noted["address"], noted["permission"]) == ("/v1/learners", "read-record")
    assert (noted["subject"], noted["run"]) == (None, None)
    assert "Lovelace" not in str(noted)
    assert noted in own.get("learners/s1/reads", min_position=None)["reads"]
    assert auditor.get("access-log", min_position=None, run=RUN, actor="registrar-2")["reads"] == []
    assert registrar.but(reads=Away()).ask("/v1/learners?q=Lovelace").status_code == 503


class Away:
    """A log of reads that cannot be written."""

    def __init__(self) -> None:
        self.asked: list[Read] = []

    def note(self, read: Read) -> asyncio.Future[None]:
        self.asked.append(read)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.set_exception(StoreUnavailable("away"))
        return future

    async def find(self, asked: ReadsAsked, limit: int) -> Sequence[NotedRead]:
        raise StoreUnavailable(f"{asked} {limit}")


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/{ONE}",
        f"/v1/runs/{RUN}/learners",
        f"/v1/runs/{RUN}/gradebook.csv",
        "/v1/events?subject=s1&run=" + RUN,
        f"/console/runs/{RUN}",
    ],
)
def test_what_cannot_be_noted_is_not_answered(furnished: World, path: str) -> None:
    away = Away()
    broken = furnished.asked_by(TUTOR).but(reads=away)
    answer = broken.ask(path)
    assert answer.status_code == 503, answer.text
    assert "s1" not in answer.text
    assert len(away.asked) == 1
    assert broken.ask(f"/v1/runs/{RUN}").status_code == 200


def test_the_table_is_only_added_to(furnished: World) -> None:
    furnished.asked_by(TUTOR).get(ONE)
    dsn = furnished.registrar.store._lead._dsn
    for statement in (
        "update access_log set actor = 'nobody'",
        "delete from access_log",
        "truncate access_log",
    ):
        with psycopg.connect(dsn) as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute(statement)


def test_many_are_kept_in_few_batches_and_not_without_bound(furnished: World) -> None:
    read = Read("main", "herd", "app", "read-record", "/v1/x", "s1", RUN, "r")
    reads = furnished.reads.reads
    assert isinstance(reads, PostgresReads)

    async def herd() -> int:
        noted = [reads.note(read) for _ in range(PENDING_READS_MAX + 5)]
        kept = await asyncio.gather(*noted, return_exceptions=True)
        return sum(isinstance(one, StoreUnavailable) for one in kept)

    assert furnished.run(herd()) == 5
    found = furnished.run(reads.find(ReadsAsked("main", actor="herd"), 100_000))
    assert len(found) == PENDING_READS_MAX
    assert furnished.run(reads.find(ReadsAsked("other", actor="herd"), 10)) == []
    assert furnished.run(reads.forget()) == 0
