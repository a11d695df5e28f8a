"""How is it said how long something is kept?"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from commands.decision import Command, Context, Decision
from commands.fields import Contradiction, Id, ModeName
from domain.kernel import Fact
from domain.retention.facts import After, RetentionRulePublished, Rule
from domain.retention.state import RETENTION, Retention
from domain.streams import REGISTRY

MONTHS_MAX = 1_200
TYPES_MAX = 50


def _known(name: str) -> str:
    """Return the name of a type of fact. A rule for one that there is not would keep nobody, and
    what it was meant to keep would go. Raises ValueError."""
    if name not in REGISTRY.types:
        near = difflib.get_close_matches(name, REGISTRY.types, n=1)
        raise ValueError(f"is no type of fact{f'; did you mean {near[0]}?' if near else ''}")
    return name


class PublishRetentionRule(Command):
    """Say how long learners' personal fields are kept. Of all rules that apply to a learner the
    longest decides; where none does, nothing ends."""

    rule: ModeName = Field(description="A word that stays: `default`, `certificates` …")
    after: After = Field(
        default="last-activity", description="What the months are counted from, the last of it."
    )
    months: Annotated[int, Field(strict=True, ge=1, le=MONTHS_MAX)] | None = Field(
        default=None, description="Absent: for ever."
    )
    types: Annotated[
        tuple[Annotated[Id, AfterValidator(_known)], ...], Field(max_length=TYPES_MAX)
    ] = Field(default=(), description="It applies to who has such facts; none: to everybody.")
    retired: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true: the rule no longer applies."
    )

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len(set(self.types)) < len(self.types):
            raise Contradiction("types", "names one twice")
        return self


def publish_retention_rule(
    command: PublishRetentionRule, _context: Context, retention: Retention
) -> Iterator[RetentionRulePublished]:
    """Yield the rule under its next number, nothing where it stands so already."""
    terms = None if command.retired else Rule(command.after, command.months, command.types)
    if terms != retention.terms or retention.number == 0:
        yield RetentionRulePublished(command.rule, retention.number + 1, terms)


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, RetentionRulePublished))
    return {"rule_number": fact.number}


DECISION = Decision(
    name="publish-retention-rule",
    model=PublishRetentionRule,
    streams=lambda command, tenant: (RETENTION.of(tenant, command.rule),),
    decide=publish_retention_rule,
    example={
        "rule": "certificates",
        "after": "run-end",
        "months": 600,
        "types": ["CertificateIssued"],
    },
    answer=answer,
)
