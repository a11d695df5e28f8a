"""Which dates does a run have, and how do they stand to each other?"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from commands.decision import Command
from commands.fields import Contradiction, Moment


class RunDates(Command):
    """The dates of a run. Windows are half-open: opens <= now < closes."""

    starts: Moment
    ends: Moment
    opens: Moment | None = Field(
        default=None, description="Enrolments are taken from then on; absent: at any time."
    )
    closes: Moment | None = Field(
        default=None, description="Enrolments are taken until before then; absent: at any time."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts >= self.ends:
            raise Contradiction("starts", "must come before ends")
        if self.opens is not None and self.closes is not None and self.opens >= self.closes:
            raise Contradiction("opens", "must come before closes")
        return self
