"""How does PostgreSQL find what is searched for? Full text, in the view of the search reading; and
what was published by an earlier moment, in that of the catalogue."""
# ruff: noqa: S608  # statements are made of constants

from __future__ import annotations

from datetime import datetime
from typing import LiteralString

from infra.search.marks import match, sought
from infra.search.words import asked
from read_api.ports.search import Matches
from read_api.ports.views import Snapshot, Views

# Whole words in either dictionary; of the last word its beginning is enough.
_ASKED = """
    with asked as (
      select plainto_tsquery('simple', %(words)s) || plainto_tsquery('english', %(words)s)
        || case when %(last)s = '' then ''::tsquery
           else to_tsquery('simple', '''' || %(last)s || ''':*') && (
             plainto_tsquery('simple', %(finished)s) || plainto_tsquery('english', %(finished)s))
           end as query)"""

_FOUND = f"""{_ASKED},
    found as (
      select s.*, asked.query, lower(s.id) = lower(%(id)s) as exact from views.search s, asked
      where s.tsv @@ asked.query or lower(s.id) = lower(%(id)s))"""

# What has the words is looked at first, and counts where it is the latest of its entry by then.
_PUBLISHED = f"""{_ASKED},
    by_then as (
      select p.*, asked.query, lower(p.id) = lower(%(id)s) as exact from views.published p, asked
      where (p.tsv @@ asked.query or lower(p.id) = lower(%(id)s)) and not p.retired
        and p.position <= %(position)s
        and (%(occurred)s::timestamptz is null or p.occurred_at <= %(occurred)s)),
    found as (
      select b.* from by_then b
      where not exists (
        select from views.published later
        where later.entry = b.entry and later.position > b.position
          and later.position <= %(position)s
          and (%(occurred)s::timestamptz is null or later.occurred_at <= %(occurred)s)))"""

_COUNTED = " select kind, count(*) as n from found group by kind"
_BEST = """,
    best as (
      select *, ts_rank_cd(tsv, query) as rank from found
      where %(kind)s::text is null or kind = %(kind)s
      order by exact desc, rank desc, entry
      limit %(limit)s offset %(offset)s)
    select kind, id, run, course, title, body
    from best
    order by exact desc, rank desc, entry"""


class PostgresSearch:
    """Implements ``read_api.ports.search.SearchIndex``."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def search(
        self, tenant: str, words: str, kind: str | None, limit: int, offset: int
    ) -> Matches:
        """Return what the words are found in, best first."""
        async with self._views.at(tenant, "search") as snapshot:
            return await _found(snapshot, _FOUND, words, kind, limit, offset)


class PostgresPast:
    """Implements ``read_api.ports.search.PastIndex``."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def search(
        self,
        tenant: str,
        words: str,
        kind: str | None,
        limit: int,
        offset: int,
        position: int | None,
        occurred: datetime | None,
    ) -> Matches:
        """Return what the words were found in by a moment, best first."""
        async with self._views.at(tenant, "catalogue") as snapshot:
            through = snapshot.position if position is None else position
            return await _found(snapshot, _PUBLISHED, words, kind, limit, offset, through, occurred)


async def _found(
    snapshot: Snapshot,
    sql: LiteralString,
    words: str,
    kind: str | None,
    limit: int,
    offset: int,
    position: int | None = None,
    occurred: datetime | None = None,
) -> Matches:
    what = asked(words)
    values = {
        "id": words,
        "words": what.words,
        "finished": what.finished,
        "last": what.last,
        "position": position,
        "occurred": occurred,
    }
    facets = await snapshot.rows(sql + _COUNTED, **values)
    rows = await snapshot.rows(sql + _BEST, **values, kind=kind, limit=limit, offset=offset)
    wanted = sought(what)
    return Matches(
        snapshot.position if position is None else position,
        snapshot.parked,
        {row["kind"]: row["n"] for row in facets},
        [match(row, wanted) for row in rows],
    )
