"""What is answered about a run, a learner or a tenant that there is not?"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.databases import Databases
from tests.read_api.world import World, furnish, world

KNOWN = {"run": "AAA-2013J", "subject": "s1", "item": "1752", "number": "1", "before": "1"}
NAMED = ("run", "subject", "course", "tenant")
OF_ANYBODY = {
    "/v1/access/{actor}": "somebody may have a role, and no record",
    "/v1/learners/{subject}/reads": "a read of a name that nobody has is noted, too",
}


@pytest.fixture(scope="module")
def furnished(databases_18: Databases) -> Iterator[World]:
    with databases_18.fresh() as dsn, world(dsn) as one:
        furnish(one)
        one.get("learners/s1/history")
        yield one


def test_what_is_named_in_an_address_is_there_or_not_found(furnished: World) -> None:
    """Never an empty list, which would say that there is none of it yet."""
    paths = furnished.ask("/openapi.json").json()["paths"]
    asked, wrong = 0, []
    for path in (one for one, methods in paths.items() if "get" in methods):
        names = re.findall(r"\{(\w+)\}", path)
        for unknown in set(names) & set(NAMED):
            values = {**KNOWN, unknown: "nobody"}
            address = re.sub(r"\{(\w+)\}", lambda found, v=values: v.get(found[1], "x"), path)
            if path.endswith("/diff"):
                address += "?from=1&to=2"
            if path.endswith("/derivation"):
                address += "?value=grade"
            status = furnished.ask(address).status_code
            asked += 1
            if status != (200 if path in OF_ANYBODY else 404):
                wrong.append(f"{address}: {status}")
    assert wrong == []
    assert asked > 30


def test_a_run_without_peer_tasks_has_no_pools_and_who_owes_nothing_owes_nothing(
    furnished: World,
) -> None:
    """The control: where there is such a run, learner or enrolment, there are none of them."""
    assert furnished.get("runs/AAA-2013J/peer-pools")["pools"] == []
    assert furnished.get("enrolments/AAA-2013J/s1/peer-reviews")["duties"] == []
    assert furnished.get("learners/s1/waitlist")["waitlist"] == []
    assert furnished.get("learners/s1/consents")["consents"] == []
    position = furnished.position
    for path in ("enrolments/AAA-2013J/s1/peer-reviews", "learners/s1/waitlist"):
        assert furnished.get(path, as_of_position=position)["as_of"]["position"] == position
        furnished.refused(f"/v1/{path}", 404, as_of_position=1)
