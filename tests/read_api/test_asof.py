"""Is the past told as it was?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from domain.kernel import Envelope
from projections.progress import PROGRESS
from read_api.asof import fold
from read_api.ports.views import Snapshot, Views
from tests.read_api.world import World, furnish

ONE = "enrolments/AAA-2013J/s1"
PATHS = (ONE, f"{ONE}/progress", f"{ONE}/grade", "learners/s1/enrolments", "learners/s1")


class Watching:
    """Sends commands to a world and keeps what it answers after each of them."""

    def __init__(self, one: World) -> None:
        self._one = one
        self.seen: dict[int, dict[str, Any]] = {}

    def command(self, name: str, /, **body: Any) -> None:
        """Send a command, then ask everything."""
        self._one.command(name, **body)
        query = f"min_position={self._one.position}"
        self.seen[self._one.position] = {
            path: self._one.ask(f"/v1/{path}?{query}").json() for path in PATHS
        }

    def certified(self, run: str, subject: str) -> None:
        """Wait for the policy."""
        self._one.certified(run, subject)


def test_what_was_answered_at_a_position_is_answered_as_of_it(empty: World) -> None:
    """An answer may be of a later position than was waited for: a policy may have acted since."""
    watching = Watching(empty)
    furnish(watching)  # type: ignore[arg-type]
    assert len(watching.seen) > 10
    for asked, answers in watching.seen.items():
        for path, answer in answers.items():
            position = answer["as_of"]["position"] if "as_of" in answer else asked
            past = empty.ask(f"/v1/{path}?as_of_position={position}").json()
            assert past == answer, (path, position)


class Behind:
    """Views of which one reading stands at an earlier position than what the others show."""

    def __init__(self, views: Views, position: int) -> None:
        self._views = views
        self._position = position

    @asynccontextmanager
    async def at(
        self, tenant: str, *readings: str, subject: str | None = None
    ) -> AsyncIterator[Snapshot]:
        async with self._views.at(tenant, *readings, subject=subject) as snapshot:
            snapshot.position = self._position  # type: ignore[misc]
            yield snapshot


def test_an_answer_from_readings_that_stand_apart_holds_nothing_later_than_it_says(
    furnished: World,
) -> None:
    for path in (ONE, "learners/s1"):
        furnished.get(path)  # waits until all that was sent is read
    for position in range(6, furnished.position + 1):
        behind = furnished.but(views=Behind(furnished.reads.views, position))
        for path in (ONE, f"{ONE}/progress", f"{ONE}/grade", "learners/s1"):
            told = behind.ask(f"/v1/{path}").json()
            assert told == furnished.ask(f"/v1/{path}?as_of_position={position}").json(), path


def test_a_recorded_time_is_the_last_position_by_then(furnished: World) -> None:
    facts = furnished.get("learners/s1/history")["facts"]
    chosen = facts[3]
    by_time = furnished.get(f"{ONE}/progress", as_of_recorded=chosen["recorded_at"])
    position = by_time["as_of"]["position"]
    assert position >= chosen["position"]
    assert by_time == furnished.get(f"{ONE}/progress", as_of_position=position)
    long_ago = furnished.ask(f"/v1/{ONE}?as_of_recorded=2001-01-01T00:00:00Z")
    assert long_ago.status_code == 404


def test_an_occurred_time_counts_what_had_occurred_by_then(furnished: World) -> None:
    by_then = furnished.get(f"{ONE}/progress", as_of_occurred="2013-10-18T12:00:00Z")
    assert by_then["submissions"] == 1
    assert by_then["graded"] == 0
    assert by_then["as_of"]["occurred_at"] == "2013-10-18T12:00:00Z"
    grade = furnished.get(f"{ONE}/grade", as_of_occurred="2013-10-19T00:00:00Z")
    assert (grade["current"]["percent"], grade["outcome"], grade["basis"]) == (39, None, None)
    told = furnished.get("learners/s1/history", as_of_occurred="2013-10-18T12:00:00Z")["facts"]
    assert {fact["type"] for fact in told} == {"LearnerEnrolled", "SubmissionReceived"}


def test_a_fact_that_a_fold_cannot_take_makes_the_past_incomplete(furnished: World) -> None:
    positions = [fact["position"] for fact in furnished.get("learners/s1/history")["facts"]]
    facts = list(furnished.run(furnished.reads.log.at("main", positions)))
    assert fold(PROGRESS, facts).broken_since is None
    broken = [_without_fact(fact) if fact.type == "ItemViewed" else fact for fact in facts]
    folded = fold(PROGRESS, broken)
    assert folded.broken_since == next(f.recorded_at for f in facts if f.type == "ItemViewed")
    assert ("AAA-2013J", "s1", "1752") in folded.documents["item_progress"]
    assert ("AAA-2013J", "s1", "546614") not in folded.documents["item_progress"]


def _without_fact(envelope: Envelope) -> Envelope:
    return msgspec.structs.replace(envelope, fact=None)
