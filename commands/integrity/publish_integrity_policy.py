"""How is it said what a run asks of honesty?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from commands.decision import Command, Context, Decision
from commands.fields import Contradiction, Id, ModeName, Modes
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import RUN, Run
from domain.integrity.facts import Consequence, IntegrityPolicy, IntegrityPolicyPublished, Penalty
from domain.integrity.rules import ModeUnknown
from domain.kernel import Fact

PENALTIES_MAX = 50


class PenaltyBody(BaseModel):
    """What follows when a violation of a kind is upheld."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ModeName = Field(description="`plagiarism`, `collusion`, `impersonation` …")
    consequences: Annotated[tuple[Consequence, ...], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len(set(self.consequences)) < len(self.consequences):
            raise Contradiction("consequences", "names one twice")
        return self


class PublishIntegrityPolicy(Command):
    """Say what a run asks of honesty from now on: all of it, what is left out is not asked."""

    run: Id
    honor_code: Id | None = Field(
        default=None, description="The version to be accepted before the first submission."
    )
    identity_modes: Modes = Field(
        default=(), description="The modes whose certificate wants the identity verified."
    )
    penalties: Annotated[tuple[PenaltyBody, ...], Field(max_length=PENALTIES_MAX)] = ()

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len(set(self.identity_modes)) < len(self.identity_modes):
            raise Contradiction("identity_modes", "names one twice")
        if len({penalty.kind for penalty in self.penalties}) < len(self.penalties):
            raise Contradiction("penalties", "names one kind twice")
        return self

    def as_policy(self) -> IntegrityPolicy:
        """Return the policy as facts hold it."""
        return IntegrityPolicy(
            self.honor_code,
            self.identity_modes,
            tuple(Penalty(body.kind, body.consequences) for body in self.penalties),
        )


def publish_integrity_policy(
    command: PublishIntegrityPolicy, _context: Context, run: Run
) -> Iterator[IntegrityPolicyPublished]:
    """Yield the policy under its next number, nothing where it stands so already.

    Raises RunUnknown, RunIsArchived or ModeUnknown.
    """
    scheduled = require_run(run, command.run)
    policy = command.as_policy()
    if run.integrity == policy:
        return
    require_unarchived(run, command.run)
    unknown = [mode for mode in policy.identity_modes if mode not in scheduled.modes]
    if unknown:
        raise ModeUnknown(
            f"identity_modes names {unknown[0]}, which run {command.run} does not offer.",
            run=command.run,
            field="identity_modes",
            mode=unknown[0],
            modes=list(scheduled.modes),
        )
    yield IntegrityPolicyPublished(command.run, run.integrity_number + 1, policy)


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, IntegrityPolicyPublished))
    return {"policy_number": fact.number}


DECISION = Decision(
    name="publish-integrity-policy",
    model=PublishIntegrityPolicy,
    streams=lambda command, tenant: (RUN.of(tenant, command.run),),
    decide=publish_integrity_policy,
    example={
        "run": "AAA-2013J",
        "honor_code": "2013-1",
        "identity_modes": ["verified"],
        "penalties": [
            {"kind": "plagiarism", "consequences": ["void-attempt"]},
            {"kind": "impersonation", "consequences": ["bar-certificate", "end-enrolment"]},
        ],
    },
    answer=answer,
)
