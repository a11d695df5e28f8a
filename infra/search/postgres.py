"""How does PostgreSQL find what is searched for? Full text, in the view of the search reading."""
# ruff: noqa: S608  # statements are made of constants

from __future__ import annotations

from infra.search.marks import match, sought
from infra.search.words import asked
from read_api.ports import Matches, Views

# Whole words in either dictionary; of the last word its beginning is enough.
_FOUND = """
    with asked as (
      select plainto_tsquery('simple', %(words)s) || plainto_tsquery('english', %(words)s)
        || case when %(last)s = '' then ''::tsquery
           else to_tsquery('simple', '''' || %(last)s || ''':*') && (
             plainto_tsquery('simple', %(finished)s) || plainto_tsquery('english', %(finished)s))
           end as query),
    found as (
      select s.*, asked.query, lower(s.id) = lower(%(id)s) as exact from views.search s, asked
      where s.tsv @@ asked.query or lower(s.id) = lower(%(id)s))"""

_FACETS = f"{_FOUND} select kind, count(*) as n from found group by kind"

_HITS = f"""{_FOUND},
    best as (
      select *, ts_rank_cd(tsv, query) as rank from found
      where %(kind)s::text is null or kind = %(kind)s
      order by exact desc, rank desc, entry
      limit %(limit)s offset %(offset)s)
    select kind, id, run, course, title, body
    from best
    order by exact desc, rank desc, entry"""


class PostgresSearch:
    """Implements ``read_api.ports.SearchIndex``."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def search(self, words: str, kind: str | None, limit: int, offset: int) -> Matches:
        """Return what the words are found in, best first."""
        what = asked(words)
        values = {"id": words, "words": what.words, "finished": what.finished, "last": what.last}
        async with self._views.at("search") as snapshot:
            facets = await snapshot.rows(_FACETS, **values)
            rows = await snapshot.rows(
                _HITS,
                **values,
                kind=kind,
                limit=limit,
                offset=offset,
            )
        wanted = sought(what)
        return Matches(
            snapshot.position,
            snapshot.parked,
            {row["kind"]: row["n"] for row in facets},
            [match(row, wanted) for row in rows],
        )
