"""How is it said how peers review the work on an item?"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from commands.fields import Id
from domain.catalogue.facts import Criterion, PeerTask

REVIEWS_MAX = 100
CRITERIA_MAX = 20
POINTS_MAX = 1_000

Reviews = Annotated[int, Field(strict=True, ge=1, le=REVIEWS_MAX)]


class CriterionBody(BaseModel):
    """What a review looks at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Id
    possible: Annotated[int, Field(strict=True, ge=1, le=POINTS_MAX)] = Field(
        description="The highest whole points."
    )


class PeerTaskBody(BaseModel):
    """How peers review the work on an item [Open edX ORA]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    must_grade: Reviews = Field(description="Reviews that each learner owes.")
    must_be_graded_by: Reviews = Field(
        description="Reviews that each submission gets; at most must_grade."
    )
    criteria: Annotated[tuple[CriterionBody, ...], Field(min_length=1, max_length=CRITERIA_MAX)]
    flexible: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="After 7 days, 30% of the reviews are enough, and at least one."
    )

    @field_validator("must_be_graded_by")
    @classmethod
    def _enough_reviewers(cls, value: int, info: ValidationInfo) -> int:
        if value > info.data.get("must_grade", value):
            raise ValueError("must not be more than must_grade")
        return value

    @field_validator("criteria")
    @classmethod
    def _named_once(cls, value: tuple[CriterionBody, ...]) -> tuple[CriterionBody, ...]:
        if len({criterion.name for criterion in value}) < len(value):
            raise ValueError("names one twice")
        return value

    def as_task(self) -> PeerTask:
        """Return the terms as facts hold them."""
        return PeerTask(
            self.must_grade,
            self.must_be_graded_by,
            tuple(Criterion(body.name, body.possible) for body in self.criteria),
            self.flexible,
        )
