"""How is a grading policy written in a command, and which of them contradict themselves?"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from commands.fields import LINE, Count, Exact, Percent, Title, text
from domain.catalogue.facts import Category, Cutoff, LatePolicy, WeightedPolicy

CATEGORIES_MAX = 50
CUTOFFS_MAX = 20
INTERVAL_SECONDS_MAX = 31_536_000

Weight = Annotated[Exact, Field(ge=0, le=10, decimal_places=6)]
ExactPercent = Annotated[Exact, Field(ge=0, le=100, decimal_places=6)]


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


def _in_order(cutoffs: tuple[CutoffBody, ...]) -> tuple[CutoffBody, ...]:
    if len({cutoff.letter for cutoff in cutoffs}) < len(cutoffs):
        raise ValueError("names one letter twice")
    for above, below in pairwise(cutoffs):
        if below.percent >= above.percent:
            raise ValueError(
                f"is out of order: {below.letter} from {below.percent} comes after "
                f"{above.letter} from {above.percent}"
            )
    return cutoffs


Cutoffs = Annotated[
    tuple[CutoffBody, ...],
    Field(min_length=1, max_length=CUTOFFS_MAX, description="From the highest down."),
    AfterValidator(_in_order),
]


class WeightedPolicyBody(BaseModel):
    """The `weighted` policy [Open edX]. Passing is the lowest cutoff above zero."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["weighted"] = "weighted"
    categories: Annotated[tuple[CategoryBody, ...], Field(min_length=1, max_length=CATEGORIES_MAX)]
    cutoffs: Cutoffs
    rounding: Literal["half-up-0.05-v1"] = "half-up-0.05-v1"

    @field_validator("categories")
    @classmethod
    def _categories_agree(cls, categories: tuple[CategoryBody, ...]) -> tuple[CategoryBody, ...]:
        if len({category.name for category in categories}) < len(categories):
            raise ValueError("names one category twice")
        return categories

    def as_policy(self) -> WeightedPolicy:
        """Return the policy as facts hold it."""
        return WeightedPolicy(
            categories=tuple(
                Category(body.name, text(body.weight), body.minimum, body.drop)
                for body in self.categories
            ),
            cutoffs=tuple(Cutoff(body.letter, body.percent) for body in self.cutoffs),
            rounding=self.rounding,
        )


class LatePolicyBody(BaseModel):
    """What late work costs, in per cent of the highest score [Canvas]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: ExactPercent = Field(
        default=Decimal(0), description="Deducted for each interval that has begun."
    )
    interval_seconds: Annotated[int, Field(strict=True, ge=1, le=INTERVAL_SECONDS_MAX)] = 86_400
    floor: ExactPercent = Field(
        default=Decimal(0), description="No penalty takes a score below this."
    )

    @model_validator(mode="after")
    def _costs_something(self) -> Self:
        if self.rate == 0:
            raise ValueError("rate is 0: leave late out")
        return self

    def as_policy(self) -> LatePolicy:
        """Return the policy as facts hold it."""
        return LatePolicy(
            text(self.rate),
            self.interval_seconds,
            text(self.floor),
        )
