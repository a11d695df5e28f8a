"""How does a learner agree?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import Id, ModeName
from domain.consent.facts import ConsentGiven
from domain.consent.rules import require_asked
from domain.consent.state import PURPOSE, Purpose
from domain.kernel import StreamRef
from domain.learners.rules import require_unmerged
from domain.learners.state import LEARNER, Learner

VERSION_MAX = 1_000_000
"""Nobody publishes a purpose so often."""


class GiveConsent(Command):
    """Agree to a purpose, in the version that was shown."""

    subject: Id
    purpose: ModeName
    version: Annotated[int, Field(strict=True, ge=1, le=VERSION_MAX)]


def streams(command: GiveConsent, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the learner and the purpose."""
    return (
        LEARNER.of(tenant, command.subject, subject=command.subject),
        PURPOSE.of(tenant, command.purpose),
    )


def give_consent(
    command: GiveConsent, _context: Context, learner: Learner, purpose: Purpose
) -> Iterator[ConsentGiven]:
    """Yield the consent, once for each version.

    Raises LearnerIsMerged, PurposeUnknown, ConsentNotAsked or PurposeVersionOther.
    """
    require_unmerged(learner, command.subject)
    require_asked(purpose, command.purpose, command.version)
    if learner.consents.get(command.purpose) != command.version:
        yield ConsentGiven(command.purpose, command.version)


DECISION = Decision(
    name="give-consent",
    model=GiveConsent,
    streams=streams,
    decide=give_consent,
    example={"subject": "oulad-11391", "purpose": "analytics", "version": 1},
)
