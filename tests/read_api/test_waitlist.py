"""What is told of seats, and of those who wait for one?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from read_api.ports.log import Selection
from tests.read_api.world import COURSE, RUN, World
from tests.server import eventually

NOW = datetime.now(UTC).replace(microsecond=0)
OPEN = {
    **{name: value for name, value in RUN.items() if name != "occurred_at"},
    "starts": (NOW - timedelta(days=1)).isoformat(),
    "ends": (NOW + timedelta(days=200)).isoformat(),
    "capacity": 1,
}
IN = {"run": "AAA-2013J"}


def filled(world: World) -> World:
    """A run with one seat, one learner in it, and three who wait."""
    world.command("create-course", **COURSE)
    world.command("schedule-run", **OPEN)
    world.command("enrol-learner", **IN, subject="s1")
    for subject in ("s2", "s3", "s4"):
        world.command("join-waitlist", **IN, subject=subject, mode="verified")
    return world


def standings(world: World) -> list[tuple[Any, ...]]:
    told = world.get("runs/AAA-2013J/waitlist")
    return [(row["subject"], row["status"], row["place"]) for row in told["waitlist"]]


def test_the_waitlist_is_told_in_order_with_the_seats(empty: World) -> None:
    """Who is offered a seat has no place any more, and the others move up."""
    world = filled(empty)
    assert standings(world) == [("s2", "waiting", 1), ("s3", "waiting", 2), ("s4", "waiting", 3)]
    world.command("withdraw-learner", **IN, subject="s1")
    assert standings(world) == [("s2", "offered", None), ("s3", "waiting", 1), ("s4", "waiting", 2)]
    world.command("leave-waitlist", **IN, subject="s3")
    told = world.get("runs/AAA-2013J/waitlist", limit=1)
    assert (told["capacity"], told["taken"], told["offered"], told["waiting"]) == (1, 0, 1, 1)
    assert told["offer_hours"] == 48
    rest = world.get("runs/AAA-2013J/waitlist", limit=1, next=told["next"])
    assert [row["subject"] for row in rest["waitlist"]] == ["s4"]
    world.command("enrol-learner", **IN, subject="s2", mode="verified")
    assert standings(world) == [("s4", "waiting", 1)]
    world.refused("/v1/runs/none/waitlist", 404)


def test_a_learner_is_told_where_they_wait_now_and_earlier(empty: World) -> None:
    """And what came of it; the place is of now only."""
    world = filled(empty)
    then = world.position
    world.command("withdraw-learner", **IN, subject="s1")
    (now,) = world.get("learners/s2/waitlist")["waitlist"]
    assert (now["status"], now["mode"]) == ("offered", "verified")
    left = datetime.fromisoformat(now["expires"]) - datetime.fromisoformat(now["offered_at"])
    assert left == timedelta(hours=48)
    (before,) = world.get("learners/s2/waitlist", as_of_position=then)["waitlist"]
    assert (before["status"], before["place"]) == ("waiting", None)
    assert world.get("learners/s1/waitlist")["waitlist"] == []


def test_people_see_it(empty: World) -> None:
    """On the run's page and on the learner's."""
    world = filled(empty)
    world.command("withdraw-learner", **IN, subject="s1")
    world.get("runs/AAA-2013J/waitlist")
    page = world.ask("/console/runs/AAA-2013J").text
    assert "Seats and waitlist" in page
    assert page.index('learners/s2">s2</a></th><td><span class="badge warn">offered') < page.index(
        'learners/s3">s3</a></th><td>place 1'
    )
    assert "offered a seat</span> until" in world.ask("/console/learners/s2").text
    assert "place 2" in world.ask("/console/learners/s4").text


def test_an_offer_lapses_by_itself(empty: World) -> None:
    """The scheduler of the running server sends what falls due: the window closes in a second, the
    offer with it, and opened anew the next in the line has it."""
    world = filled(empty)
    dates = {name: OPEN[name] for name in ("starts", "ends")}
    closes = datetime.now(UTC) + timedelta(seconds=1.5)
    world.command("reschedule-run", **IN, **dates, closes=closes.isoformat())
    world.command("withdraw-learner", **IN, subject="s1")
    head = world.position

    def told(kind: str) -> list[str | None]:
        wanted = Selection(types=(kind,))
        found = world.run(world.reads.log.window("main", head, 1_000, 1_000, wanted))
        return [fact.subject for fact in found.facts]

    eventually(lambda: told("SeatOfferLapsed"), 20, "the offer has lapsed")
    assert told("SeatOfferLapsed") == ["s2"]
    assert told("SeatOffered") == []
    world.command("reschedule-run", **IN, **dates)
    eventually(lambda: told("SeatOffered"), 20, "the next offer")
    assert told("SeatOffered") == ["s3"]
