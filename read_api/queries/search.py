"""Where is …?"""

from __future__ import annotations

import msgspec

from domain.access import Principal
from domain.access.deciding import may
from domain.access.permissions import Permission
from read_api import asof, cursors
from read_api.answers import NOW, Moment, Page, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter
from read_api.ports.search import Match, Piece

PUBLISHED_KINDS = ("course", "run", "item")
"""What can be asked for as of an earlier moment."""
KINDS = ("course", "run", "item", "learner", "certificate")
QUERY_CHARACTERS_MAX = 200
RESULTS_RANKED_MAX = 10_000
"""How many matches are ranked and can be paged through; all are counted."""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One thing found. ``highlight`` is its title and an excerpt of what else is said of it, in
    pieces of plain text, of which some match; ``exact``: its id is what was asked for."""

    kind: str
    id: str
    run: str | None
    course: str | None
    title: str
    highlight: list[Piece]
    exact: bool


class Found(Page, frozen=True, kw_only=True):
    """What was found, best first; ``facets`` counts by kind, whatever kind was asked for."""

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
    moment: Moment = NOW,
    min_position: int = 0,
) -> Found:
    """Return what the words are found in; the last word may be unfinished. Raises BadParameter.

    As of an earlier moment it is what was published by then: courses, runs and items; and so it is
    now for whoever may not read everybody's record.
    """
    if kind is not None and kind not in KINDS:
        raise BadParameter("kind", f"must be one of {', '.join(KINDS)}")
    words = q.strip()
    if not words or len(words) > QUERY_CHARACTERS_MAX:
        raise BadParameter("q", f"must be 1 to {QUERY_CHARACTERS_MAX} characters")
    offset = 0 if after is None else cursors.decode(after, "rank", (int,))[0]
    if not 0 <= offset < RESULTS_RANKED_MAX:
        raise BadParameter("next", f"only the first {RESULTS_RANKED_MAX:,} results can be paged")
    if moment.is_now and may(asking, Permission.READ_RECORD):
        await deps.reached("search", position=min_position)
        found, occurred = (
            await deps.search.search(asking.tenant, words, kind, limit + 1, offset),
            None,
        )
    else:
        if kind not in (None, *PUBLISHED_KINDS):
            raise BadParameter(
                "kind",
                f"must be one of {', '.join(PUBLISHED_KINDS)} as of a moment, or where "
                "you may not read everybody's record",
            )
        position, occurred = await asof.resolve(deps, moment)
        await deps.reached("catalogue", position=max(min_position, position or 0))
        found = await deps.past.search(
            asking.tenant, words, kind, limit + 1, offset, position, occurred
        )
    facets = {name: found.facets.get(name, 0) for name in KINDS}
    page, last = cursors.cut([_hit(match, words) for match in found.hits], limit)
    return Found(
        q=q,
        kind=kind,
        total=sum(facets.values()) if kind is None else facets[kind],
        facets=facets,
        hits=page,
        next=cursors.encode("rank", (offset + limit,)) if last else None,
        as_of=await deps.as_of(found.position, occurred),
        incomplete=earliest(found.parked),
    )


def _hit(match: Match, words: str) -> Hit:
    return Hit(
        kind=match.kind,
        id=match.id,
        run=match.run,
        course=match.course,
        title=match.title,
        highlight=list(match.highlight),
        exact=match.id.lower() == words.lower(),
    )
