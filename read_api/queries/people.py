"""Who are the registered learners?"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from projections.learners import Learner
from projections.reading import columns
from read_api import cursors
from read_api.answers import AsOf, Opened, Page, earliest
from read_api.dependencies import ReadDependencies
from read_api.queries.sealed_fields import fields_of, may_open, told

LEARNERS_OPENED_MAX = 2_000
"""Learners whose personal fields are opened for one answer of a search."""
OPENED_AT_ONCE = 500
_COLUMNS = ", ".join(columns(Learner))


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A registered learner in a list."""

    subject: str
    registered_at: datetime | None
    name: Opened | None
    email: Opened | None
    student_number: Opened | None
    merged_into: str | None


class People(Page, frozen=True, kw_only=True):
    """Registered learners, by pseudonym. ``searched`` is how many were looked at for this part:
    where ``next`` is there, there may be more, also when none is in this part."""

    learners: list[Person]
    searched: int


async def people(
    deps: ReadDependencies,
    asking: Principal,
    *,
    words: str | None = None,
    limit: int = cursors.LIMIT_ROWS_DEFAULT,
    after: str | None = None,
    min_position: int = 0,
) -> People:
    """Return registered learners; with ``words``, those in whose name, e-mail address, student
    number or pseudonym all of them are. Raises BadParameter.

    Nothing that can be searched is kept in the clear: the fields are opened, up to
    LEARNERS_OPENED_MAX learners for one answer.
    """
    beyond = cursors.decode(after, "subject", (str,))[0] if after is not None else ""
    wanted = folded(words or "").split()
    found: list[Person] = []
    searched, more = 0, True
    async with deps.snapshot(asking.tenant, "learners", min_position=min_position) as snapshot:
        while more and len(found) < limit and searched < LEARNERS_OPENED_MAX:
            rows = await snapshot.rows(
                f"""select {_COLUMNS} from views.learners
                    where registered_at is not null and subject > %(beyond)s
                    order by subject limit %(limit)s""",
                beyond=beyond,
                limit=OPENED_AT_ONCE,
            )
            more = len(rows) == OPENED_AT_ONCE
            for person in await _people(deps, asking, rows):
                searched, beyond = searched + 1, person.subject
                if _fits(person, wanted):
                    found.append(person)
                if len(found) == limit:
                    more = True
                    break
    return People(
        learners=found,
        searched=searched,
        next=cursors.encode("subject", (beyond,)) if more else None,
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked),
    )


def folded(text: str) -> str:
    """Return a text without regard to case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))


def _fits(person: Person, words: Sequence[str]) -> bool:
    if not words:
        return True
    fields = (person.name, person.email, person.student_number)
    said = [str(one.value) for one in fields if one is not None and one.value is not None]
    told = folded(" ".join((person.subject, *said)))
    return all(word in told for word in words)


async def _people(
    deps: ReadDependencies, asking: Principal, rows: Sequence[Mapping[str, Any]]
) -> list[Person]:
    shown = ("name", "email", "student_number")
    sealed = {
        row["subject"]: found
        for row in rows
        if may_open(asking, row["subject"]) and (found := fields_of(row, shown))
    }
    opened = await deps.opener.open_many(asking.tenant, sealed) if sealed else {}
    return [
        Person(
            subject=row["subject"],
            registered_at=row["registered_at"],
            merged_into=row["merged_into"],
            **told(row, shown, sealed, opened),
        )
        for row in rows
    ]
