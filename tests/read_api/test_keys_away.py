"""What do queries say of personal fields while the keys cannot be reached?"""

from __future__ import annotations

from infra.keys.memory import MemoryKeys
from infra.keys.opener import KeyOpener
from tests.read_api.world import World, furnish, world


def test_all_but_what_is_personal_is_answered(dsn: str) -> None:
    """It is said to be unreadable, not erased; a bundle, which would lack it for ever, waits."""
    with world(dsn) as one:
        furnish(one)
        known = one.get("enrolments/AAA-2013J/s1")
        assert known["demographics"]["value"] == {"gender": "F", "region": "Wales"}
        without = _without_keys(one)
        told = without.get("enrolments/AAA-2013J/s1")
        assert told["demographics"] == {"value": None, "erased": False, "unreadable": True}
        assert told | {"demographics": None} == known | {"demographics": None}
        (enrolled, *_) = without.get("learners/s1/history")["facts"]
        assert enrolled["type"] == "LearnerEnrolled"
        one.command("register-learner", subject="s1", name="Ada Lovelace")
        without.get("learners/s1", min_position=one.position)
        profile = without.get("learners/s1/profile", min_position=one.position)
        assert profile["name"] == {"value": None, "erased": False, "unreadable": True}
        assert (profile["email"], profile["registered_at"] is None) == (None, False)
        page = without.ask("/console/learners/s1")
        assert page.status_code == 200
        assert "cannot be opened now" in page.text
        assert without.refused("/v1/learners?q=Ada", 503)["type"] == "/problems/store-unavailable"
        problem = without.refused("/v1/learners/s1/evidence", 503)
        assert problem["type"] == "/problems/store-unavailable"


def _without_keys(one: World) -> World:
    keys = MemoryKeys()
    keys.away = True
    return one.but(opener=KeyOpener(keys))
