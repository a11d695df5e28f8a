"""How is it said what learners' data is used for?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from pydantic import Field

from commands.decision import Command, Context, Decision
from commands.fields import ModeName, Reason, Title
from domain.consent.facts import Basis, PurposePublished
from domain.consent.state import PURPOSE, Purpose
from domain.kernel import Fact


class PublishPurpose(Command):
    """Say what learners' data is used for from now on, and what makes that lawful. Where that is
    consent, what was given to an earlier version no longer counts."""

    purpose: ModeName = Field(description="`analytics`, `research` …; a word that stays.")
    basis: Basis
    title: Title
    text: Reason = Field(description="What learners are told: which data, for whom, how long.")
    retired: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true: it is used for this no more."
    )


def publish_purpose(
    command: PublishPurpose, _context: Context, purpose: Purpose
) -> Iterator[PurposePublished]:
    """Yield the purpose under its next version, nothing where it stands so already."""
    before = purpose.published
    said = PurposePublished(
        command.purpose, 1, command.basis, command.title, command.text, command.retired
    )
    if before is None:
        yield said
    elif msgspec.structs.replace(said, version=before.version) != before:
        yield msgspec.structs.replace(said, version=before.version + 1)


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, PurposePublished))
    return {"purpose_version": fact.version}


DECISION = Decision(
    name="publish-purpose",
    model=PublishPurpose,
    streams=lambda command, tenant: (PURPOSE.of(tenant, command.purpose),),
    decide=publish_purpose,
    example={
        "purpose": "analytics",
        "basis": "consent",
        "title": "Learning analytics",
        "text": "What you view and hand in, under a pseudonym, for two years, to better our runs.",
    },
    answer=answer,
)
