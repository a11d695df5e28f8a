"""Whose personal fields would go, by the rules of retention, and until when are they kept?"""

from __future__ import annotations

from datetime import datetime

import msgspec

from domain.access import Principal
from projections.retention import IN_FORCE, SUBJECTS, SUBJECTS_A_PAGE, TRACES, kept, rules_of
from read_api import cursors
from read_api.answers import Answer, AsOf, Page, earliest
from read_api.dependencies import ReadDependencies


class RetentionRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, as it was published last; ``months`` null: for ever."""

    rule: str
    number: int
    retired: bool
    after: str
    months: int | None
    types: list[str]
    published_at: datetime


class RetentionRules(Answer, frozen=True, kw_only=True):
    """All rules, by name."""

    rules: list[RetentionRule]


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A learner whose time has come: the rule that kept them longest, and until when. One who is
    ``held`` stays while a legal hold stands; ``asked``: their erasure was asked for already."""

    subject: str
    rule: str
    until: datetime
    held: bool
    asked: bool


class RetentionPreview(Page, frozen=True, kw_only=True):
    """The learners whose personal fields would go by a moment, by pseudonym. ``looked_at`` is how
    many learners this part looked at: where ``next`` is there, there may be more."""

    by: datetime
    looked_at: int
    learners: list[Ended]


async def rules(
    deps: ReadDependencies, asking: Principal, *, min_position: int = 0
) -> RetentionRules:
    """Return the rules."""
    async with deps.snapshot(asking.tenant, "retention", min_position=min_position) as snapshot:
        rows = await snapshot.rows(
            "select * from views.retention_rules where tenant = %(tenant)s order by rule",
            tenant=asking.tenant,
        )
    shown = RetentionRule.__struct_fields__
    return RetentionRules(
        rules=[RetentionRule(**{name: row[name] for name in shown}) for row in rows],
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked),
    )


async def preview(
    deps: ReadDependencies,
    asking: Principal,
    *,
    by: datetime | None = None,
    after: str | None = None,
    min_position: int = 0,
) -> RetentionPreview:
    """Return a part of those whose time has come by a moment, now by default. Nothing is done."""
    by = by or deps.clock()
    beyond = cursors.decode(after, "subject", (str,))[0] if after is not None else ""
    async with deps.snapshot(
        asking.tenant,
        "retention",
        "history",
        "progress",
        "catalogue",
        "learners",
        min_position=min_position,
    ) as snapshot:
        of = {"tenant": asking.tenant}
        in_force = rules_of(await snapshot.rows(IN_FORCE, **of))
        found = await snapshot.rows(SUBJECTS, **of, after=beyond, limit=SUBJECTS_A_PAGE)
        subjects = [row["subject"] for row in found]
        traces = await snapshot.rows(TRACES, **of, subjects=subjects) if in_force else []
    more = len(subjects) == SUBJECTS_A_PAGE
    return RetentionPreview(
        by=by,
        looked_at=len(subjects),
        learners=[
            Ended(
                subject=one.subject, rule=one.rule, until=one.until, held=one.held, asked=one.asked
            )
            for one in kept(in_force, traces)
            if one.until is not None and one.until <= by
        ],
        next=cursors.encode("subject", (subjects[-1],)) if more else None,
        as_of=AsOf.of(snapshot),
        incomplete=earliest(snapshot.parked),
    )
