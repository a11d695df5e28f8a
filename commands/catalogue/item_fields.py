"""What is a piece of a run's content, and which pieces contradict themselves?"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from commands.catalogue.peer_task import PeerTaskBody
from commands.fields import Amount, Contradiction, Exact, Id, Label, Moment, Title, text
from domain.catalogue.facts import Item, ItemKind, OnExpiry

DUE_AFTER_S_MAX = 10 * 366 * 86_400
COOLDOWN_S_MAX = 366 * 86_400
TIME_LIMIT_S_MAX = 30 * 86_400
DURATION_MS_MAX = 86_400_000
ATTEMPTS_MAX = 1_000
OBJECTIVES_MAX = 50


class ItemBody(BaseModel):
    """A piece of a run's content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: Id
    kind: ItemKind
    title: Title
    module: Label = Field(default="", description="The module that it stands in; empty: in none.")
    category: Title | None = Field(
        default=None, description="The grading category that it counts in; absent: in none."
    )
    weight: Amount = Field(default=Decimal(1), description="Its weight within the category.")
    possible: Amount = Field(default=Decimal(100), description="The highest score there can be.")
    due: Moment | None = Field(default=None, description="The last moment that is in time.")
    due_after_s: Annotated[int, Field(strict=True, ge=0, le=DUE_AFTER_S_MAX)] | None = Field(
        default=None,
        description="In place of due: seconds after the learner's enrolment start, and not after "
        "the run's end.",
    )
    opens: Moment | None = Field(
        default=None, description="It takes no work before then; absent: it is open."
    )
    attempts: Annotated[int, Field(strict=True, ge=1, le=ATTEMPTS_MAX)] | None = Field(
        default=None, description="How many attempts are allowed; absent: unlimited."
    )
    cooldown_s: Annotated[int, Field(strict=True, ge=1, le=COOLDOWN_S_MAX)] | None = Field(
        default=None, description="Seconds to wait after an attempt before the next."
    )
    time_limit_s: Annotated[int, Field(strict=True, ge=1, le=TIME_LIMIT_S_MAX)] | None = Field(
        default=None, description="Seconds that an attempt takes, from its start."
    )
    on_expiry: OnExpiry = Field(
        default="submit",
        description="When the time is up: what is there is handed in, it can be handed in for "
        "another grace_s seconds, or the attempt is abandoned.",
    )
    grace_s: Annotated[int, Field(strict=True, ge=0, le=TIME_LIMIT_S_MAX)] = Field(
        default=0, description="For how many seconds more, where on_expiry is grace."
    )
    duration_ms: Annotated[int, Field(strict=True, ge=1, le=DURATION_MS_MAX)] | None = Field(
        default=None, description="The length of a video in milliseconds."
    )
    threshold: Annotated[Exact, Field(gt=0, le=1, decimal_places=3)] = Field(
        default=Decimal(1), description="The covered share that completes a video."
    )
    label: Label | None = Field(default=None, description="What the source calls this kind.")

    peer: PeerTaskBody | None = Field(
        default=None, description="How peers review it; a peer task without is graded by staff."
    )

    objectives: Annotated[tuple[Id, ...], Field(max_length=OBJECTIVES_MAX)] = Field(
        default=(), description="The learning objectives that it serves."
    )

    @field_validator("peer")
    @classmethod
    def _of_a_peer_task(
        cls, value: PeerTaskBody | None, info: ValidationInfo
    ) -> PeerTaskBody | None:
        if value is None:
            return None
        if info.data.get("kind", "peer-task") != "peer-task":
            raise ValueError("is for a peer-task")
        if info.data.get("attempts", 1) not in (None, 1):
            raise ValueError("is for one attempt: attempts must be 1, or absent")
        if info.data.get("time_limit_s") is not None:
            raise ValueError("is for work without a time limit: leave time_limit_s out")
        return value

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.opens is not None and self.due is not None and self.opens > self.due:
            raise Contradiction("opens", "must not come after due")
        if self.due is not None and self.due_after_s is not None:
            raise Contradiction("due_after_s", "takes the place of due: name one of them")
        if self.time_limit_s is None and (self.on_expiry != "submit" or self.grace_s):
            raise Contradiction(
                "grace_s" if self.grace_s else "on_expiry", "is for an item with a time_limit_s"
            )
        if (self.on_expiry == "grace") != (self.grace_s > 0):
            raise Contradiction("grace_s", "is for on_expiry grace, which needs one above 0")
        if self.duration_ms is not None and self.kind != "video":
            raise Contradiction("duration_ms", "is for a video")
        return self

    def as_item(self) -> Item:
        """Return the item as facts hold it."""
        return Item(
            item=self.item,
            kind=self.kind,
            title=self.title,
            module=self.module,
            category=self.category,
            weight=text(self.weight),
            possible=text(self.possible),
            due=self.due,
            opens=self.opens,
            attempts=1 if self.peer is not None else self.attempts,
            duration_ms=self.duration_ms,
            threshold=text(self.threshold),
            label=self.label,
            due_after_s=self.due_after_s,
            cooldown_s=self.cooldown_s,
            time_limit_s=self.time_limit_s,
            on_expiry=self.on_expiry,
            grace_s=self.grace_s,
            objectives=self.objectives,
            peer=None if self.peer is None else self.peer.as_task(),
        )
