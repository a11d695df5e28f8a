"""Where is …?"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from domain.access import Principal
from read_api import cursors
from read_api.answers import Page, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter

KINDS = ("course", "run", "item", "learner", "certificate")
QUERY_CHARACTERS_MAX = 200
RESULTS_RANKED_MAX = 10_000
"""How many matches are ranked and can be paged through; all are counted."""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One thing found. The words found stand between U+0002 and U+0003 in ``highlight``, which is
    plain text otherwise; ``exact``: its id is what was asked for."""

    kind: str
    id: str
    run: str | None
    course: str | None
    title: str
    highlight: str
    exact: bool


class Found(Page, frozen=True, kw_only=True):
    """What was found, best first; ``facets`` counts by kind, whatever kind was asked for."""

    q: str
    kind: str | None
    total: int
    facets: dict[str, int]
    hits: list[Hit]


# Whole words in either dictionary; of the last word its beginning is enough.
_FOUND = """
    with asked as (
      select websearch_to_tsquery('simple', %(q)s) || websearch_to_tsquery('english', %(q)s)
        || case when %(unfinished)s = '' then ''::tsquery
           else websearch_to_tsquery('simple', %(finished)s)
             && to_tsquery('simple', %(unfinished)s) end as query),
    found as (
      select s.*, asked.query, lower(s.id) = lower(%(q)s) as exact from views.search s, asked
      where s.tsv @@ asked.query or s.id = any(%(ids)s))"""

_FACETS = f"{_FOUND} select kind, count(*) as n from found group by kind"

_HITS = f"""{_FOUND},
    best as (
      select *, ts_rank_cd(tsv, query) as rank from found
      where %(kind)s::text is null or kind = %(kind)s
      order by exact desc, rank desc, array_position(%(kinds)s::text[], kind), id, entry
      limit %(limit)s offset %(offset)s)
    select kind, id, run, course, title, exact,
           ts_headline('english', title || case when body = '' then '' else ' · ' || body end,
                       query, %(marks)s) as highlight
    from best
    order by exact desc, rank desc, array_position(%(kinds)s::text[], kind), id, entry"""

_UNFINISHED = re.compile(r"(.*?)([^\W_][\w.~-]*)", re.DOTALL)
_MARKS = "StartSel=\x02, StopSel=\x03, MaxWords=30, MinWords=10"


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
    if kind is not None and kind not in KINDS:
        raise BadParameter("kind", f"must be one of {', '.join(KINDS)}")
    words = q.strip()
    if not words or len(words) > QUERY_CHARACTERS_MAX:
        raise BadParameter("q", f"must be 1 to {QUERY_CHARACTERS_MAX} characters")
    offset = 0 if after is None else cursors.decode(after, "rank", (int,))[0]
    if not 0 <= offset < RESULTS_RANKED_MAX:
        raise BadParameter("next", f"only the first {RESULTS_RANKED_MAX:,} results can be paged")
    values = _values(words)
    async with deps.snapshot("search", min_position=min_position) as snapshot:
        facets = {row["kind"]: row["n"] for row in await snapshot.rows(_FACETS, **values)}
        rows = await snapshot.rows(
            _HITS,
            **values,
            kind=kind,
            kinds=list(KINDS),
            limit=limit + 1,
            offset=offset,
            marks=_MARKS,
        )
    page, last = cursors.cut([Hit(**row) for row in rows], limit)
    return Found(
        q=q,
        kind=kind,
        total=sum(facets.values()) if kind is None else facets.get(kind, 0),
        facets={name: facets.get(name, 0) for name in KINDS},
        hits=page,
        next=cursors.encode("rank", (offset + limit,)) if last else None,
        as_of=await deps.as_of(snapshot.position),
        incomplete=earliest(snapshot.parked),
    )


def _values(words: str) -> dict[str, Any]:
    unfinished = _UNFINISHED.fullmatch(words)
    return {
        "q": words,
        "ids": [words, words.upper(), words.lower()],
        "finished": unfinished[1] if unfinished else "",
        "unfinished": f"'{unfinished[2]}':*" if unfinished else "",
    }
