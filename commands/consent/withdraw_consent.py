"""How does a learner no longer agree?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commands.decision import Command, Context, Decision, Elsewhere
from commands.fields import Id, ModeName
from domain.consent.facts import ConsentWithdrawn
from domain.kernel import StreamRef
from domain.learners.state import LEARNER, Learner


class WithdrawConsent(Command):
    """Agree no longer: on this record, and on all of the person that were merged into it."""

    subject: Id
    purpose: ModeName


def streams(command: WithdrawConsent, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the learner."""
    return (LEARNER.of(tenant, command.subject, subject=command.subject),)


def more(_command: WithdrawConsent, tenant: str, learner: Learner) -> tuple[StreamRef[Any], ...]:
    """Name the records that were merged into this one."""
    return tuple(LEARNER.of(tenant, one, subject=one) for one in learner.others)


def withdraw_consent(
    command: WithdrawConsent, context: Context, learner: Learner, *others: Learner
) -> Iterator[ConsentWithdrawn | Elsewhere]:
    """Yield it for each record that agreed, nothing where none does. Nobody is refused: withdrawing
    is as easy as giving [GDPR, article 7]."""
    version = learner.consents.get(command.purpose)
    if version is not None:
        yield ConsentWithdrawn(command.purpose, version)
    for subject, other in zip(learner.others, others, strict=True):
        version = other.consents.get(command.purpose)
        if version is not None:
            there = LEARNER.of(context.principal.tenant, subject, subject=subject)
            yield Elsewhere(there, ConsentWithdrawn(command.purpose, version))


DECISION = Decision(
    name="withdraw-consent",
    model=WithdrawConsent,
    streams=streams,
    decide=withdraw_consent,
    example={"subject": "oulad-11391", "purpose": "analytics"},
    more=more,
)
