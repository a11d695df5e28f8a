"""A registrar with two tenants, in which everything has the same ids on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from domain.access import DEVELOPMENT
from tests.databases import Databases
from tests.read_api.world import CONTENT, COURSE, RUN, World, furnish, world

SECRET = "Zanzibar"  # noqa: S105  # a word to look for
"""A word that stands in what the first tenant says, and nowhere else."""
THEIRS = replace(DEVELOPMENT, tenant="other", actor="other-developer")


class Two(NamedTuple):
    """The registrar as each tenant has it, and its database."""

    ours: World
    theirs: World
    dsn: str


@pytest.fixture(scope="module")
def two(databases_18: Databases) -> Iterator[Two]:
    """The first tenant is furnished; the second has a course, a run and a learner of those ids."""
    with databases_18.fresh() as dsn, world(dsn) as ours:
        furnish(ours)
        items = [{"item": "secret-1", "kind": "page", "title": f"{SECRET} page"}]
        ours.command(
            "publish-content",
            **{**CONTENT, "items": [*CONTENT["items"], *items]},  # type: ignore[misc]
        )
        ours.command("create-course", course="ZZZ", title=f"{SECRET} studies")
        ours.command("enrol-learner", run="AAA-2013J", subject=f"{SECRET}-learner", mode="audit")
        theirs = ours.asked_by(THEIRS)
        theirs.command("create-course", **COURSE)
        theirs.command("schedule-run", **RUN)
        theirs.command("enrol-learner", run="AAA-2013J", subject="s1", mode="audit")
        ours.position = theirs.position
        yield Two(ours, theirs, dsn)
