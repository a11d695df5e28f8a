"""How is a learner forgotten?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commands.decision import Command, Context, Decision, Elsewhere, Id
from commands.privacy.fields import ErasureGround, begun_or_held, erasure_of
from domain.kernel import StreamRef
from domain.learners.rules import require_unmerged
from domain.learners.state import LEARNER, Learner
from domain.privacy.facts import ErasureRequested
from domain.privacy.state import Erasure


class EraseLearner(Command):
    """Destroy the key of a learner's personal fields, and what could be traced to them, in all
    records that were merged into theirs too. It cannot be taken back. Where a legal hold stands on
    any of these, it waits until the last one is lifted."""

    subject: Id
    ground: ErasureGround


def streams(command: EraseLearner, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the erasure, and the learner as a person."""
    person = LEARNER.of(tenant, command.subject, subject=command.subject)
    return (erasure_of(tenant, command.subject), person)


def more(
    _command: EraseLearner, tenant: str, _erasure: Erasure, learner: Learner
) -> tuple[StreamRef[Any], ...]:
    """Name the erasures of the records that were merged into this one."""
    return tuple(erasure_of(tenant, other) for other in learner.others)


def erase_learner(
    command: EraseLearner, context: Context, erasure: Erasure, learner: Learner, *others: Erasure
) -> Iterator[Elsewhere]:
    """Yield for each record of the person that it is asked for, and that it begins or is held;
    once. Raises LearnerIsMerged."""
    if erasure.ground is None:
        require_unmerged(learner, command.subject)
    tenant = context.principal.tenant
    records = {command.subject: erasure} | dict(zip(learner.others, others, strict=True))
    holds = frozenset[str]().union(*(one.holds for one in records.values()))
    for subject, one in records.items():
        together = tuple(sorted(records.keys() - {subject}))
        if one.begun or (one.ground is not None and one.together == together):
            continue
        stream = erasure_of(tenant, subject)
        ground = one.ground or command.ground
        yield Elsewhere(stream, ErasureRequested(ground, together=together))
        yield Elsewhere(stream, begun_or_held(ground, holds))


DECISION = Decision(
    name="erase-learner",
    model=EraseLearner,
    streams=streams,
    decide=erase_learner,
    example={"subject": "oulad-11391", "ground": "consent-withdrawn"},
    more=more,
    known_only=True,
)
