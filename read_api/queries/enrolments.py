"""What is one learner's enrolment in one run?"""

from __future__ import annotations

from datetime import datetime

import msgspec

from domain.access import Principal
from read_api.answers import NOW, Answer, Moment, Opened
from read_api.dependencies import ReadDependencies
from read_api.personal import opened
from read_api.queries.standing import Row, read_stand


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """What was reported against the learner: ``finding`` is reported, upheld or dismissed, and
    ``consequences`` what followed from it. What was written about it is in the facts."""

    violation: str
    kind: str
    item: str | None = None
    attempt: str | None = None
    reported_at: datetime | None = None
    finding: str = "reported"
    decided_at: datetime | None = None
    consequences: list[str] = msgspec.field(default_factory=list)


class Integrity(msgspec.Struct, frozen=True, kw_only=True):
    """What counts for or against the learner beside grades. ``certificate_allowed``: on the allow
    list; ``certificate_barred``: none is issued, whatever else is so; ``honor_code`` is the version
    accepted last; an identity that ``expires`` holds until before then."""

    certificate_allowed: bool
    certificate_barred: bool
    honor_code: str | None
    identity_verified_at: datetime | None
    identity_expires: datetime | None
    violations: list[Violation]


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about an order's money. It is given back where it was asked for before
    ``until`` and there was no certificate; otherwise ``reasons`` says which of them it was."""

    order: str
    approved: bool
    ordered_at: datetime
    until: datetime
    decided_at: datetime
    reasons: list[str] = msgspec.field(default_factory=list)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Until when, and what became of the money: access ends at ``access_until`` (null: never), and
    did at ``access_expired_at``."""

    access_until: datetime | None
    access_expired_at: datetime | None
    refunds: list[Refund]


class Enrolment(Answer, frozen=True, kw_only=True):
    """One learner in one run, as the enrolment's own stream tells it.

    ``version`` is that of the stream. Watching and completing are on another stream: ask for
    progress. ``demographics`` is None where none were told.
    """

    run: str
    subject: str
    status: str
    mode: str | None
    enrolled_at: datetime | None
    day_known: bool
    withdrawn_at: datetime | None
    outcome: str | None
    outcome_at: datetime | None
    outcome_basis: str | None
    percent: int | None
    letter: str | None
    submissions: int
    graded: int
    late: int
    banked: int
    viewed: int
    certificate: str | None
    terms: Terms
    integrity: Integrity
    version: int
    demographics: Opened | None


_WORKED_OUT = {"as_of", "incomplete", "demographics", "integrity", "terms"}
_OWN = frozenset(Enrolment.__struct_fields__) - _WORKED_OUT


async def enrolment(
    deps: ReadDependencies,
    asking: Principal,
    run: str,
    subject: str,
    *,
    moment: Moment = NOW,
    min_position: int = 0,
) -> Enrolment:
    """Return an enrolment. Raises NotFound."""
    stand = await read_stand(deps, asking, run, subject, moment, min_position)
    row = stand.enrolment
    sealed, fact = row["demographics"], row["enrolled_fact"]
    return Enrolment(
        **{name: row[name] for name in _OWN},
        integrity=integrity_of(row),
        terms=terms_of(row),
        demographics=await opened(deps, asking, run, subject, fact, "demographics", sealed),
        as_of=stand.as_of,
        incomplete=stand.incomplete,
    )


def terms_of(row: Row) -> Terms:
    """Take them from an enrolment's row."""
    return Terms(
        access_until=row["access_until"],
        access_expired_at=row["access_expired_at"],
        refunds=msgspec.convert(row["refunds"], list[Refund], strict=False),
    )


def integrity_of(row: Row) -> Integrity:
    """Take it from an enrolment's row."""
    return Integrity(
        certificate_allowed=row["certificate_allowed"],
        certificate_barred=bool(row["certificate_bars"]),
        honor_code=row["honor_code"],
        identity_verified_at=row["identity_verified_at"],
        identity_expires=row["identity_expires"],
        violations=msgspec.convert(row["violations"], list[Violation], strict=False),
    )
