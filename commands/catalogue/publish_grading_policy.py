"""How is it said how a run is graded?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from commands.decision import Command, Context, Decision
from commands.fields import LINE, Count, Exact, Id, Percent, Title, text
from domain.catalogue.facts import Category, Cutoff, GradingPolicyPublished, WeightedPolicy
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import RUN, Run
from domain.kernel import Fact

CATEGORIES_MAX = 50
CUTOFFS_MAX = 20

Weight = Annotated[Exact, Field(ge=0, le=10, decimal_places=6)]


class CategoryBody(BaseModel):
    """A category of items: its weight is a share of 1, and weights are not normalised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Title
    weight: Weight
    minimum: Count = Field(default=0, description="Missing items count as zeros up to this many.")
    drop: Count = Field(default=0, description="How many of the lowest are dropped.")


class CutoffBody(BaseModel):
    """A letter is given from this whole percent on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    letter: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20, pattern=LINE)
    ]
    percent: Percent


class WeightedPolicyBody(BaseModel):
    """The `weighted` policy [Open edX]. Passing is the lowest cutoff above zero."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["weighted"] = "weighted"
    categories: Annotated[tuple[CategoryBody, ...], Field(min_length=1, max_length=CATEGORIES_MAX)]
    cutoffs: Annotated[tuple[CutoffBody, ...], Field(min_length=1, max_length=CUTOFFS_MAX)]
    rounding: Literal["half-up-0.05-v1"] = "half-up-0.05-v1"

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len({category.name for category in self.categories}) < len(self.categories):
            raise ValueError("categories names one twice")
        if len({cutoff.letter for cutoff in self.cutoffs}) < len(self.cutoffs):
            raise ValueError("cutoffs names one letter twice")
        if len({cutoff.percent for cutoff in self.cutoffs}) < len(self.cutoffs):
            raise ValueError("cutoffs names one percent twice")
        return self

    def as_policy(self) -> WeightedPolicy:
        """Return the policy as facts hold it: cutoffs from the highest down."""
        return WeightedPolicy(
            categories=tuple(
                Category(body.name, text(body.weight), body.minimum, body.drop)
                for body in self.categories
            ),
            cutoffs=tuple(
                Cutoff(body.letter, body.percent)
                for body in sorted(self.cutoffs, key=lambda body: -body.percent)
            ),
            rounding=self.rounding,
        )


class PublishGradingPolicy(Command):
    """Say how a run is graded from now on."""

    run: Id
    policy: WeightedPolicyBody


def publish_grading_policy(
    command: PublishGradingPolicy, _context: Context, run: Run
) -> Iterator[GradingPolicyPublished]:
    """Yield the policy under its next number, nothing where it stands so already.

    Raises RunUnknown or RunIsArchived.
    """
    require_run(run, command.run)
    policy = command.policy.as_policy()
    if run.policy == policy:
        return
    require_unarchived(run, command.run)
    yield GradingPolicyPublished(command.run, run.policy_number + 1, policy)


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, GradingPolicyPublished))
    return {"policy_number": fact.number}


DECISION = Decision(
    name="publish-grading-policy",
    model=PublishGradingPolicy,
    streams=lambda command, tenant: (RUN.of(tenant, command.run),),
    decide=publish_grading_policy,
    example={
        "run": "AAA-2013J",
        "policy": {
            "kind": "weighted",
            "categories": [
                {"name": "TMA", "weight": "0.5", "drop": 1},
                {"name": "Exam", "weight": "0.5"},
            ],
            "cutoffs": [
                {"letter": "Distinction", "percent": 75},
                {"letter": "Pass", "percent": 40},
            ],
        },
    },
    answer=answer,
)
