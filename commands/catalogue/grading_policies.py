"""How is a grading policy written in a command, and which of them contradict themselves?"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from commands.fields import ITEMS_MAX, LINE, Contradiction, Count, Exact, Id, Percent, Title, text
from commands.malformed import NO_SUCH_KIND
from domain.catalogue.facts import (
    Category,
    Cutoff,
    Group,
    GroupedPolicy,
    LatePolicy,
    WeightedPolicy,
)

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


def _agree(cutoffs: tuple[CutoffBody, ...]) -> tuple[CutoffBody, ...]:
    if len({cutoff.letter for cutoff in cutoffs}) < len(cutoffs):
        raise ValueError("names one letter twice")
    for above, below in pairwise(cutoffs):
        if below.percent >= above.percent:
            raise ValueError(
                f"is out of order: {below.letter} from {below.percent} comes after "
                f"{above.letter} from {above.percent}"
            )
    if not any(cutoff.percent for cutoff in cutoffs):
        raise ValueError(
            "names no pass mark, which is the lowest above 0: everybody would have the letter "
            f"{cutoffs[0].letter}, and nobody could pass"
        )
    return cutoffs


Cutoffs = Annotated[
    tuple[CutoffBody, ...],
    Field(min_length=1, max_length=CUTOFFS_MAX, description="From the highest down."),
    AfterValidator(_agree),
]


class WeightedPolicyBody(BaseModel):
    """The `weighted` policy [Open edX]. Passing is the lowest cutoff above zero."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["weighted"] = "weighted"
    categories: Annotated[tuple[CategoryBody, ...], Field(min_length=1, max_length=CATEGORIES_MAX)]
    cutoffs: Cutoffs
    rounding: Literal["half-up-0.05-v1"] = Field(
        default="half-up-0.05-v1",
        description="0.05 points are added, then half away from zero to a whole per cent.",
    )

    @field_validator("categories")
    @classmethod
    def _categories_agree(cls, categories: tuple[CategoryBody, ...]) -> tuple[CategoryBody, ...]:
        if len({category.name for category in categories}) < len(categories):
            raise ValueError("names one category twice")
        if not any(category.weight for category in categories):
            raise ValueError("weighs nothing: all weights are 0")
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


class GroupBody(BaseModel):
    """A group of items, those whose category has its name: its weight is per cent of the course."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Title
    weight: ExactPercent
    drop_lowest: Count = Field(
        default=0, description="How many are dropped, so that the group's ratio is highest."
    )
    drop_highest: Count = Field(default=0, description="How many are dropped after that.")
    never_drop: Annotated[tuple[Id, ...], Field(max_length=ITEMS_MAX)] = Field(
        default=(), description="Items that are never dropped."
    )

    @field_validator("never_drop")
    @classmethod
    def _from_drops(cls, never: tuple[str, ...], given: ValidationInfo) -> tuple[str, ...]:
        if never and not (given.data.get("drop_lowest") or given.data.get("drop_highest")):
            raise ValueError("holds items back from drops, and nothing is dropped")
        if len(set(never)) < len(never):
            raise ValueError("names one item twice")
        return never


class GroupedPolicyBody(BaseModel):
    """The `grouped` policy [Canvas]. Passing is the lowest cutoff above zero."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["grouped"]
    groups: Annotated[tuple[GroupBody, ...], Field(min_length=1, max_length=CATEGORIES_MAX)]
    cutoffs: Cutoffs
    rounding: Literal["two-places-down-v1", "half-up-v1"] = Field(
        default="two-places-down-v1",
        description="To two places, then down to a whole per cent; or half away from zero.",
    )

    @field_validator("groups")
    @classmethod
    def _groups_agree(cls, groups: tuple[GroupBody, ...]) -> tuple[GroupBody, ...]:
        if len({group.name for group in groups}) < len(groups):
            raise ValueError("names one group twice")
        if not any(group.weight for group in groups):
            raise ValueError("weighs nothing: all weights are 0")
        return groups

    def as_policy(self) -> GroupedPolicy:
        """Return the policy as facts hold it."""
        return GroupedPolicy(
            groups=tuple(
                Group(
                    body.name,
                    text(body.weight),
                    body.drop_lowest,
                    body.drop_highest,
                    body.never_drop,
                )
                for body in self.groups
            ),
            cutoffs=tuple(Cutoff(body.letter, body.percent) for body in self.cutoffs),
            rounding=self.rounding,
        )


def _kind(policy: Any) -> str | None:
    """Which policy is meant: ``weighted`` where it does not say, or is no object at all."""
    if isinstance(policy, dict):
        kind = policy.get("kind", "weighted")
        return kind if isinstance(kind, str) else None
    return getattr(policy, "kind", "weighted")


PolicyBody = Annotated[
    Annotated[WeightedPolicyBody, Tag("weighted")] | Annotated[GroupedPolicyBody, Tag("grouped")],
    Discriminator(
        _kind,
        custom_error_type=NO_SUCH_KIND,
        custom_error_message="has a kind that is neither weighted nor grouped",
    ),
]


class LatePolicyBody(BaseModel):
    """What late and missing work costs, in per cent of the highest score [Canvas]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: ExactPercent = Field(
        default=Decimal(0), description="Deducted for each interval that has begun."
    )
    interval_seconds: Annotated[int, Field(strict=True, ge=1, le=INTERVAL_SECONDS_MAX)] = Field(
        default=86_400, description="How long an interval of lateness is."
    )
    floor: ExactPercent = Field(
        default=Decimal(0), description="No penalty takes a score below this."
    )

    missing: ExactPercent | None = Field(
        default=None,
        description="Deducted where nothing was handed in; absent: missing work has no score.",
    )

    @model_validator(mode="after")
    def _costs_something(self) -> Self:
        if self.rate == 0 and self.missing is None:
            raise ValueError("neither rate nor missing is set: leave late out")
        if self.rate == 0 and self.floor > 0:
            raise Contradiction("floor", "bounds a penalty, and rate gives none")
        return self

    def as_policy(self) -> LatePolicy:
        """Return the policy as facts hold it."""
        return LatePolicy(
            text(self.rate),
            self.interval_seconds,
            text(self.floor),
            None if self.missing is None else text(self.missing),
        )
