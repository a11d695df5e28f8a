"""How does a legal hold end?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from commands.decision import Command, Context, Decision, Elsewhere, Id
from commands.privacy.fields import erasure_of, of_learner
from domain.kernel import StreamRef
from domain.learners.state import LEARNER, Learner
from domain.privacy.facts import ErasureBegun, LegalHoldLifted
from domain.privacy.rules import HoldUnknown
from domain.privacy.state import Erasure


class LiftLegalHold(Command):
    """Take a legal hold away. An erasure that waited for the last one begins at once, and with it
    those of the person's other records."""

    subject: Id
    hold: Id


def more(command: LiftLegalHold, tenant: str, erasure: Erasure) -> tuple[StreamRef[Any], ...]:
    """Name the erasures that wait with this one, and what says whether they are still of one
    person."""
    if not erasure.together:
        return ()
    records = (command.subject, *erasure.together)
    return (
        *(erasure_of(tenant, other) for other in erasure.together),
        *(LEARNER.of(tenant, one, subject=one) for one in records),
    )


def lift_legal_hold(
    command: LiftLegalHold, context: Context, erasure: Erasure, *states: Any
) -> Iterator[LegalHoldLifted | Elsewhere]:
    """Yield it, once, and that the erasures that waited for it begin. Raises HoldUnknown."""
    if command.hold not in erasure.holds | erasure.lifted:
        raise HoldUnknown(command.subject, command.hold)
    if command.hold not in erasure.holds:
        return
    yield LegalHoldLifted(command.hold)
    if erasure.ground is None:
        return
    waiting = _of_one_person(command.subject, erasure, states)
    left = erasure.holds - {command.hold}
    if left.union(*(one.holds for one in waiting.values() if one is not erasure)):
        return
    for subject, one in waiting.items():
        if one.ground is not None and not one.begun:
            yield Elsewhere(erasure_of(context.principal.tenant, subject), ErasureBegun(one.ground))


def _of_one_person(subject: str, erasure: Erasure, states: Sequence[Any]) -> dict[str, Erasure]:
    """Return the erasures of all records of the person. One that was parted from this record
    meanwhile is of somebody else, and goes on waiting."""
    records = (subject, *erasure.together)
    others: Sequence[Erasure] = states[: len(erasure.together)]
    learners: Sequence[Learner] = states[len(erasure.together) :]
    person = {subject}
    for record, learner in zip(records, learners, strict=False):
        if subject in (record, *learner.others):
            person |= {record, *learner.others}
    found = zip(records, (erasure, *others), strict=True)
    return {record: one for record, one in found if record in person}


DECISION = Decision(
    name="lift-legal-hold",
    model=LiftLegalHold,
    streams=of_learner,
    decide=lift_legal_hold,
    example={"subject": "oulad-11391", "hold": "case-2027-14"},
    more=more,
)
