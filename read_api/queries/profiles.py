"""Who is a learner, and which records are of the same person?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal
from domain.learners.facts import SEALED
from projections.learners import LEARNERS
from projections.learners import Learner as Known
from projections.reading import columns
from read_api import asof
from read_api.answers import NOW, Answer, AsOf, Moment, Opened, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.personal import UNREADABLE
from read_api.ports.keys import KeysAway
from read_api.ports.views import Snapshot
from read_api.queries.known import require_learner
from read_api.queries.sealed_fields import fields_of, may_open, told

RECORDS_MAX = 200
"""Records of one person that are followed."""
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
        if subject not in found:
            await require_learner(snapshot, subject)
        end = await _end(snapshot, known)
        twice = await _twice(snapshot, end)
    incomplete = earliest(snapshot.parked, learners=(subject,), history=(subject,))
    as_of = AsOf.of(snapshot)
    return await _profile(deps, asking, known, end.subject, twice, as_of, incomplete)


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
    fields = fields_of(row, _SEALED)
    sealed = {known.subject: fields} if fields and may_open(asking, known.subject) else {}
    try:
        opened = await deps.opener.open_many(asking.tenant, sealed) if sealed else {}
        personal = told(row, _SEALED, sealed, opened)
    except KeysAway:
        personal = {name: UNREADABLE if row[name] is not None else None for name in _SEALED}
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
        **personal,
    )


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
