"""How much of a video is a learner credited with?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from commands.decision import Command, Context, Decision
from commands.fields import Contradiction, Exact, Id, text
from domain.catalogue.content import RUN_CONTENT, Content
from domain.catalogue.rules import require_item, require_open, require_run
from domain.catalogue.state import RUN, Run
from domain.engagement.coverage import with_interval
from domain.engagement.facts import ItemCompleted, VideoWatched
from domain.engagement.rules import is_covered, require_credit, require_unlocked, require_video
from domain.engagement.state import VIEWING, Viewing
from domain.enrolment.state import ENROLMENT, Enrolment
from domain.enrolment.terms import require_access
from domain.kernel import StreamRef

VIDEO_MS_MAX = 172_800_000
RATE_MAX = 4

Milliseconds = Annotated[int, Field(strict=True, ge=0, le=VIDEO_MS_MAX)]


class WatchVideo(Command):
    """Report what a player played: [start_ms, end_ms) of the video, at a rate."""

    run: Id
    subject: Id
    item: Id
    start_ms: Milliseconds
    end_ms: Milliseconds
    rate: Annotated[Exact, Field(gt=0, le=RATE_MAX, decimal_places=3, max_digits=6)] = Decimal(1)
    session: Id = Field(description="The player's session.")

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start_ms >= self.end_ms:
            raise Contradiction("start_ms", "must be less than end_ms")
        return self


def streams(command: WatchVideo, tenant: str) -> tuple[StreamRef[Any], ...]:
    """Name the viewing, the enrolment, the run and its content."""
    return (
        VIEWING.of(tenant, command.run, command.subject, subject=command.subject),
        ENROLMENT.of(tenant, command.run, command.subject, subject=command.subject),
        RUN.of(tenant, command.run),
        RUN_CONTENT.of(tenant, command.run),
    )


def watch_video(
    command: WatchVideo,
    context: Context,
    viewing: Viewing,
    enrolment: Enrolment,
    run: Run,
    content: Content,
) -> Iterator[VideoWatched | ItemCompleted]:
    """Yield what is credited, from the beginning of the report; and the completion it brings.

    Raises RunUnknown, NotEnrolled, AccessHasExpired, ItemUnknown, ItemNotOpen, ModuleLocked,
    NotAVideo, IntervalOutOfBounds or WatchedTooFast.
    """
    require_run(run, command.run)
    require_access(enrolment, command.run, command.subject)
    item = require_item(content, command.run, command.item)
    require_open(item, context.now)
    require_unlocked(item, content, enrolment)
    require_video(item, command.end_ms)
    viewing = viewing.in_term(enrolment.term)
    if _repeats(command, enrolment.term, viewing.last):
        return
    credit_ms = require_credit(viewing, command.item, command.rate, context.now)
    end_ms = min(command.end_ms, command.start_ms + credit_ms)
    yield VideoWatched(
        item=command.item,
        start_ms=command.start_ms,
        end_ms=end_ms,
        reported_start_ms=command.start_ms,
        reported_end_ms=command.end_ms,
        rate=text(command.rate),
        session=command.session,
        term=enrolment.term,
    )
    covered = with_interval(viewing.covered.get(command.item, ()), command.start_ms, end_ms)
    if command.item not in viewing.completed and is_covered(item, covered):
        yield ItemCompleted(command.item, "coverage")


def _repeats(command: WatchVideo, term: int, last: VideoWatched | None) -> bool:
    """Whether this is the previous report again. Then it adds nothing, and moves no clock."""
    return last is not None and (
        last.item,
        last.reported_start_ms,
        last.reported_end_ms,
        last.session,
        last.term,
    ) == (command.item, command.start_ms, command.end_ms, command.session, term)


DECISION = Decision(
    name="watch-video",
    model=WatchVideo,
    streams=streams,
    decide=watch_video,
    unconditioned=frozenset({"enrolment", "run"}),
    example={
        "run": "AAA-2013J",
        "subject": "oulad-11391",
        "item": "v1",
        "start_ms": 0,
        "end_ms": 30_000,
        "rate": "1",
        "session": "6a0b2f0e",
    },
)
