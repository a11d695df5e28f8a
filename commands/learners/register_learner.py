"""How does the institution come to know a person?"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from commands.decision import Context, Decision
from commands.fields import Id
from commands.learners.fields import ProfileBody, as_fields, told
from domain.kernel import Fact, StreamRef
from domain.learners.facts import LearnerRegistered
from domain.learners.rules import LearnerIsRegistered, require_unmerged
from domain.learners.state import LEARNER, Learner

ALPHABET = "abcdefghjkmnpqrstvwxyz23456789"
"""Letters and digits that nobody takes for another."""
PSEUDONYM_CHARACTERS = 20
"""98 bits: nobody guesses one, and no two are ever alike."""


def pseudonym() -> str:
    """Return a random subject, which says nothing of anybody."""
    return "".join(secrets.choice(ALPHABET) for _ in range(PSEUDONYM_CHARACTERS))


class RegisterLearner(ProfileBody):
    """Register a person, and learn the pseudonym that stands for them everywhere else."""

    subject: Id = Field(
        default_factory=pseudonym,
        description="The pseudonym, where there is one already; by default a random one is made. "
        "Send an `Idempotency-Key` then: the same registration sent again would be another person.",
    )


def streams(command: RegisterLearner, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the learner."""
    return (LEARNER.of(tenant, command.subject, subject=command.subject),)


def register_learner(
    command: RegisterLearner, context: Context, learner: Learner
) -> Iterator[LearnerRegistered]:
    """Yield the registration, once. Raises LearnerIsMerged or LearnerIsRegistered."""
    require_unmerged(learner, command.subject)
    marks = told(command, context)
    if learner.registered_as == marks:
        return
    if learner.registered:
        raise LearnerIsRegistered(
            f"Somebody is registered as {command.subject} already.", subject=command.subject
        )
    yield LearnerRegistered(command.subject, **as_fields(command, marks))


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, LearnerRegistered))
    return {"subject": fact.subject}


DECISION = Decision(
    name="register-learner",
    model=RegisterLearner,
    streams=streams,
    decide=register_learner,
    example={
        "name": "Ada Lovelace",
        "email": "ada@example.org",
        "language": "en-GB",
        "time_zone": "Europe/London",
    },
    answer=answer,
    marks=True,
)
