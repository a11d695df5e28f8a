"""For which purposes is learners' data used, and who agreed?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.access import Principal, Role
from domain.access.deciding import may
from domain.access.permissions import Permission
from domain.consent.rules import ANALYTICS
from domain.consent.state import PURPOSE
from domain.kernel import Envelope
from projections.learners import LEARNERS
from projections.learners import Consent as Known
from projections.learners import Purpose as Published
from read_api import asof
from read_api.answers import NOW, Answer, AsOf, Moment, earliest
from read_api.dependencies import ReadDependencies
from read_api.errors import NotFound
from read_api.ports.views import Snapshot
from read_api.queries.known import require_learner


class PurposeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A purpose, in the version in force."""

    purpose: str
    version: int
    basis: str
    title: str
    text: str
    retired: bool
    published_at: datetime


class Purposes(Answer, frozen=True, kw_only=True):
    """All purposes that were published, by name."""

    purposes: list[PurposeRow]


class ConsentRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a learner said of one purpose last. It ``stands`` while they agree to the version in
    force; ``in_force`` is that, null where the purpose asks for no consent any more."""

    purpose: str
    version: int
    given_at: datetime | None
    withdrawn_at: datetime | None
    in_force: int | None
    stands: bool


class Consents(Answer, frozen=True, kw_only=True):
    """What a learner agreed to, by purpose; to one that is absent they did not."""

    subject: str
    consents: list[ConsentRow]


async def purposes(deps: ReadDependencies, asking: Principal, *, min_position: int = 0) -> Purposes:
    """Return the purposes."""
    async with deps.snapshot(asking.tenant, "learners", min_position=min_position) as snapshot:
        rows = await snapshot.rows("select * from views.purposes order by purpose")
    shown = PurposeRow.__struct_fields__
    return Purposes(
        purposes=[PurposeRow(**{name: row[name] for name in shown}) for row in rows],
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked),
    )


async def consents(
    deps: ReadDependencies,
    asking: Principal,
    subject: str,
    *,
    moment: Moment = NOW,
    min_position: int = 0,
) -> Consents:
    """Return what a learner agreed to, now or as it was. Of purposes, the versions in force are
    those of that moment too. Raises NotFound where nothing at all is known of the learner."""
    if not moment.is_now:
        known = await asof.facts_of(deps, asking.tenant, subject, moment, min_position)
        if not known.facts:
            raise NotFound("learner", subject)
        said = asof.fold(LEARNERS, known.facts).documents["consent"].values()
        rows = [one for one in said if isinstance(one, Known)]
        published = await _published_then(deps, asking, [one.purpose for one in rows], known.as_of)
        as_of, incomplete = known.as_of, known.incomplete
    else:
        async with deps.snapshot(
            asking.tenant, "learners", "history", min_position=min_position, subject=subject
        ) as snapshot:
            found = await snapshot.rows(
                "select * from views.consents where subject = %(subject)s", subject=subject
            )
            if not found:
                await require_learner(snapshot, subject)
            published = await _published(snapshot)
        rows = [msgspec.convert(_own(row, Known), Known) for row in found]
        as_of = AsOf.of(snapshot)
        incomplete = earliest(snapshot.parked, learners=(subject,))
    return Consents(
        subject=subject,
        consents=[
            _row(one, published.get(one.purpose))
            for one in sorted(rows, key=lambda one: one.purpose)
        ],
        as_of=as_of,
        incomplete=incomplete,
    )


def purpose_of(asking: Principal, run: str | None, subject: str | None) -> str | None:
    """Return the purpose for which somebody gets to see facts of learners; None: for the work that
    the records are there for."""
    analyst = Role.ANALYST in asking.roles
    if not analyst or may(asking, Permission.READ_RECORD, run, subject):
        return None
    return ANALYTICS


async def agreed(
    deps: ReadDependencies, tenant: str, facts: Sequence[Envelope], purpose: str
) -> list[Envelope]:
    """Return the facts without those of learners who do not agree to a purpose, where that asks for
    consent; otherwise all."""
    subjects = {fact.subject for fact in facts if fact.subject is not None}
    async with deps.snapshot(tenant, "learners") as snapshot:
        asked = (await _published(snapshot)).get(purpose)
        if asked is None or not _asks(asked):
            return list(facts)
        standing = await _standing(snapshot, subjects, asked)
    return [fact for fact in facts if fact.subject is None or fact.subject in standing]


async def _standing(
    snapshot: Snapshot, subjects: Collection[str], purpose: Published
) -> frozenset[str]:
    rows = await snapshot.rows(
        """select subject from views.consents
           where purpose = %(purpose)s and version = %(version)s and withdrawn_at is null
             and given_at is not null and subject = any(%(subjects)s)""",
        purpose=purpose.purpose,
        version=purpose.version,
        subjects=list(subjects),
    )
    return frozenset(row["subject"] for row in rows)


async def _published(snapshot: Snapshot) -> dict[str, Published]:
    rows = await snapshot.rows("select * from views.purposes")
    return {row["purpose"]: msgspec.convert(_own(row, Published), Published) for row in rows}


async def _published_then(
    deps: ReadDependencies, asking: Principal, names: Sequence[str], as_of: AsOf
) -> dict[str, Published]:
    """Return these purposes as they were published by a moment."""
    streams = [PURPOSE.of(asking.tenant, name).name for name in names]
    facts = [
        fact
        for fact in (await deps.log.streams(asking.tenant, streams) if streams else ())
        if fact.position <= as_of.position
        and (as_of.occurred_at is None or fact.occurred_at <= as_of.occurred_at)
    ]
    found = asof.fold(LEARNERS, facts).documents["purpose"].values()
    return {one.purpose: one for one in found if isinstance(one, Published)}


def _asks(purpose: Published) -> bool:
    return purpose.basis == "consent" and not purpose.retired


def _row(known: Known, purpose: Published | None) -> ConsentRow:
    in_force = purpose.version if purpose is not None and _asks(purpose) else None
    given = known.given_at is not None and known.withdrawn_at is None
    return ConsentRow(
        purpose=known.purpose,
        version=known.version,
        given_at=known.given_at,
        withdrawn_at=known.withdrawn_at,
        in_force=in_force,
        stands=given and known.version == in_force,
    )


def _own(row: Mapping[str, Any], struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: row[name] for name in struct.__struct_fields__}
