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
        problem = without.refused("/v1/learners/s1/evidence", 503)
        assert problem["type"] == "/problems/store-unavailable"


def _without_keys(one: World) -> World:
    keys = MemoryKeys()
    keys.away = True
    return one.but(opener=KeyOpener(keys))
