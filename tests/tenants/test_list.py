"""Which tenants are there, and who is told?"""

from __future__ import annotations

from msgspec.structs import replace

from domain.access import DEVELOPMENT
from tests.tenants.conftest import THEIRS, Two
from tests.tenants.test_exports import positions


def test_tenants_are_told_with_their_numbers(two: Two) -> None:
    """Those that were opened, and those of whom there are facts, in parts."""
    two.ours.command("open-tenant", tenant="a-b", title="Empty")
    two.ours.command("open-tenant", tenant="a", title="Empty too")
    two.ours.command("open-tenant", tenant="other", title="The other")
    found, following = [], None
    while True:
        page = two.ours.get("tenants", limit=2, next=following)
        found += page["tenants"]
        following = page["next"]
        if following is None:
            break
    assert [(one["tenant"], one["status"], one["title"]) for one in found] == [
        ("a-b", "open", "Empty"),
        ("a", "open", "Empty too"),
        ("main", "not opened", None),
        ("other", "open", "The other"),
    ]
    numbers = {one["tenant"]: (one["facts"], one["learners"]) for one in found}
    assert numbers["a"] == (0, 0)
    assert numbers["main"] == (len(positions(two.dsn, "main")), 3)
    assert numbers["other"] == (len(positions(two.dsn, "other")), 1)


def test_only_the_installations_own_tenant_is_told(two: Two) -> None:
    """Not the administrator of another, and not a program of another with the scope for it."""
    program = replace(
        THEIRS, roles=frozenset(), scopes=frozenset({"tenants"}), service=True, actor="service~x"
    )
    for asking in (THEIRS, program):
        one = two.ours.asked_by(asking)
        one.refused("/v1/tenants", 403)
        answer = one.run(one.post("open-tenant", {"tenant": "mine", "title": "Mine"}))
        assert answer.status_code == 403
    own = two.ours.asked_by(replace(program, tenant=DEVELOPMENT.tenant))
    assert own.get("tenants")["tenants"]


def test_opening_takes_a_second_factor(two: Two) -> None:
    """The list does not."""
    weak = two.ours.asked_by(replace(DEVELOPMENT, strong=False))
    answer = weak.run(weak.post("open-tenant", {"tenant": "weak", "title": "Weak"}))
    assert answer.status_code == 401
    assert weak.get("tenants")["tenants"]
