"""Which rules say how long learners' personal fields are kept, and whose time has come?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from domain.kernel import Envelope
from domain.retention.ending import Trace, ending
from domain.retention.facts import RetentionRulePublished, Rule
from projections.reading import Documents, Key, Reading, View, columns, names

SUBJECTS_A_PAGE = 200


class Standing(Struct, frozen=True, gc=False):
    """A rule as it was published last; where it is ``retired`` it no longer applies. ``fact`` is
    what published it."""

    rule: str
    number: int
    retired: bool
    after: str
    months: int | None
    types: tuple[str, ...]
    published_at: datetime
    fact: str
    correlation: str
    position: int


def fold(_document: Standing | None, envelope: Envelope, _key: Key) -> Standing:
    """Take what was published last."""
    fact: RetentionRulePublished = envelope.fact  # type: ignore[assignment]
    terms = fact.terms or Rule("last-activity", None)
    return Standing(
        rule=fact.rule,
        number=fact.number,
        retired=fact.terms is None,
        after=terms.after,
        months=terms.months,
        types=terms.types,
        published_at=envelope.recorded_at,  # nobody may state when they changed a rule
        fact=envelope.id,
        correlation=envelope.correlation_id,
        position=envelope.position,
    )


def keys(envelope: Envelope) -> Iterable[Key]:
    """The rule."""
    return ((envelope.fact.rule,),)  # type: ignore[attr-defined]


RETENTION = Reading(
    name="retention",
    version=2,
    documents=(
        Documents(
            name="rule",
            row=Standing,
            key=("rule",),
            facts=names(RetentionRulePublished),
            keys=keys,
            fold=fold,
        ),
    ),
    views=(View("retention_rules", columns(Standing), "{rule}"),),
)

IN_FORCE = """
  select rule, after, months, types, fact, correlation from views.retention_rules
  where tenant = %(tenant)s and not retired order by rule
"""
# One look into the index a learner, however many facts each has.
SUBJECTS = """
  with recursive found as (
    (select subject from views.history where tenant = %(tenant)s and subject > %(after)s
     order by subject limit 1)
    union all
    select (select h.subject from views.history h
            where h.tenant = %(tenant)s and h.subject > found.subject
            order by h.subject limit 1)
    from found where found.subject is not null)
  select subject from found where subject is not null limit %(limit)s
"""
# Records that were merged are one person's: they are kept, and go, together. One that was erased by
# itself before it was merged says nothing of the others.
TRACES = """
  with of as (
    select p.subject as person, p.subject from unnest(%(subjects)s::text[]) as p(subject)
    where not exists (select from views.learners l where l.tenant = %(tenant)s
                      and l.subject = p.subject and l.merged_into is not null)
    union all
    select l.subject, jsonb_array_elements_text(l.merged) from views.learners l
    where l.tenant = %(tenant)s and l.subject = any(%(subjects)s) and l.merged_into is null)
  select of.person as subject, h.type, h.run, max(h.occurred_at) as last, max(r.ends) as ends,
    case when bool_and(e.status is distinct from 'active') then max(e.withdrawn_at) end as left_at,
    max(h.position) as position, count(*) as facts
  from of join views.history h on h.tenant = %(tenant)s and h.subject = of.subject
    and (h.subject = of.person or h.type <> 'ErasureRequested')
  left join views.runs r on r.tenant = h.tenant and r.run = h.run
  left join views.enrolments e
    on e.tenant = h.tenant and e.run = h.run and e.subject = h.subject
  group by of.person, h.type, h.run
"""


class Kept(NamedTuple):
    """A learner, the rule that keeps them longest and until when, whether a legal hold stands, and
    whether their erasure was asked for already. ``position`` is that of their last fact."""

    subject: str
    rule: str
    until: datetime | None
    held: bool
    asked: bool
    position: int


def rules_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, Rule]:
    """Return the rules in force."""
    return {row["rule"]: Rule(row["after"], row["months"], tuple(row["types"])) for row in rows}


def kept(rules: Mapping[str, Rule], rows: Iterable[Mapping[str, Any]]) -> Sequence[Kept]:
    """Return what the rules come to for the learners of whom these traces are, by subject. Whom no
    rule applies to is not in it."""
    by_subject: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_subject.setdefault(row["subject"], []).append(row)
    found = []
    for subject, own in sorted(by_subject.items()):
        counted = {row["type"]: row for row in own}
        traces = [
            Trace(row["type"], row["run"], row["last"], row["ends"], row["left_at"])
            for row in own
            if row["type"] not in ABOUT_ERASING
        ]
        end = ending(rules, traces)
        if end is None:
            continue
        placed, lifted = (counted.get(name) for name in ("LegalHoldPlaced", "LegalHoldLifted"))
        held = (placed["facts"] if placed else 0) > (lifted["facts"] if lifted else 0)
        asked = "ErasureRequested" in counted
        last = max(row["position"] for row in own)
        found.append(Kept(subject, end.rule, end.until, held, asked, last))
    return found


ABOUT_ERASING = frozenset({"LegalHoldPlaced", "LegalHoldLifted", "ErasureRequested"})
"""What an erasure brings about does not put it off."""
