"""Which parameters do queries take, and what is said of one that is not known?"""

from __future__ import annotations

import difflib
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from read_api.answers import Moment
from read_api.cursors import CURSOR_CHARACTERS_MAX, LIMIT_ROWS_DEFAULT, LIMIT_ROWS_MAX

POSITION_MAX = 2**63 - 1

Id = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._~-]*$")]
"""An identifier in a path."""

AnyId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._~-]*$")]
Words = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Position = Annotated[int, Field(ge=0, le=POSITION_MAX)]


class Parameters(BaseModel):
    """Parameters in the query string; one that is not known is refused with the nearest known."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _only_known(cls, given: Any) -> Any:
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for name in given if isinstance(given, dict) else ():
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
                others = f"known are {', '.join(known)}" if known else "no parameter is"
                meant = f"did you mean {near[0]}?" if near else others
                raise PydanticCustomError(
                    "unknown_parameter",
                    "is not known here; {meant}",
                    {"meant": meant, "field": str(name)},
                )
        return given


class None_(Parameters):  # noqa: N801 - None is taken
    """No parameters at all."""


class Fresh(Parameters):
    """What every query takes."""

    min_position: Position = Field(
        default=0,
        description="Wait, at most 5 seconds, until this position of the log is read: what a "
        "command answered. Then 503, if it is not.",
    )


class AsOf(Fresh):
    """A moment to answer for; at most one of the three."""

    as_of_position: Position | None = Field(
        default=None, description="As it was known at this position of the log."
    )
    as_of_recorded: AwareDatetime | None = Field(
        default=None, description="As it was known at this time."
    )
    as_of_occurred: AwareDatetime | None = Field(
        default=None, description="What had occurred by this time, as far as it is known now."
    )

    @property
    def moment(self) -> Moment:
        """The moment asked for."""
        return Moment(self.as_of_position, self.as_of_recorded, self.as_of_occurred)


class Explained(AsOf):
    """A moment, and whether the answer gives its reasons."""

    explain: bool = Field(default=False, description="Add the tree that the grade follows from.")


Axis = Annotated[str, Field(pattern="^(recorded|occurred)$")]
Instant = Annotated[str, Field(min_length=1, max_length=40)]


class Between(Fresh):
    """Two moments."""

    begin: Instant = Field(
        alias="from", description="A position of the log, or a time with zone, such as Z."
    )
    end: Instant | None = Field(
        default=None, alias="to", description="Likewise; now, if it is not given."
    )
    axis: Axis = Field(
        default="recorded", description="Whether times are when facts were recorded or occurred."
    )


class Derived(AsOf):
    """Which value is asked about."""

    value: Annotated[str, Field(pattern="^[a-z]{1,20}$")] = Field(
        default="grade", description="grade, outcome, status, certificate, progress or item."
    )
    item: AnyId | None = Field(default=None, description="The item, where the value is item.")


class Listed(Fresh):
    """A part of a list."""

    limit: int = Field(default=LIMIT_ROWS_DEFAULT, ge=1, le=LIMIT_ROWS_MAX)
    next: str | None = Field(
        default=None,
        max_length=CURSOR_CHARACTERS_MAX,
        description="The cursor from the answer before.",
    )


class RunList(Listed):
    """Which runs, in which order."""

    sort: str = Field(default="run", description="A field of a run; with a minus, highest first.")
    course: AnyId | None = None
    q: Words | None = Field(default=None, description="Part of the id or title.")


class LearnerList(Listed):
    """Which learners of a run, in which order."""

    sort: str = Field(default="subject", description="A field; with a minus, highest first.")
    status: AnyId | None = Field(default=None, description="active, withdrawn or transferred.")
    outcome: AnyId | None = Field(default=None, description="distinction, pass, fail or withdrawn.")


class HistoryList(AsOf, Listed):
    """Which facts of a learner, in which order."""

    order: Annotated[str, Field(pattern="^(oldest|newest)$")] = Field(
        default="oldest", description="oldest or newest first"
    )
    type: list[AnyId] | None = Field(default=None, description="Types of facts; may be repeated.")
    run: AnyId | None = None


class SearchList(Listed, AsOf):
    """What to look for; as of an earlier moment courses, runs and items that were published."""

    q: Words = Field(description="Words; the last may be unfinished.")
    kind: AnyId | None = Field(
        default=None, description="course, run, item, learner or certificate."
    )


class EventList(Parameters):
    """Which events, after which position."""

    after: Position | None = Field(default=None, description="Begin after this position.")
    epoch: AnyId | None = Field(
        default=None, description="The epoch that the position is of; refused if it has ended."
    )
    limit: int = Field(default=LIMIT_ROWS_DEFAULT, ge=1, le=LIMIT_ROWS_MAX)
    next: str | None = Field(default=None, max_length=CURSOR_CHARACTERS_MAX)
    type: list[AnyId] | None = Field(default=None, description="Types of facts; may be repeated.")
    run: AnyId | None = None
    subject: AnyId | None = None


FreshQuery = Annotated[Fresh, Query()]
AsOfQuery = Annotated[AsOf, Query()]
