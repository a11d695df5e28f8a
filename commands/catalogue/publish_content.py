"""How does a run get its content?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from commands.catalogue.peer_task import PeerTaskBody
from commands.decision import Command, Context, Decision
from commands.fields import ITEMS_MAX, Amount, Exact, Id, Label, Moment, Text, Title, text
from domain.catalogue.facts import (
    ContentVersionPublished,
    Item,
    ItemKind,
    OnExpiry,
)
from domain.catalogue.rules import require_run, require_unarchived
from domain.catalogue.state import RUN, RUN_CONTENT, Content, Run
from domain.kernel import Fact

DUE_AFTER_S_MAX = 10 * 366 * 86_400
COOLDOWN_S_MAX = 366 * 86_400
TIME_LIMIT_S_MAX = 30 * 86_400
DURATION_MS_MAX = 86_400_000
ATTEMPTS_MAX = 1_000


class ItemBody(BaseModel):
    """A piece of a run's content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: Id
    kind: ItemKind
    title: Title
    module: Label = ""
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
    opens: Moment | None = None
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
    grace_s: Annotated[int, Field(strict=True, ge=0, le=TIME_LIMIT_S_MAX)] = 0
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

    @field_validator("peer")
    @classmethod
    def _of_a_peer_task(
        cls, value: PeerTaskBody | None, info: ValidationInfo
    ) -> PeerTaskBody | None:
        if value is None:
            return None
        if info.data.get("kind", "peer-task") != "peer-task":
            raise ValueError("peer is for a peer-task")
        if info.data.get("attempts", 1) not in (None, 1):
            raise ValueError("peer is for one attempt: attempts must be 1, or absent")
        if info.data.get("time_limit_s") is not None:
            raise ValueError("peer is for work without a time limit: leave time_limit_s out")
        return value

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.opens is not None and self.due is not None and self.opens > self.due:
            raise ValueError("opens must not come after due")
        if self.due is not None and self.due_after_s is not None:
            raise ValueError("due_after_s takes the place of due: name one of them")
        if self.time_limit_s is None and (self.on_expiry != "submit" or self.grace_s):
            raise ValueError("on_expiry and grace_s are for an item with a time_limit_s")
        if (self.on_expiry == "grace") != (self.grace_s > 0):
            raise ValueError("grace_s is for on_expiry grace, which needs one above 0")
        if self.duration_ms is not None and self.kind != "video":
            raise ValueError("duration_ms is for a video")
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
            peer=None if self.peer is None else self.peer.as_task(),
        )


class PublishContent(Command):
    """Publish the whole content of a run, as its next version."""

    run: Id
    items: Annotated[tuple[ItemBody, ...], Field(max_length=ITEMS_MAX)]
    changes: Text = Field(default="", description="What is new in this version, for people.")

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        twice = [item for item, n in Counter(body.item for body in self.items).items() if n > 1]
        if twice:
            raise ValueError(f"items names {twice[0]} twice")
        return self


def publish_content(
    command: PublishContent, _context: Context, content: Content, run: Run
) -> Iterator[ContentVersionPublished]:
    """Yield the next version, nothing where the items stand so already.

    Raises RunUnknown or RunIsArchived.
    """
    require_run(run, command.run)
    items = tuple(body.as_item() for body in command.items)
    if content.number > 0 and tuple(content.items.values()) == items:
        return
    require_unarchived(run, command.run)
    removed = tuple(sorted(content.items.keys() - {item.item for item in items}))
    redated = tuple(
        item.item
        for item in items
        if (before := content.items.get(item.item)) is not None
        and (before.due, before.due_after_s) != (item.due, item.due_after_s)
    )
    yield ContentVersionPublished(
        command.run,
        content.number + 1,
        items,
        command.changes,
        removed,
        redated,
        run.scores_missing,
    )


def answer(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Return what the caller needs to know of what was recorded."""
    (fact,) = (fact for fact in facts if isinstance(fact, ContentVersionPublished))
    return {"content_version": fact.number}


DECISION = Decision(
    name="publish-content",
    model=PublishContent,
    streams=lambda command, tenant: (
        RUN_CONTENT.of(tenant, command.run),
        RUN.of(tenant, command.run),
    ),
    decide=publish_content,
    example={
        "run": "AAA-2013J",
        "items": [
            {
                "item": "1752",
                "kind": "assignment",
                "title": "TMA 1",
                "category": "TMA",
                "weight": "10",
                "due": "2013-10-20T23:59:59.999999Z",
            },
            {"item": "546614", "kind": "page", "title": "Home page", "label": "homepage"},
            {"item": "v1", "kind": "video", "title": "Welcome", "duration_ms": 300_000},
        ],
        "changes": "First version.",
    },
    answer=answer,
)
