"""Who is a learner, and which records are of the same person?"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from domain.access.deciding import may
from domain.access.permissions import Permission
from domain.learners.facts import SEALED
from projections.learners import LEARNERS
from projections.learners import Learner as Known
from projections.reading import columns
from read_api import asof, cursors
from read_api.answers import NOW, Answer, AsOf, Moment, Opened, Page, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.personal import CLOSED
from read_api.ports import Sealed, Snapshot

RECORDS_MAX = 200
"""Records of one person that are followed."""
LEARNERS_OPENED_MAX = 2_000
"""Learners whose personal fields are opened for one answer of a search."""
OPENED_AT_ONCE = 500
_SEALED = (*SEALED, "goals")
_COLUMNS = ", ".join(columns(Known))


class Profile(Answer, frozen=True, kw_only=True):
    """A learner as a person. Sealed fields are null where nothing was told, and closed to who has
    no right to them.

    ``registered_at`` is null where only enrolments are known under this pseudonym. ``merged_into``
    is the record that this one points to, and ``stands_for`` the one at the end of such pointers;
    ``merged`` are all that point here. ``enrolled_twice`` are runs in which more than one record of
    the person is active.
    """

    subject: str
    registered_at: datetime | None
    changed_at: datetime | None
    name: Opened | None
    email: Opened | None
    address: Opened | None
    student_number: Opened | None
    language: str | None
    time_zone: str | None
    notices: list[str]
    goals: Opened | None
    merged_into: str | None
    merged_at: datetime | None
    stands_for: str
    merged: list[str]
    enrolled_twice: list[str]


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


async def profile(
    deps: ReadDependencies,
    asking: Principal,
    subject: str,
    *,
    moment: Moment = NOW,
    min_position: int = 0,
) -> Profile:
    """Return a learner as a person, now or as they were. Raises NotFound where nothing at all is
    known under this pseudonym."""
    if not moment.is_now:
        past = await asof.learner(deps, asking, subject, moment, min_position)
        if not past.facts:
            raise NotFound("learner", subject)
        folded = asof.fold(LEARNERS, past.facts).documents["learner"].get((subject,))
        known = folded if isinstance(folded, Known) else Known(subject)
        return await _profile(
            deps, asking, known, known.merged_into or subject, [], past.as_of, past.incomplete
        )
    async with deps.snapshot(
        asking.tenant, "learners", "history", "progress", min_position=min_position, subject=subject
    ) as snapshot:
        found = await _rows(snapshot, [subject])
        known = found.get(subject, Known(subject))
        if subject not in found and not await snapshot.rows(
            "select from views.history where subject = %(subject)s limit 1", subject=subject
        ):
            raise NotFound("learner", subject)
        end = await _end(snapshot, known)
        twice = await _twice(snapshot, end)
    incomplete = earliest(snapshot.parked, learners=(subject,), history=(subject,))
    as_of = await deps.as_of(snapshot.position)
    return await _profile(deps, asking, known, end.subject, twice, as_of, incomplete)


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
        as_of=await deps.as_of(snapshot.position),
        incomplete=earliest(snapshot.parked),
    )


def folded(text: str) -> str:
    """Return a text without regard to case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))


def _may_open(asking: Principal, subject: str) -> bool:
    return may(asking, Permission.READ_PERSONAL, None, subject)


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
        if _may_open(asking, row["subject"]) and (found := _fields(row, shown))
    }
    opened = await deps.opener.open_many(asking.tenant, sealed) if sealed else {}
    return [
        Person(
            subject=row["subject"],
            registered_at=row["registered_at"],
            merged_into=row["merged_into"],
            **_told(row, shown, sealed, opened),
        )
        for row in rows
    ]


async def _profile(
    deps: ReadDependencies,
    asking: Principal,
    known: Known,
    stands_for: str,
    twice: list[str],
    as_of: AsOf,
    incomplete: Any,
) -> Profile:
    row = msgspec.structs.asdict(known)
    fields = _fields(row, _SEALED)
    sealed = {known.subject: fields} if fields and _may_open(asking, known.subject) else {}
    opened = await deps.opener.open_many(asking.tenant, sealed) if sealed else {}
    return Profile(
        subject=known.subject,
        registered_at=known.registered_at,
        changed_at=known.changed_at,
        language=known.language,
        time_zone=known.time_zone,
        notices=list(known.notices),
        merged_into=known.merged_into,
        merged_at=known.merged_at,
        stands_for=stands_for,
        merged=list(known.merged),
        enrolled_twice=twice,
        as_of=as_of,
        incomplete=incomplete,
        **_told(row, _SEALED, sealed, opened),
    )


def _fields(row: Mapping[str, Any], names: Sequence[str]) -> list[Sealed]:
    return [(row[f"{name}_fact"], name, row[name]) for name in names if row[name] is not None]


def _told(
    row: Mapping[str, Any],
    names: Sequence[str],
    sealed: Mapping[str, Sequence[Sealed]],
    opened: Mapping[str, Sequence[bytes | None]],
) -> dict[str, Opened | None]:
    subject = row["subject"]
    plain = {
        name: value
        for (_, name, _), value in zip(
            sealed.get(subject, ()), opened.get(subject, ()), strict=True
        )
        if value is not None
    }
    return {name: _shown(row[name], plain.get(name)) for name in names}


def _shown(sealed: str | None, plain: bytes | None) -> Opened | None:
    if sealed is None:
        return None
    return CLOSED if plain is None else Opened(msgspec.json.decode(plain), erased=False)


async def _rows(snapshot: Snapshot, subjects: Sequence[str]) -> dict[str, Known]:
    rows = await snapshot.rows(
        f"select {_COLUMNS} from views.learners where subject = any(%(subjects)s)",
        subjects=list(subjects),
    )
    return {row["subject"]: msgspec.convert(row, Known) for row in rows}


async def _end(snapshot: Snapshot, known: Known) -> Known:
    """Return the record that a record points to in the end, itself where it points to none."""
    for _ in range(RECORDS_MAX):
        if known.merged_into is None:
            break
        further = await _rows(snapshot, [known.merged_into])
        known = further.get(known.merged_into, Known(known.merged_into))
    return known


async def _twice(snapshot: Snapshot, end: Known) -> list[str]:
    """Return the runs in which more than one record of a person is active, in order."""
    rows = await snapshot.rows(
        """select run from views.enrolments
           where subject = any(%(subjects)s) and status = 'active'
           group by run having count(*) > 1 order by run""",
        subjects=[end.subject, *end.merged][:RECORDS_MAX],
    )
    return [row["run"] for row in rows]
