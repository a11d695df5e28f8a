"""Are the terms on which a learner is in a run told, and does access end by itself?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.read_api.world import COURSE, RUN, World
from tests.server import eventually

SOON = timedelta(seconds=8)
"""Long enough for what a test does before it."""
ONE = "enrolments/AAA-2013J/s1"
IN = {"run": "AAA-2013J", "subject": "s1"}


def begun(world: World, ago: timedelta) -> datetime:
    """A run of four weeks, and a learner who came so long ago. Return what time it is."""
    now = datetime.now(UTC).replace(microsecond=0)
    began = now - ago
    dates = {
        "starts": (began - timedelta(days=1)).isoformat(),
        "ends": (now + timedelta(days=200)).isoformat(),
        "weeks_to_complete": 4,
        "occurred_at": (began - timedelta(days=2)).isoformat(),
    }
    world.command("create-course", **COURSE)
    world.command("schedule-run", **(RUN | dates))
    world.command("enrol-learner", **IN, occurred_at=began.isoformat())
    return now


def test_access_ends_by_itself_and_is_told(empty: World) -> None:
    """The scheduler sees to it [Open edX]; in another mode it is open again. As of earlier, it was
    so."""
    now = begun(empty, timedelta(weeks=4) - SOON)
    before = empty.position
    terms = empty.get(ONE)["terms"]
    assert (terms["access_expired_at"], terms["refunds"]) == (None, [])
    assert datetime.fromisoformat(terms["access_until"]) == now + SOON
    expired = eventually(
        lambda: empty.get(ONE, min_position=None)["terms"]["access_expired_at"], 20, "expired"
    )
    assert datetime.fromisoformat(expired) >= now + SOON
    assert '"badge warn">expired' in empty.ask("/console/learners/s1").text
    refused = empty.run(empty.post("view-item", IN | {"item": "546614"}))
    assert refused.json()["rule"] == "access-expired"
    empty.command("change-mode", **IN, mode="verified")
    found = empty.get(ONE)
    assert (found["mode"], found["terms"]["access_until"]) == ("verified", None)
    then = empty.get(ONE, as_of_position=before)
    assert (then["mode"], then["terms"]["access_expired_at"]) == ("audit", None)


def test_refunds_are_told(empty: World) -> None:
    """Each order once, with why not."""
    now = begun(empty, timedelta(days=3))
    empty.command("decide-refund", **IN, order="o1", ordered_at=now.isoformat())
    long_ago = (now - timedelta(days=30)).isoformat()
    empty.command("decide-refund", **IN, order="o2", ordered_at=long_ago)
    first, second = empty.get(ONE)["terms"]["refunds"]
    assert (first["order"], first["approved"], first["reasons"]) == ("o1", True, [])
    assert (second["order"], second["approved"]) == ("o2", True)
    page = empty.ask("/console/learners/s1").text
    assert "Order o1" in page
    assert "refunded</span>" in page
