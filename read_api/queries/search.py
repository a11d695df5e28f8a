"""Where is …?"""

from __future__ import annotations

import msgspec

from domain.access import Principal
from read_api import cursors
from read_api.answers import Page
from read_api.dependencies import ReadDependencies

KINDS = ("course", "run", "item", "learner", "certificate")
QUERY_CHARACTERS_MAX = 200


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One thing found. In ``title`` and ``highlight`` nothing is marked up but for the words found,
    which stand between U+0002 and U+0003 in ``highlight``; ``exact``: its id is what was asked."""

    kind: str
    id: str
    run: str | None
    course: str | None
    title: str
    highlight: str
    exact: bool


class Found(Page, frozen=True, kw_only=True):
    """What was found, best first; ``facets`` counts by kind whatever kind was asked for."""

    q: str
    kind: str | None
    total: int
    facets: dict[str, int]
    hits: list[Hit]


async def search(
    deps: ReadDependencies,
    asking: Principal,
    q: str,
    *,
    kind: str | None = None,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    min_position: int = 0,
) -> Found:
    """Return what the words are found in; the last word may be unfinished. Raises BadParameter."""
    raise NotImplementedError
